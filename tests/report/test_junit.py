"""JUnit XML: one case for each rule, failures for violated errors."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from recorder.checks.engine import RULES
from recorder.checks.findings import Finding, Outcome, Severity
from recorder.report.junit import junit

ONE, TWO, THREE, FOUR = RULES[:4]


def finding(rule, outcome, severity=Severity.ERROR, says="it says so", **more):
    usual = {"dialog": "d", "sequence": 1, "frames": (3, 4)}
    return Finding(rule.id, outcome, severity, sentence=says, **{**usual, **more})


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


def test_what_holds_where_it_can_be_seen_passes_and_is_told_in_the_output_of_the_suite():
    suite, found = cases(
        finding(ONE, Outcome.NOT_OBSERVABLE),
        finding(ONE, Outcome.SATISFIED, frames=(), dialog=None),
        finding(TWO, Outcome.VIOLATED, Severity.WARNING),
        finding(THREE, Outcome.VIOLATED),
    )
    assert list(found[ONE.id]) == list(found[TWO.id]) == []
    assert suite.find("system-out").text.splitlines() == [
        f"{ONE.id}: not-observable: it says so (dialog d, #3, #4)",
        f"{ONE.id}: satisfied: it says so",
        f"{TWO.id}: violated warning: it says so (dialog d, #3, #4)",
    ]


def test_the_suite_carries_the_time_at_which_the_session_began_if_it_is_known():
    at_us = 1_487_455_441_507_000
    (suite,) = ET.fromstring(junit("5e55", RULES, (), started_at_us=at_us))
    assert suite.get("timestamp") == "2017-02-18T22:04:01"
    for unknown in (None, 1 << 62):
        (suite,) = ET.fromstring(junit("5e55", RULES, (), started_at_us=unknown))
        assert suite.get("timestamp") is None


outcomes = st.tuples(st.sampled_from(RULES), st.sampled_from(Outcome), st.sampled_from(Severity), st.text())


@given(st.lists(outcomes), st.text(), st.sampled_from((None, 0, 1_487_455_441_507_000)))
def test_any_findings_are_valid_in_both_schemas(heard, session, started_at_us):
    """Neither may be copied here: what they ask for is said in the lines below, in our own words."""
    found = [finding(rule, outcome, severity, says=says) for rule, outcome, severity, says in heard]
    root = ET.fromstring(junit(session, RULES, found, started_at_us=started_at_us))
    assert (root.tag, root.attrib) == ("testsuites", {})  # Ant's takes no attribute here
    (suite,) = root
    assert_suite(suite, timed=started_at_us is not None)
    tags = [child.tag for child in suite]
    assert tags == ["properties", *["testcase"] * len(RULES), "system-out", "system-err"]  # Ant's order
    for case in suite.findall("testcase"):
        assert_case(case)
    for told in suite.find("properties"):
        assert (told.tag, set(told.attrib)) == ("property", {"name", "value"})


def assert_suite(suite, *, timed):
    required = {"id", "package", "name", "hostname", "tests", "failures", "errors", "time"}
    assert suite.tag == "testsuite"
    assert set(suite.attrib) == required | {"skipped"} | ({"timestamp"} if timed else set())
    assert suite.get("name").strip()
    assert suite.get("hostname").strip()
    for counted in ("id", "tests", "failures", "errors", "skipped"):
        assert int(suite.get(counted)) >= 0
    assert re.fullmatch(r"\d{1,3}(\.\d{1,3})?", suite.get("time"))  # Jenkins's own idea of seconds
    # Ant's wants no fraction and no zone.
    assert not timed or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp"))


def assert_case(case):
    assert set(case.attrib) == {"name", "classname", "time"}
    assert float(case.get("time")) >= 0
    assert len(case) <= 1  # Ant's takes one outcome, and no output beside it
    for outcome in case:
        assert (outcome.tag, set(outcome.attrib)) in (
            ("failure", {"message", "type"}),
            ("skipped", {"message"}),
        )
        assert len(outcome) == 0


@given(st.text(), st.text())
def test_any_text_gives_well_formed_xml(says, dialog):
    _, found = cases(finding(ONE, Outcome.VIOLATED, says=says, dialog=dialog))
    assert found[ONE.id].find("failure") is not None
