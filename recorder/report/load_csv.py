"""A run of many users as three CSV files, named and laid out as Locust's users know them.

``PREFIX_stats.csv`` has a row for each metric, ``PREFIX_history.csv`` one for each second and metric,
``PREFIX_failures.csv`` one for each way of failing. Durations are in milliseconds. A text that a
spreadsheet would take for a formula gets an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from recorder.load_summary import DurationStatistics, LoadSample, LoadSummary

from .load_json import rounded

_TYPE = "UMS"
_QUANTILES = ("50%", "90%", "95%", "99%", "99.9%", "100%")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")

Cell = str | int | float | None


def stats_csv(summary: LoadSummary) -> str:
    """The whole run: measured metrics, then counted ones."""
    head = ("Type", "Name", "Count", "Count/s", "Average", "Min", "Max", *_QUANTILES)
    rows: list[Sequence[Cell]] = [
        (
            _TYPE, each.metric, each.count, round(each.rate, 3), rounded(each.mean_ms), rounded(each.min_ms),
            rounded(each.max_ms), *_quantiles(each),
        )
        for each in summary.durations
    ]  # fmt: skip
    rows += [(_TYPE, each.metric, each.count, round(each.rate, 3)) for each in summary.counts]
    return _csv(head, rows)


def history_csv(samples: Iterable[LoadSample], *, began_us: int) -> str:
    """The run second by second; ``Timestamp`` is in whole seconds since the epoch, as Locust has it."""
    head = (
        "Timestamp", "User Count", "Type", "Name", "Count", "Count/s", *_QUANTILES,
        "Messages/s", "Frames/s", "Total Users", "Total Passed", "Total Failures",
    )  # fmt: skip
    rows: list[Sequence[Cell]] = []
    for sample in samples:
        at = int(began_us / 1e6 + sample.at_s)
        after = (
            round(sample.messages_per_s, 3), round(sample.frames_per_s, 3),
            sample.begun, sample.passed, sample.failed,
        )  # fmt: skip
        for each in sample.durations:
            measured = (each.metric, each.count, round(each.rate, 3), *_quantiles(each))
            rows.append((at, sample.active, _TYPE, *measured, *after))
    return _csv(head, rows)


def failures_csv(summary: LoadSummary) -> str:
    """What users failed of."""
    head = ("Type", "Name", "Error", "Occurrences")
    return _csv(head, [(_TYPE, each.step, each.sentence, each.users) for each in summary.failures])


def _quantiles(each: DurationStatistics) -> tuple[Cell, ...]:
    found = (each.p50_ms, each.p90_ms, each.p95_ms, each.p99_ms, each.p999_ms, each.max_ms)
    return tuple(map(rounded, found))


def _csv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    for row in rows:
        cells = ["" if cell is None else _harmless(cell) for cell in row]
        writer.writerow(cells + [""] * (len(head) - len(cells)))
    return text.getvalue()


def _harmless(cell: Cell) -> Cell:
    """Numbers as they are; a text that a spreadsheet would run as a formula, with an apostrophe before it."""
    if isinstance(cell, str) and (cell.lstrip().startswith(_FORMULA) or cell.startswith(("\t", "\r"))):
        return f"'{cell}"
    return cell
