"""Findings of a check as JUnit XML: one test case per rule. The steps of a replay use ``suite_xml`` as well.

A violated rule of severity error fails; a rule that is not observable, or has nothing to check, is skipped;
all others pass, and their findings stand in the output of the suite.

There is no one schema: this satisfies both that are in use, Jenkins' and Ant's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from xml.etree import ElementTree as ET

from recorder.checks.findings import Finding, Outcome
from recorder.checks.rule import Rule
from recorder.counted import counted
from recorder.wire.records import iso_utc

_NOTHING = "nothing of the kind is in this recording"

# What XML 1.0 cannot hold in any form, not even escaped.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(
    session: str, rules: Sequence[Rule], findings: Sequence[Finding], *, started_at_us: int | None = None
) -> str:
    """The XML of one checked session; ``rules`` are those that ran.

    Without ``started_at_us`` there is no timestamp, which Jenkins accepts and Ant's schema does not.
    """
    cases = [
        _case(session, rule, [finding for finding in findings if finding.rule == rule.id]) for rule in rules
    ]
    failing = {finding.rule for finding in findings if finding.fails}
    out = "".join(f"{each.rule}: {_line(each)}\n" for each in findings if each.rule not in failing)
    return suite_xml(f"session {session}", session, cases, out=out, started_at_us=started_at_us)


def suite_xml(
    name: str,
    session: str,
    cases: Sequence[ET.Element],
    *,
    out: str = "",
    took_s: float = 0.0,
    started_at_us: int | None = None,
    properties: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The XML of one suite. ``cases`` have name, classname and time, and at most one outcome each.

    ``properties`` stand besides the session's id.
    """
    suite = ET.Element("testsuite", _attributes(name, cases, took_s, started_at_us))
    listed = ET.SubElement(suite, "properties")
    for property_name, value in {"session": session, **properties}.items():
        ET.SubElement(listed, "property", {"name": property_name, "value": xml_text(value)})
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = out
    ET.SubElement(suite, "system-err")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _attributes(
    name: str, cases: Sequence[ET.Element], took_s: float, started_at_us: int | None
) -> dict[str, str]:
    stamp = iso_utc(started_at_us)
    timestamp = {"timestamp": stamp[:19]} if stamp is not None and "T" in stamp else {}
    return {
        "id": "0",
        "package": "recorder",
        "name": xml_text(name),
        **timestamp,
        "hostname": "localhost",
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
        "time": seconds_text(took_s),
    }


def seconds_text(seconds: float) -> str:
    """Seconds as both schemas take them: ``0``, ``2.611``; never below 0."""
    return f"{max(seconds, 0.0):.3f}".rstrip("0").rstrip(".")


def _case(session: str, rule: Rule, findings: Sequence[Finding]) -> ET.Element:
    case = ET.Element(
        "testcase", {"name": rule.id, "classname": xml_text(f"recorder.{session}"), "time": "0"}
    )
    failing = [finding for finding in findings if finding.fails]
    outcomes = {finding.outcome for finding in findings}
    if failing:
        words = f"{counted(len(failing), 'violation')}; the first: " if len(failing) > 1 else ""
        failure = {"message": xml_text(words + failing[0].sentence), "type": rule.id}
        ET.SubElement(case, "failure", failure).text = "\n".join(map(_line, findings))
    elif not findings:
        ET.SubElement(case, "skipped", {"message": _NOTHING})
    elif outcomes == {Outcome.NOT_OBSERVABLE}:
        ET.SubElement(case, "skipped", {"message": xml_text(findings[0].sentence)})
    return case


def _line(finding: Finding) -> str:
    where = [f"dialog {finding.dialog}"] if finding.dialog is not None else []
    where += [f"#{frame}" for frame in finding.frames]
    place = f" ({', '.join(where)})" if where else ""
    severity = f" {finding.severity}" if finding.outcome is Outcome.VIOLATED else ""
    return xml_text(f"{finding.outcome}{severity}: {finding.sentence}{place}")


def xml_text(text: str) -> str:
    """The text with what XML cannot hold written as ``\\u0007``."""
    return _NO_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
