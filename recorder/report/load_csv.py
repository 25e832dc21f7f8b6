"""A run of many users as three CSV files, named and laid out as Locust's users know them.

``PREFIX_stats.csv`` has a row for each metric, ``PREFIX_history.csv`` one for each second and metric,
``PREFIX_failures.csv`` one for each way of failing. Durations are in milliseconds. A text that a
spreadsheet would take for a formula gets an apostrophe before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from recorder.load_summary import DurationStatistics, LoadSample, LoadSummary

from .csv_text import Value, csv_text
from .load_json import rounded

_TYPE = "UMS"
_QUANTILES = ("50%", "90%", "95%", "99%", "99.9%", "100%")


def stats_csv(summary: LoadSummary) -> str:
    """The whole run: measured metrics, then counted ones."""
    head = ("Type", "Name", "Count", "Count/s", "Average", "Min", "Max", *_QUANTILES)
    rows: list[Sequence[Value]] = [
        (
            _TYPE, each.metric, each.count, round(each.rate, 3), rounded(each.mean_ms), rounded(each.min_ms),
            rounded(each.max_ms), *_quantiles(each),
        )
        for each in summary.durations
    ]  # fmt: skip
    rows += [(_TYPE, each.metric, each.count, round(each.rate, 3)) for each in summary.counts]
    return csv_text(head, rows)


def history_csv(samples: Iterable[LoadSample], *, began_us: int) -> str:
    """The run second by second; ``Timestamp`` is in whole seconds since the epoch, as Locust has it."""
    head = (
        "Timestamp", "User Count", "Type", "Name", "Count", "Count/s", *_QUANTILES,
        "Messages/s", "Frames/s", "Total Users", "Total Passed", "Total Failures",
    )  # fmt: skip
    rows: list[Sequence[Value]] = []
    for sample in samples:
        at = int(began_us / 1e6 + sample.at_s)
        after = (
            round(sample.messages_per_s, 3), round(sample.frames_per_s, 3),
            sample.begun, sample.passed, sample.failed,
        )  # fmt: skip
        for each in sample.durations:
            measured = (each.metric, each.count, round(each.rate, 3), *_quantiles(each))
            rows.append((at, sample.active, _TYPE, *measured, *after))
    return csv_text(head, rows)


def failures_csv(summary: LoadSummary) -> str:
    """What users failed of."""
    head = ("Type", "Name", "Error", "Occurrences")
    return csv_text(head, [(_TYPE, each.step, each.sentence, each.users) for each in summary.failures])


def _quantiles(each: DurationStatistics) -> tuple[Value, ...]:
    found = (each.p50_ms, each.p90_ms, each.p95_ms, each.p99_ms, each.p999_ms, each.max_ms)
    return tuple(map(rounded, found))
