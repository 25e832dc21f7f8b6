"""Tables of sessions, and of what verifying them found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO, Protocol

from rich.text import Text

from .json_views import SessionFacts
from .tables import clock_time, console, print_table
from .terminal import safe_text

SESSION_COLUMNS = ("SESSION", "NAME+", "SOURCE", "STATE", "STARTED", "CONNECTIONS", "FRAMES")


def print_sessions(stream: IO[str], sessions: Iterable[SessionFacts]) -> None:
    """The table of ``session list``."""
    print_table(
        stream,
        SESSION_COLUMNS,
        (
            (
                session.session,
                session.name or "-",
                session.source,
                session.state,
                clock_time(session.started_at_us, with_date=True),
                str(session.connections),
                str(session.frames),
            )
            for session in sessions
        ),
    )


VERDICT_COLUMNS = ("SESSION", "NAME+", "VERDICT", "FRAMES", "PROBLEMS")


class Verdict(Protocol):
    """What verifying one session found."""

    @property
    def session(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def state(self) -> str: ...
    @property
    def frames(self) -> int: ...
    @property
    def problems(self) -> tuple[str, ...]: ...


def print_verdicts(stream: IO[str], verdicts: Sequence[Verdict]) -> None:
    """The table of ``archive verify``, and every problem in full below it."""
    rows = (
        (v.session or "(file)", v.name or "-", v.state, str(v.frames), str(len(v.problems) or "-"))
        for v in verdicts
    )
    print_table(stream, VERDICT_COLUMNS, rows)
    for verdict in verdicts:
        for problem in verdict.problems:
            console(stream).print(
                Text(f"{verdict.session or 'the file'}: {safe_text(problem)}"), soft_wrap=True
            )
