"""The findings of a check as text and as JSON, and the explanations of the rules."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NamedTuple

from recorder.checks.findings import Finding, Outcome, Severity, repeated_sentence
from recorder.checks.rule import Rule

from .cells import shown_by, shows_styles, styled, width_of, wrapped
from .tables import print_line, print_table
from .terminal import safe_text

MAX_ROWS_PER_RULE = 20
"""Violations of one rule shown as text; the rest is counted. JSON has them all."""

_FRAMES_SHOWN = 4

_STYLE_OF = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def finding_json(finding: Finding) -> dict[str, object]:
    """A line of ``check --json``."""
    return {
        "rule": finding.rule,
        "outcome": finding.outcome.value,
        "severity": finding.severity.value,
        "dialog": finding.dialog,
        "sequence": finding.sequence,
        "frames": list(finding.frames),
        "says": finding.sentence,
    }


def json_lines(findings: Iterable[Finding]) -> str:
    """One finding a line."""
    return "".join(
        json.dumps(finding_json(finding), ensure_ascii=False, separators=(",", ":")) + "\n"
        for finding in findings
    )


# --- as text --------------------------------------------------------------------------------------------

_INDENT = "  "
_HEADINGS = (Outcome.VIOLATED, Outcome.NOT_OBSERVABLE, Outcome.SATISFIED)


def print_findings(stream: IO[str], findings: Sequence[Finding], *, verbose: bool = False) -> None:
    """Violations by severity, then a line for each rule that is not observable, then how many are satisfied.

    A rule stands under the first of these that it has a finding for. ``verbose`` lists the satisfied ones.
    """
    if not findings:
        print_line(stream, "nothing to look at in this recording")
        return
    grouped = _FindingsByRule(findings)
    for row in (
        *_violated_rows(grouped),
        *_unobservable_rows(grouped),
        *_satisfied_rows(grouped, verbose=verbose),
    ):
        _print_row(stream, row)


def print_violations(stream: IO[str], findings: Sequence[Finding]) -> None:
    """A line for each violation among these findings, and nothing else."""
    grouped = _FindingsByRule(findings)
    for finding in findings:
        if finding.outcome is Outcome.VIOLATED:
            style = _STYLE_OF[finding.severity]
            _print_row(stream, _Row(finding.severity.value, finding.rule, grouped.sentence(finding), style))


class _Row(NamedTuple):
    """A sentence, behind a label and the name of a rule if it has them, in a style."""

    label: str
    rule: str
    sentence: str
    style: str = ""


def _print_row(stream: IO[str], row: _Row) -> None:
    """Print it in lines as wide as the terminal, all but the first indented."""
    label = f"{row.label} " if row.label else ""
    rule = f"{row.rule}: " if row.rule else ""
    lines = wrapped(f"{label}{rule}{shown_by(stream, safe_text(row.sentence))}", width_of(stream), _INDENT)
    if shows_styles(stream):
        first, *others = [
            line.removeprefix(label + rule) if not at else line for at, line in enumerate(lines)
        ]
        begin = styled(label, row.style) + styled(styled(rule, "bold"), row.style) if rule else ""
        lines = [begin + styled(first, row.style), *(styled(line, row.style) for line in others)]
    stream.writelines(f"{line}\n" for line in lines)


class _FindingsByRule:
    """The findings by outcome and rule; each rule under one heading, in the order of the rules."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.with_dialogs = len({finding.dialog for finding in findings if finding.dialog is not None}) > 1
        self.all: dict[Outcome, dict[str, list[Finding]]] = {outcome: {} for outcome in Outcome}
        for finding in findings:
            self.all[finding.outcome].setdefault(finding.rule, []).append(finding)

    def under(self, outcome: Outcome) -> dict[str, list[Finding]]:
        """The findings of the rules that stand under this heading."""
        before = _HEADINGS[: _HEADINGS.index(outcome)]
        elsewhere = {name for other in before for name in self.all[other]}
        return {name: found for name, found in self.all[outcome].items() if name not in elsewhere}

    def sentence(self, finding: Finding) -> str:
        """The sentence of a finding, its dialog where there are several, and its frames."""
        dialog = f"dialog {finding.dialog[:8]}" if self.with_dialogs and finding.dialog is not None else ""
        frames = " ".join(f"#{frame}" for frame in finding.frames[:_FRAMES_SHOWN])
        frames += " …" if len(finding.frames) > _FRAMES_SHOWN else ""
        where = ", ".join(part for part in (dialog, frames) if part)
        return f"{finding.sentence} ({where})" if where else finding.sentence


