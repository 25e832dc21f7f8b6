"""The findings of a check as a table and as JSON, and the explanations of the rules."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from rich.table import Table
from rich.text import Text

from recorder.checks.findings import Finding, Outcome, Severity
from recorder.checks.session_index import Rule

from .tables import console, print_line, print_table
from .terminal import safe_text

MAX_ROWS_PER_RULE = 20
"""Violations of one rule shown in the table; the rest is counted. JSON has them all."""

MAX_SATISFIED_ROWS = 3
"""Satisfied rules with a row each; more share one row."""

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


# --- the table ------------------------------------------------------------------------------------------


def print_findings(stream: IO[str], findings: Sequence[Finding]) -> None:
    """The table of ``check``: violations by severity, then not observable, then satisfied rules."""
    if not findings:
        print_line(stream, "nothing to look at in this recording")
        return
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for heading in ("OUTCOME", "RULE"):
        table.add_column(heading, no_wrap=True)
    table.add_column("SAYS", overflow="fold", ratio=1)
    for row in _rows(findings):
        table.add_row(*row)
    output = console(stream)
    with output.capture() as laid_out:
        output.print(table)
    for line in laid_out.get().splitlines():
        stream.write(line.rstrip() + "\n")
    print_line(stream, _count(findings))


def _rows(findings: Sequence[Finding]) -> Iterator[tuple[Text, Text, Text]]:
    several_dialogs = len({finding.dialog for finding in findings if finding.dialog is not None}) > 1
    shown: Counter[tuple[str, Outcome]] = Counter()
    total = Counter((finding.rule, finding.outcome) for finding in findings)
    satisfied = [finding for finding in findings if finding.outcome is Outcome.SATISFIED]
    shared = satisfied if len(satisfied) > MAX_SATISFIED_ROWS else []
    for finding in sorted(findings, key=_rank):
        kind = (finding.rule, finding.outcome)
        if shared and finding.outcome is Outcome.SATISFIED:
            continue
        shown[kind] += 1
        if shown[kind] > MAX_ROWS_PER_RULE + 1:
            continue
        if shown[kind] == MAX_ROWS_PER_RULE + 1 < total[kind]:
            more = total[kind] - MAX_ROWS_PER_RULE
            yield _outcome(finding), Text(finding.rule), Text(f"and {more} more of these; --json lists them")
        else:
            text = safe_text(f"{finding.sentence}{_where(finding, with_dialog=several_dialogs)}")
            yield _outcome(finding), Text(finding.rule), Text(text)
    if shared:
        ids = ", ".join(finding.rule for finding in shared)
        yield _outcome(shared[0]), Text(f"{len(shared)} rules"), Text(ids)


def _rank(finding: Finding) -> tuple[int, int]:
    if finding.outcome is Outcome.VIOLATED:
        return (0, _SEVERITIES.index(finding.severity))
    return (1, 0) if finding.outcome is Outcome.NOT_OBSERVABLE else (2, 0)


def _outcome(finding: Finding) -> Text:
    if finding.outcome is Outcome.VIOLATED:
        return Text(f"violated: {finding.severity}", style=_STYLE_OF[finding.severity])
    return Text(finding.outcome.value, style="green" if finding.outcome is Outcome.SATISFIED else "")


def _where(finding: Finding, *, with_dialog: bool) -> str:
    dialog = f"dialog {finding.dialog[:8]}" if with_dialog and finding.dialog is not None else ""
    frames = " ".join(f"#{frame}" for frame in finding.frames[:_FRAMES_SHOWN])
    frames += " …" if len(finding.frames) > _FRAMES_SHOWN else ""
    where = ", ".join(part for part in (dialog, frames) if part)
    return f" ({where})" if where else ""


def _count(findings: Sequence[Finding]) -> str:
    outcomes = Counter(finding.outcome for finding in findings)
    violated = Counter(finding.severity for finding in findings if finding.outcome is Outcome.VIOLATED)
    counts = ", ".join(f"{violated[severity]} {severity}" for severity in _SEVERITIES)
    return (
        f"{outcomes[Outcome.VIOLATED]} violated ({counts}), "
        f"{outcomes[Outcome.NOT_OBSERVABLE]} not observable, {outcomes[Outcome.SATISFIED]} satisfied"
    )


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
    for line in textwrap.wrap(rule.explain, 100, break_on_hyphens=False):
        print_line(stream, line)


def rule_json(rule: Rule) -> dict[str, str]:
    """One rule as a line of JSON."""
    return {"rule": rule.id, "severity": rule.severity.value, "title": rule.title, "explain": rule.explain}
