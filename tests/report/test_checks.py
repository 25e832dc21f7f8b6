"""Findings as people and programs read them."""

from __future__ import annotations

import json
from io import StringIO

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


def printed(*findings):
    stream = StringIO()
    print_findings(stream, findings)
    return stream.getvalue().splitlines()


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


def test_violations_come_first_by_severity_and_satisfied_rules_last():
    lines = printed(
        finding("a", Outcome.SATISFIED),
        finding("b", Outcome.NOT_OBSERVABLE),
        finding("c", severity=Severity.INFO),
        finding("d", severity=Severity.ERROR),
        finding("e"),
    )
    assert [line.split()[:2] for line in lines[:-1]] == [
        ["OUTCOME", "RULE"], ["violated:", "error"], ["violated:", "warning"], ["violated:", "info"],
        ["not-observable", "b"], ["satisfied", "a"],
    ]  # fmt: skip
    assert lines[-1] == "3 violated (1 error, 1 warning, 1 info), 1 not observable, 1 satisfied"


def test_satisfied_rules_share_a_row_when_they_are_many():
    few = printed(*(finding(name, Outcome.SATISFIED) for name in "abc"))
    assert [line.split()[:2] for line in few[1:-1]] == [
        ["satisfied", "a"],
        ["satisfied", "b"],
        ["satisfied", "c"],
    ]
    (_, row, count) = printed(*(finding(name, Outcome.SATISFIED) for name in "abcd"))
    assert row.split() == ["satisfied", "4", "rules", "a,", "b,", "c,", "d"]
    assert count.endswith("4 satisfied")


def test_frames_are_named_and_dialogs_where_there_are_several():
    lines = printed(finding(frames=(1, 2, 3, 4, 5), dialog="0123456789"), finding(dialog="other"))
    assert "it says so (dialog 01234567, #1 #2 #3 #4 …)" in lines[1]
    assert "it says so (dialog other)" in lines[2]
    assert "dialog" not in printed(finding(dialog="0123456789"))[1]


def test_more_than_twenty_violations_of_a_rule_are_counted():
    lines = printed(*(finding(sequence=number) for number in range(MAX_ROWS_PER_RULE + 5)))
    assert len(lines) == MAX_ROWS_PER_RULE + 3
    assert "and 5 more of these; --json lists them" in lines[-2]
    assert (
        len(printed(*(finding(sequence=number) for number in range(MAX_ROWS_PER_RULE))))
        == MAX_ROWS_PER_RULE + 2
    )


def test_recorded_text_is_escaped():
    assert "\x1b" not in "".join(printed(finding(sentence="\x1b[31m red [/bold]")))
    assert "[/bold]" in "".join(printed(finding(sentence="\x1b[31m red [/bold]")))


def test_no_findings_print_one_line():
    assert printed() == ["nothing to look at in this recording"]


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
