"""A run of many users for people: a table that is drawn anew while it goes on, and one at the end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from typing import IO

from rich.live import Live
from rich.table import Table
from rich.text import Text

from recorder.counted import counted
from recorder.load_summary import DurationStatistics, LoadSample, LoadSummary

from .tables import console, print_line, print_table
from .terminal import safe_text

LINE_EVERY_S = 5.0
"""Where the table cannot be redrawn: how often there is a line instead."""

_SHOWN_LIVE = ("receipt_lateness", "answer", "push")
_MOST_FAILURES = 10


class LoadProgress:
    """Shows the latest sample of a load run, in a thread of its own: drawing must not delay a receipt.

    Use it with ``with``; call it with each sample.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._samples: queue.SimpleQueue[LoadSample | None] = queue.SimpleQueue()
        paint = self._redraw if stream.isatty() else self._write_lines
        self._thread = threading.Thread(target=paint, name="progress", daemon=True)

    def __call__(self, sample: LoadSample) -> None:
        """Show this sample soon."""
        self._samples.put(sample)

    def __enter__(self) -> LoadProgress:
        self._thread.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._samples.put(None)
        self._thread.join()

    def _redraw(self) -> None:
        with Live(console=console(self._stream), auto_refresh=False, transient=True) as live:
            while (sample := self._samples.get()) is not None:
                live.update(sample_table(sample), refresh=True)

    def _write_lines(self) -> None:
        next_s = 0.0
        while (sample := self._samples.get()) is not None:
            if sample.at_s >= next_s:
                next_s = sample.at_s + LINE_EVERY_S
                self._stream.write(sample_line(sample) + "\n")
                self._stream.flush()


def sample_line(sample: LoadSample) -> str:
    """``12s  500 users under way, 120 passed, 0 failed; 812 messages/s; answers 40: p50 …``."""
    named = zip(_SHOWN_LIVE, ("receipts late", "answers", "pushes"), strict=True)
    figures = {row.metric: row for row in sample.durations if row.count}
    measured = [f"{name} {_briefly(figures[metric])}" for metric, name in named if metric in figures]
    users = f"{sample.at_s:6.0f}s  {_users(sample)}"
    return "; ".join([users, f"{sample.messages_per_s:.0f} messages/s", *measured])


def _briefly(durations: DurationStatistics) -> str:
    return f"{durations.count}: p50 {_ms(durations.p50_ms)} p99 {_ms(durations.p99_ms)}"


def _users(sample: LoadSample) -> str:
    return f"{counted(sample.active, 'user')} under way, {sample.passed} passed, {sample.failed} failed"


def sample_table(sample: LoadSample) -> Table:
    """The sample as a table, for a terminal that is redrawn."""
    table = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        title=f"{sample.at_s:.0f}s  {_users(sample)}  {sample.messages_per_s:.0f} messages/s",
        title_justify="left",
    )
    for column in ("METRIC", "COUNT", "P50", "P95", "P99", "MAX"):
        table.add_column(column, justify="left" if column == "METRIC" else "right", no_wrap=True)
    for row in sample.durations:
        if row.metric in _SHOWN_LIVE:
            cells = (row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms)
            table.add_row(Text(row.metric), str(row.count), *map(_ms, cells))
    return table


def print_summary(stream: IO[str], summary: LoadSummary) -> None:
    """The whole run: what was measured, what was counted, and what users failed of."""
    columns = ("METRIC", ">COUNT", ">RATE", ">MEAN", ">P50", ">P95", ">P99", ">MAX")
    print_table(stream, columns, [_row(each) for each in summary.durations if each.count])
    stream.write("\n")
    counts = [(each.metric, str(each.count), f"{each.rate:.2f}/s") for each in summary.counts if each.count]
    print_table(stream, ("COUNTED", ">COUNT", ">RATE"), counts)
    if summary.failures:
        stream.write("\n")
        _print_failures(stream, summary)


def _print_failures(stream: IO[str], summary: LoadSummary) -> None:
    shown = summary.failures[:_MOST_FAILURES]
    rows = [(str(each.users), each.step or "-", safe_text(each.sentence)) for each in shown]
    print_table(stream, (">USERS", "STEP", "FAILURE+"), rows)
    if len(summary.failures) > len(shown):
        print_line(stream, f"and {counted(len(summary.failures) - len(shown), 'other reason')}")


def _row(each: DurationStatistics) -> Sequence[str]:
    durations = (each.mean_ms, each.p50_ms, each.p95_ms, each.p99_ms, each.max_ms)
    return (each.metric, str(each.count), f"{each.rate:.2f}/s", *map(_ms, durations))


def _ms(milliseconds: float | None) -> str:
    """``0.42ms``, ``12.3ms``, ``1.204s``; ``-`` where nothing was measured."""
    if milliseconds is None:
        return "-"
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.3f}s"
    return f"{milliseconds:.2f}ms" if milliseconds < 10 else f"{milliseconds:.1f}ms"
