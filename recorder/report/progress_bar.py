"""A line at the bottom of a terminal that shows what is going on, how far it is, and for how long."""

from __future__ import annotations

from typing import IO

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn
from rich.progress import TimeElapsedColumn as _ElapsedColumn

from .cells import shows
from .tables import console
from .terminal import safe_text


class ProgressBar:
    """The line of one task; it moves by itself, in a thread of its own, until it is closed."""

    def __init__(self, stream: IO[str], doing: str) -> None:
        self._progress = Progress(
            SpinnerColumn("dots" if shows(stream, "⠋") else "line"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TaskProgressColumn(),
            _ElapsedColumn(),
            console=console(stream),
            transient=True,
        )
        self._task: TaskID = self._progress.add_task(safe_text(doing), total=None)
        self._progress.start()

    def show(self, doing: str, share: float | None) -> None:
        """Show this; ``share`` is from 0 to 1, None if nobody knows."""
        if share is None:
            self._progress.update(self._task, description=safe_text(doing), total=None)
        else:
            self._progress.update(self._task, description=safe_text(doing), total=100, completed=share * 100)

    def print_line(self, line: str) -> None:
        """Print a line that stays."""
        self._progress.console.print(safe_text(line), soft_wrap=True)

    def close(self) -> None:
        """Take the line away."""
        self._progress.stop()
