"""Findings as people and programs read them."""

from __future__ import annotations

import json
import re
from io import StringIO
from itertools import pairwise

import pytest

from recorder.checks.engine import RULES
from recorder.checks.findings import Finding, Outcome, Severity
from recorder.report.checks import (
    MAX_ROWS_PER_RULE,
    finding_json,
    json_lines,
    print_findings,
    print_rule,
    print_rules,
    rule_json,
)


def finding(rule="never-read", outcome=Outcome.VIOLATED, severity=Severity.WARNING, **more):
    usual = {"dialog": None, "sequence": None, "frames": (), "sentence": "it says so"}
    return Finding(rule, outcome, severity, **{**usual, **more})


def printed(*findings, **options):
    stream = StringIO()
    print_findings(stream, findings, **options)
    return stream.getvalue().splitlines()


class Terminal(StringIO):
    """A stream that says it is a terminal; its width is that of COLUMNS."""

    def isatty(self):
        return True


def test_finding_json_has_the_documented_members():
    told = finding(dialog="d", sequence=3, frames=(1, 2))
    assert finding_json(told) == {
        "rule": "never-read", "outcome": "violated", "severity": "warning", "dialog": "d", "sequence": 3,
        "frames": [1, 2], "says": "it says so",
    }  # fmt: skip
    assert finding_json(finding(outcome=Outcome.NOT_OBSERVABLE))["outcome"] == "not-observable"


def test_one_finding_a_line_whatever_it_says():
    awkward = "a\nb\x1b[31m ü 日本 \ud800"
    (line,) = json_lines([finding(sentence=awkward)]).splitlines()
    assert json.loads(line)["says"] == awkward


def test_violations_come_first_by_severity_then_what_is_unknown_then_a_count():
    lines = printed(
        finding("a", Outcome.SATISFIED),
        finding("b", Outcome.NOT_OBSERVABLE),
        finding("c", severity=Severity.INFO),
        finding("d", severity=Severity.ERROR),
        finding("e"),
    )
    assert lines == [
        "VIOLATED (1 error, 1 warning, 1 info)",
        "error d: it says so",
        "warning e: it says so",
        "info c: it says so",
        "NOT OBSERVABLE (1 rule)",
        "b: it says so",
        "1 rule satisfied (-v lists them)",
    ]


def test_satisfied_rules_are_counted_and_listed_on_request():
    satisfied = [finding(name, Outcome.SATISFIED) for name in "abcd"]
    assert printed(*satisfied) == ["NOTHING VIOLATED", "4 rules satisfied (-v lists them)"]
    assert printed(*satisfied, verbose=True) == [
        "NOTHING VIOLATED", "4 rules satisfied", *(f"{name}: it says so" for name in "abcd"),
    ]  # fmt: skip
    assert printed(finding())[-1] == "0 rules satisfied"


def test_a_rule_has_one_line_for_what_cannot_be_known():
    unknown = [finding(outcome=Outcome.NOT_OBSERVABLE, frames=(number,)) for number in (3, 4, 5)]
    assert printed(*unknown)[1:3] == [
        "NOT OBSERVABLE (1 rule)",
        "never-read: 3 times this recording cannot tell; the first time: it says so (#3)",
    ]


def test_a_rule_stands_under_one_heading():
    lines = printed(
        finding("a"),
        finding("a", Outcome.NOT_OBSERVABLE),
        finding("b", Outcome.NOT_OBSERVABLE),
        finding("b", Outcome.SATISFIED),
        finding("c", Outcome.SATISFIED),
        verbose=True,
    )
    assert lines == [
        "VIOLATED (1 warning)",
        "warning a: it says so",
        "besides a: not observable: it says so",
        "NOT OBSERVABLE (1 rule)",
        "b: it says so",
        "1 rule satisfied",
        "c: it says so",
    ]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_narrow_terminal_wraps_sentences_and_cuts_nothing(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    says = "you gave READ without ACCEPT for messages 0, 3; READ does not imply it, " * 3
    stream = Terminal()
    print_findings(stream, [finding("receipt-for-unknown-message", sentence=says.strip(), frames=(1, 2))])
    lines = re.sub(r"\x1b\[[0-9]*m", "", stream.getvalue()).splitlines()
    assert max(map(len, lines)) <= columns
    told = lines[1:-1]
    assert told[0].startswith("warning receipt-for-unknown-message: you gave ")
    assert all(line.startswith("  ") for line in told[1:])
    assert " ".join(" ".join(told).split()).endswith(f"{says.strip()} (#1 #2)")


def test_frames_are_named_and_dialogs_where_there_are_several():
    lines = printed(finding(frames=(1, 2, 3, 4, 5), dialog="0123456789"), finding(dialog="other"))
    assert "it says so (dialog 01234567, #1 #2 #3 #4 …)" in lines[1]
    assert "it says so (dialog other)" in lines[2]
    assert "dialog" not in printed(finding(dialog="0123456789"))[1]


def test_more_than_twenty_violations_of_a_rule_are_counted():
    lines = printed(*(finding(sequence=number) for number in range(MAX_ROWS_PER_RULE + 5)))
    assert len(lines) == MAX_ROWS_PER_RULE + 3
    assert lines[-2] == "warning never-read: and 5 more of these; --json lists them"
    few = printed(*(finding(sequence=number) for number in range(MAX_ROWS_PER_RULE)))
    assert len(few) == MAX_ROWS_PER_RULE + 2


def test_recorded_text_is_escaped():
    assert "\x1b" not in "".join(printed(finding(sentence="\x1b[31m red [/bold]")))
    assert "[/bold]" in "".join(printed(finding(sentence="\x1b[31m red [/bold]")))


def test_no_findings_print_one_line():
    assert printed() == ["nothing to look at in this recording"]


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_an_explanation_fills_the_lines_of_a_terminal(columns):
    for rule in RULES:
        stream = Terminal()
        stream.columns = columns
        print_rule(stream, rule)
        lines = stream.getvalue().split("\n\n")[1].splitlines()
        widest = min(columns, 100)
        assert all(len(line) <= widest for line in lines)
        assert all(len(f"{line} {after.split()[0]}") > widest for line, after in pairwise(lines)), lines


def test_rules_are_listed_and_explained():
    stream = StringIO()
    print_rules(stream, RULES)
    assert len(stream.getvalue().splitlines()) == len(RULES) + 1
    for rule in RULES:
        stream = StringIO()
        print_rule(stream, rule)
        assert stream.getvalue().startswith(f"{rule.id} ({rule.severity})\n{rule.title}.\n\n")
        assert " ".join(stream.getvalue().split("\n\n")[1].split()) == rule.explain
        assert rule_json(rule)["explain"] == rule.explain
