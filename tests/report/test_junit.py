"""JUnit XML: one case for each rule, failures for violated errors."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from recorder.receipts.checks import RULES
from recorder.receipts.findings import Finding, Outcome, Severity
from recorder.report.junit import junit

ONE, TWO, THREE, FOUR = RULES[:4]


def finding(rule, outcome, severity=Severity.ERROR, says="it says so", **more):
    usual = {"dialog": "d", "sequence": 1, "frames": (3, 4)}
    return Finding(rule.id, outcome, severity, says=says, **{**usual, **more})


def cases(*findings, rules=(ONE, TWO, THREE, FOUR)):
    suite = ET.fromstring(junit("5e55", rules, findings)).find("testsuite")
    return suite, {case.get("name"): case for case in suite.findall("testcase")}


def test_every_rule_is_a_case_and_the_counts_add_up():
    suite, found = cases(
        finding(ONE, Outcome.VIOLATED),
        finding(TWO, Outcome.VIOLATED, Severity.WARNING),
        finding(THREE, Outcome.NOT_OBSERVABLE),
    )
    assert list(found) == [ONE.id, TWO.id, THREE.id, FOUR.id]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4", "failures": "1", "errors": "0", "skipped": "2",
    }  # fmt: skip
    assert found[ONE.id].find("failure") is not None
    assert found[TWO.id].find("failure") is None
    assert found[THREE.id].find("skipped").get("message") == "it says so"
    assert found[FOUR.id].find("skipped") is not None


def test_a_failure_says_how_many_and_names_the_frames():
    _, found = cases(finding(ONE, Outcome.VIOLATED), finding(ONE, Outcome.VIOLATED, says="and so"))
    failure = found[ONE.id].find("failure")
    assert failure.get("message") == "2 violations; the first: it says so"
    assert failure.text.splitlines() == ["violated error: it says so (dialog d, #3, #4)",
                                         "violated error: and so (dialog d, #3, #4)"]  # fmt: skip


def test_what_holds_where_it_can_be_seen_passes():
    _, found = cases(
        finding(ONE, Outcome.NOT_OBSERVABLE), finding(ONE, Outcome.SATISFIED, frames=(), dialog=None)
    )
    assert found[ONE.id].find("skipped") is None
    assert found[ONE.id].find("system-out").text.splitlines()[1] == "satisfied: it says so"


def test_only_elements_and_attributes_of_the_common_schema():
    suite, found = cases(finding(ONE, Outcome.VIOLATED), finding(TWO, Outcome.SATISFIED))
    assert set(suite.attrib) == {"name", "tests", "failures", "errors", "skipped", "time"}
    for case in found.values():
        assert set(case.attrib) == {"name", "classname", "time"}
        assert {child.tag for child in case} <= {"failure", "skipped", "system-out"}


@given(st.text(), st.text())
def test_whatever_is_said_the_xml_reads_back(says, dialog):
    _, found = cases(finding(ONE, Outcome.VIOLATED, says=says, dialog=dialog))
    assert found[ONE.id].find("failure") is not None
