"""SARIF 2.1.0: the members that the standard requires, and levels as it wants them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from recorder.receipts.checks import RULES
from recorder.receipts.findings import Finding, Outcome, Severity
from recorder.report.sarif import sarif


def log(*findings, archive="my archive.db"):
    return json.loads(sarif(archive, "5e55", RULES, findings))


def finding(outcome, severity=Severity.ERROR, frames=(3, 4), says="it says so"):
    return Finding(RULES[2].id, outcome, severity, "d", 1, frames, says)


def test_the_required_members_are_there():
    told = log(finding(Outcome.VIOLATED))
    assert told["version"] == "2.1.0"
    assert told["$schema"].endswith("sarif-2.1.0.json")
    (run,) = told["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "recorder"
    assert [rule["id"] for rule in driver["rules"]] == [rule.id for rule in RULES]
    for rule in driver["rules"]:
        assert rule["help"]["text"]
        assert rule["shortDescription"]["text"].endswith(".")
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}
    (result,) = run["results"]
    assert result["message"] == {"text": "it says so"}
    assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_level_is_only_for_failures():
    results = log(
        finding(Outcome.VIOLATED),
        finding(Outcome.VIOLATED, Severity.WARNING),
        finding(Outcome.VIOLATED, Severity.INFO),
        finding(Outcome.SATISFIED),
        finding(Outcome.NOT_OBSERVABLE),
    )["runs"][0]["results"]
    assert [(result["kind"], result["level"]) for result in results] == [
        ("fail", "error"), ("fail", "warning"), ("fail", "note"), ("pass", "none"), ("open", "none"),
    ]  # fmt: skip


def test_a_result_is_located_by_archive_session_and_frames():
    (result,) = log(finding(Outcome.VIOLATED))["runs"][0]["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "my%20archive.db"
    assert [each["fullyQualifiedName"] for each in location["logicalLocations"]] == ["5e55/#3", "5e55/#4"]
    (whole,) = log(finding(Outcome.SATISFIED, frames=()))["runs"][0]["results"]
    assert whole["locations"][0]["logicalLocations"][0]["name"] == "5e55"


@given(st.text(), st.text())
def test_whatever_is_said_the_json_reads_back(says, archive):
    (result,) = log(finding(Outcome.VIOLATED, says=says), archive=archive)["runs"][0]["results"]
    assert result["message"]["text"] == says
