"""A run of many users for people: a table that is drawn anew while it goes on, and one at the end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from typing import IO

from rich.live import Live
from rich.table import Table
from rich.text import Text

from .load_figures import Figure, Figures, Moment
from .tables import console, print_line, print_table
from .terminal import safe_text

LINE_EVERY_S = 5.0
"""Where the table cannot be redrawn: how often there is a line instead."""

_SHOWN_LIVE = ("receipt_lateness", "answer", "push")
_MOST_FAILURES = 10


class Progress:
    """Shows how it goes, in a thread of its own: drawing must not hold a receipt up.

    Use it with ``with``; call it with each moment.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._moments: queue.SimpleQueue[Moment | None] = queue.SimpleQueue()
        paint = self._redraw if stream.isatty() else self._write_lines
        self._thread = threading.Thread(target=paint, name="progress", daemon=True)

    def __call__(self, moment: Moment) -> None:
        """Show this one soon."""
        self._moments.put(moment)

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._moments.put(None)
        self._thread.join()

    def _redraw(self) -> None:
        with Live(console=console(self._stream), auto_refresh=False) as live:
            while (moment := self._moments.get()) is not None:
                live.update(moment_table(moment), refresh=True)

    def _write_lines(self) -> None:
        next_s = 0.0
        while (moment := self._moments.get()) is not None:
            if moment.at_s >= next_s:
                next_s = moment.at_s + LINE_EVERY_S
                self._stream.write(moment_line(moment) + "\n")
                self._stream.flush()


def moment_line(moment: Moment) -> str:
    """``12s  500 users under way, 120 passed, 0 failed; 812 messages/s; answers 40: p50 …``."""
    named = zip(_SHOWN_LIVE, ("receipts late", "answers", "pushes"), strict=True)
    figures = {figure.metric: figure for figure in moment.figures if figure.count}
    measured = [f"{name} {_briefly(figures[metric])}" for metric, name in named if metric in figures]
    users = f"{moment.at_s:6.0f}s  {_users(moment)}"
    return "; ".join([users, f"{moment.messages_per_s:.0f} messages/s", *measured])


def _briefly(figure: Figure) -> str:
    return f"{figure.count}: p50 {_ms(figure.p50_ms)} p99 {_ms(figure.p99_ms)}"


def _users(moment: Moment) -> str:
    return f"{moment.active} users under way, {moment.passed} passed, {moment.failed} failed"


def moment_table(moment: Moment) -> Table:
    """The same as a table."""
    table = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        title=f"{moment.at_s:.0f}s  {_users(moment)}  {moment.messages_per_s:.0f} messages/s",
        title_justify="left",
    )
    for column in ("METRIC", "COUNT", "P50", "P95", "P99", "MAX"):
        table.add_column(column, justify="left" if column == "METRIC" else "right", no_wrap=True)
    for figure in moment.figures:
        if figure.metric in _SHOWN_LIVE:
            cells = (figure.p50_ms, figure.p95_ms, figure.p99_ms, figure.max_ms)
            table.add_row(Text(figure.metric), str(figure.count), *map(_ms, cells))
    return table


def print_figures(stream: IO[str], figures: Figures) -> None:
    """The whole run: what was measured, what was counted, and what users failed of."""
    columns = ("METRIC", "COUNT", "RATE", "MEAN", "P50", "P95", "P99", "MAX")
    print_table(stream, columns, [_row(figure) for figure in figures.figures if figure.count])
    stream.write("\n")
    counts = [(each.metric, str(each.count), f"{each.rate:.2f}/s") for each in figures.counts if each.count]
    print_table(stream, ("COUNTED", "COUNT", "RATE"), counts)
    if figures.failures:
        stream.write("\n")
        _print_failures(stream, figures)


def _print_failures(stream: IO[str], figures: Figures) -> None:
    shown = figures.failures[:_MOST_FAILURES]
    rows = [(str(each.users), each.step or "-", safe_text(each.says)) for each in shown]
    print_table(stream, ("USERS", "STEP", "FAILURE+"), rows)
    if len(figures.failures) > len(shown):
        print_line(stream, f"and {len(figures.failures) - len(shown)} more ways of failing")


def _row(figure: Figure) -> Sequence[str]:
    durations = (figure.mean_ms, figure.p50_ms, figure.p95_ms, figure.p99_ms, figure.max_ms)
    return (figure.metric, str(figure.count), f"{figure.rate:.2f}/s", *map(_ms, durations))


def _ms(milliseconds: float | None) -> str:
    """``0.42ms``, ``12.3ms``, ``1.204s``; ``-`` where nothing was measured."""
    if milliseconds is None:
        return "-"
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.3f}s"
    return f"{milliseconds:.2f}ms" if milliseconds < 10 else f"{milliseconds:.1f}ms"
