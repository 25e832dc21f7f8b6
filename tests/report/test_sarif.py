"""SARIF 2.1.0: the members that the standard requires, and levels as it wants them."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from recorder.checks.engine import RULES
from recorder.checks.findings import Finding, Outcome, Severity
from recorder.report.sarif import sarif


def log(*findings, archive="my archive.db"):
    return json.loads(sarif(archive, "5e55", RULES, findings))


# What SARIF 2.1.0 asks of the parts that are used here, said in our own words; nothing else may be there.
TEXT = {"type": "string"}


def part(required, **optional):
    properties = {**required, **optional}
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


def many(of):
    return {"type": "array", "items": of}


MESSAGE = part({"text": TEXT})
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RULE = part(
    {"id": TEXT},
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=MESSAGE,
    defaultConfiguration=part({}, level=LEVEL),
)
PLACE = part({}, name=TEXT, fullyQualifiedName=TEXT, kind=TEXT)
LOCATION = part(
    {},
    physicalLocation=part({"artifactLocation": part({"uri": {"type": "string", "format": "uri-reference"}})}),
    logicalLocations=many(PLACE),
)
RESULT = part(
    {"message": MESSAGE},
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": -1, "maximum": len(RULES) - 1},
    kind={"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
    level=LEVEL,
    locations=many(LOCATION),
    properties={"type": "object"},
)
DRIVER = part({"name": TEXT}, version=TEXT, rules={**many(RULE), "uniqueItems": True})
RUN = part(
    {"tool": part({"driver": DRIVER})},
    results=many(RESULT),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
)
LOG = part(
    {"version": {"const": "2.1.0"}, "runs": many(RUN)}, **{"$schema": {"type": "string", "format": "uri"}}
)
SARIF = Draft7Validator(LOG, format_checker=Draft7Validator.FORMAT_CHECKER)


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


@pytest.mark.parametrize(
    ("archive", "uri"),
    [
        pytest.param("a:b c.db", "a%3Ab%20c.db", id="path"),
        pytest.param("postgresql://me@host:5432/db", "postgresql://me@host:5432/db", id="database"),
    ],
)
def test_the_archive_stands_there_as_a_uri(archive, uri):
    (result,) = log(finding(Outcome.VIOLATED), archive=archive)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@given(
    st.lists(
        st.builds(
            finding, st.sampled_from(Outcome), st.sampled_from(Severity), st.lists(st.integers(1)), st.text()
        )
    ),
    st.text(),
)
def test_any_findings_are_valid_sarif(findings, archive):
    """Also: a level other than none belongs to a failure, and every rule that is named is listed."""
    told = log(*findings, archive=archive)
    SARIF.validate(told)
    (run,) = told["runs"]
    for result in run["results"]:
        assert (result["kind"] == "fail") == (result["level"] != "none")
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert rfc3986(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


def rfc3986(uri):
    """Whether only characters stand there that a URI may hold, percent signs before two hex digits."""
    return re.fullmatch(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*", uri)


@given(st.text(), st.text())
def test_any_text_gives_valid_json(says, archive):
    (result,) = log(finding(Outcome.VIOLATED, says=says), archive=archive)["runs"][0]["results"]
    assert result["message"]["text"] == says