def _heading(words: str, style: str = "bold") -> _Row:
    return _Row("", "", words, style)


def _violated_rows(grouped: _FindingsByRule) -> Iterator[_Row]:
    rules = grouped.under(Outcome.VIOLATED)
    yield _heading(_violated_heading([finding for found in rules.values() for finding in found]))
    for name, found in sorted(rules.items(), key=lambda rule: _SEVERITIES.index(rule[1][0].severity)):
        severity = found[0].severity
        for finding in found[:MAX_ROWS_PER_RULE]:
            yield _Row(severity.value, name, grouped.sentence(finding), _STYLE_OF[severity])
        if len(found) > MAX_ROWS_PER_RULE:
            more = f"and {len(found) - MAX_ROWS_PER_RULE} more of these; --json lists them"
            yield _Row(severity.value, name, more, _STYLE_OF[severity])
        unknown = grouped.all[Outcome.NOT_OBSERVABLE].get(name)
        if unknown:
            yield _Row("besides", name, f"not observable: {_counted(grouped, unknown)}")


def _violated_heading(violations: list[Finding]) -> str:
    if not violations:
        return "NOTHING VIOLATED"
    count = Counter(finding.severity for finding in violations)
    return f"VIOLATED ({', '.join(f'{count[each]} {each}' for each in _SEVERITIES if count[each])})"


def _unobservable_rows(grouped: _FindingsByRule) -> Iterator[_Row]:
    rules = grouped.under(Outcome.NOT_OBSERVABLE)
    if rules:
        yield _heading(f"NOT OBSERVABLE ({_rules(len(rules))})")
    for name, found in rules.items():
        yield _Row("", name, _counted(grouped, found))


def _counted(grouped: _FindingsByRule, findings: list[Finding]) -> str:
    """One sentence for all not-observable findings of a rule."""
    first = grouped.sentence(findings[0])
    return first if len(findings) == 1 else repeated_sentence(first, findings)


def _satisfied_rows(grouped: _FindingsByRule, *, verbose: bool) -> Iterator[_Row]:
    rules = grouped.under(Outcome.SATISFIED)
    unlisted = "" if verbose or not rules else " (-v lists them)"
    yield _heading(f"{_rules(len(rules))} satisfied{unlisted}", "green" if rules else "")
    for name, found in rules.items() if verbose else ():
        yield _Row("", name, grouped.sentence(found[0]))


def _rules(count: int) -> str:
    return f"{count} rule{'' if count == 1 else 's'}"


# --- what the rules mean --------------------------------------------------------------------------------

RULE_COLUMNS = ("RULE", "SEVERITY", "THE LAW")


def print_rules(stream: IO[str], rules: Iterable[Rule]) -> None:
    """The table of all rules."""
    print_table(stream, RULE_COLUMNS, ((rule.id, rule.severity.value, rule.title) for rule in rules))


def print_rule(stream: IO[str], rule: Rule) -> None:
    """One rule, explained."""
    print_line(stream, f"{rule.id} ({rule.severity})")
    print_line(stream, f"{rule.title}.")
    stream.write("\n")
    for line in textwrap.wrap(rule.explain, min(width_of(stream), 100), break_on_hyphens=False):
        print_line(stream, line)


def rule_json(rule: Rule) -> dict[str, str]:
    """One rule as a line of JSON."""
    return {"rule": rule.id, "severity": rule.severity.value, "title": rule.title, "explain": rule.explain}
