"""Every rule from capture to command: three files as somebody writes them by hand, and what is said of each.

The captures are as short as the protocol allows. Where a rule can never be not observable, the reason stands
in ``NEVER_UNKNOWABLE``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from builders.rule_captures import CASES, CLOCKS, Case, N, S, V, name_of, rule_captures
from typer.testing import CliRunner, Result

from recorder import recipes
from recorder.checks.engine import RULES
from recorder.cli.app import app
from recorder.recipes.report_session import session_source

SEVERITY = {rule.id: rule.severity.value for rule in RULES}

NEVER_UNKNOWABLE = {
    "receipt-in-another-dialog": "that a number stands in another dialog is seen, or nothing points there",
    "receipt-for-receipt": "what was not seen taken is left to receipt-for-unknown-message",
    "misspelt-status": "the word is there",
    "unfilled-placeholder": "the placeholder is there",
    "malformed-sequence-list": "the list stands in the frame",
    "history-read-again": "the subscription and both receipts are our own",
    "regressed-receipt": "without numbers, the order of the frames counts",
    "refused-receipt": "an answer that did not come is left to unanswered-receipt",
    "request-id-reused": "both questions are our own",
    "error-answer": "the code stands in the frame, or malformed-envelope tells that it does not",
    "conflicting-content": "both contents stand in their frames",
    "echo-differs": "without an echo there is nothing to compare",
    "sequence-gap": "the finding is the gap; what it means is never claimed",
    "out-of-order": "frames have an order",
    "local-clock-backwards": "without times nothing is said; frames have an order",
    "recording-incomplete": "what is known to be missing is told; what nobody knows of cannot be",
    "auth-close": "without a code nothing is said; ended-without-close tells of it",
    "not-let-in": "its end or its frames tell",
    "unreadable-payload": "the bytes are there",
    "malformed-envelope": "the envelope is there",
    "undescribed": "the name is there",
}
"""Rules that always can tell, and why."""


TABLE = [pytest.param(case, id=name_of(case)) for case in [*CASES, *CLOCKS]]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with every capture of the table, imported by one command."""
    folder = tmp_path_factory.mktemp("captures")
    archive = folder / "archive.db"
    result = CliRunner().invoke(app, ["import", *map(str, rule_captures(folder)), "--archive", str(archive)])
    assert result.exit_code == 0, result.output
    return archive


def check(archive: Path, case: Case, *options: str) -> Result:
    arguments = ["check", name_of(case), "--rule", case.rule, *case.options, *options]
    return CliRunner(env={"RECORDER_ARCHIVE": str(archive)}).invoke(app, arguments)


def test_every_rule_has_a_capture_for_each_of_its_outcomes():
    told = Counter((case.rule, case.outcome) for case in CASES)
    expected = {
        (rule.id, outcome)
        for rule in RULES
        for outcome in (V, S, N)
        if outcome != N or rule.id not in NEVER_UNKNOWABLE
    }
    assert set(told) == expected
    assert set(told.values()) == {1}


@pytest.mark.parametrize("case", TABLE)
def test_a_capture_is_judged_as_the_protocol_has_it(written, case):
    """Which frames, in which words, how grave; and only a violated error makes the command fail."""
    severity = SEVERITY[case.rule]
    result = check(written, case, "--json")
    findings = [json.loads(line) for line in result.stdout.splitlines()]
    (found,) = [finding for finding in findings if finding["outcome"] == case.outcome]
    others = {finding["outcome"] for finding in findings} - {case.outcome}
    assert (found["rule"], found["severity"]) == (case.rule, severity)
    assert tuple(found["frames"]) == case.frames
    assert re.sub(r" \(\d+ looked at\)$", "", found["says"]) == case.says
    assert others <= ({S} if case.outcome == N else set())
    assert result.exit_code == (3 if (case.outcome, severity) == (V, "error") else 0), result.stderr


@pytest.mark.parametrize("case", [pytest.param(each, id=each.rule) for each in CASES if each.outcome == V])
def test_every_severity_can_be_changed(written, case):
    for options, severity, code in (
        (["--error", case.rule], "error", 3),
        (["--warn", case.rule], "warning", 0),
        (["--error", case.rule, "--at", "#0"], None, 0),
        (["--off", case.rule], None, 0),
    ):
        result = check(written, case, "--json", *options)
        told = [json.loads(line) for line in result.stdout.splitlines()]
        assert result.exit_code == code, options
        violated = [finding["severity"] for finding in told if finding["outcome"] == V]
        assert violated == ([severity] if severity else []), options


@pytest.mark.parametrize("case", [case for case in TABLE if case.values[0].outcome != S])
def test_every_form_tells_the_same_outcome(written, case):
    text = check(written, case).stdout
    if case.outcome == V:
        assert f"\n{SEVERITY[case.rule]} {case.rule}: " in text
    assert "".join(f"#{number}" for number in case.frames) in "".join(text.split()).replace(")", "")
    (suite,) = ET.fromstring(check(written, case, "--format", "junit").stdout)
    (tested,) = suite.iter("testcase")
    fails = case.outcome == V and SEVERITY[case.rule] == "error"
    assert tested.get("name") == case.rule
    assert (tested.find("failure") is not None) == fails
    told = [json.loads(line)["outcome"] for line in check(written, case, "--json").stdout.splitlines()]
    assert (tested.find("skipped") is not None) == (case.outcome == N and S not in told)
    sarif = json.loads(check(written, case, "--format", "sarif").stdout)
    kinds = {result["kind"] for result in sarif["runs"][0]["results"]}
    assert {V: "fail", N: "open"}[case.outcome] in kinds


def test_the_page_of_a_session_has_at_every_moment_what_check_says_of_it(written):
    """Of every capture, in the same words and the same order."""
    with recipes.open_archive(str(written)) as archive:
        for info in archive.sessions():
            source = session_source(archive, info.session)
            for number in range(info.frames + 1):
                told = recipes.check(archive, info.session, at=f"#{number}")
                assert source.findings.as_of(number) == told, (info.name, number)


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in RULES])
def test_explain_tells_each_rule(rule):
    told = CliRunner().invoke(app, ["check", "--explain", rule.id]).stdout
    assert told.startswith(f"{rule.id} ({rule.severity.value})\n{rule.title}.\n")
    assert " ".join(rule.explain.split()) in " ".join(told.split())
