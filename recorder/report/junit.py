"""What a check found, as JUnit XML: one test case for each rule, for whoever shows tests.

A violated rule of severity error fails; one that only says "not observable", or that had nothing to look
at, is skipped; all others pass, and what they found stands in their output.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from recorder.receipts.findings import Finding, Outcome
from recorder.receipts.rules_ground import Rule

_NOTHING = "nothing of the kind is in this recording"

# What XML 1.0 cannot hold in any form, not even escaped.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(session: str, rules: Sequence[Rule], findings: Sequence[Finding]) -> str:
    """The XML of one checked session; ``rules`` are those that ran."""
    cases = [
        _case(session, rule, [finding for finding in findings if finding.rule == rule.id]) for rule in rules
    ]
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": "0",
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
        "time": "0",
    }
    root = ET.Element("testsuites", {"name": "recorder check", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": _xml(f"session {session}"), **counts})
    suite.extend(cases)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(session: str, rule: Rule, findings: Sequence[Finding]) -> ET.Element:
    case = ET.Element("testcase", {"name": rule.id, "classname": _xml(f"recorder.{session}"), "time": "0"})
    told = "\n".join(map(_line, findings))
    failing = [finding for finding in findings if finding.fails]
    outcomes = {finding.outcome for finding in findings}
    if failing:
        words = f"{len(failing)} violations; the first: " if len(failing) > 1 else ""
        failure = {"message": _xml(words + failing[0].says), "type": rule.id}
        ET.SubElement(case, "failure", failure).text = told
    elif not findings:
        ET.SubElement(case, "skipped", {"message": _NOTHING})
    elif outcomes == {Outcome.NOT_OBSERVABLE}:
        ET.SubElement(case, "skipped", {"message": _xml(findings[0].says)})
    if findings and not failing:
        ET.SubElement(case, "system-out").text = told
    return case


def _line(finding: Finding) -> str:
    where = [f"dialog {finding.dialog}"] if finding.dialog is not None else []
    where += [f"#{frame}" for frame in finding.frames]
    place = f" ({', '.join(where)})" if where else ""
    grave = f" {finding.severity}" if finding.outcome is Outcome.VIOLATED else ""
    return _xml(f"{finding.outcome}{grave}: {finding.says}{place}")


def _xml(text: str) -> str:
    return _NO_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
