"""The tables of ``session list`` and ``archive verify``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import IO, Protocol

from recorder.counted import counted
from recorder.wire.records import SessionInfo

from .tables import print_line, print_table
from .times import clock_time, zone_name


def print_sessions(stream: IO[str], sessions: Iterable[SessionInfo], *, local: bool = False) -> None:
    """The table of ``session list``."""
    started = f"STARTED ({zone_name(local=local)})"
    print_table(
        stream,
        ("SESSION", "NAME+12", started, "/STATE", "SOURCE", ">CONN", ">FRAMES"),
        (
            (
                session.session,
                session.name or "-",
                clock_time(session.started_at_us, with_date=True, local=local),
                session.state,
                session.source,
                str(session.connections),
                str(session.frames),
            )
            for session in sessions
        ),
    )


VERIFIED_COLUMNS = ("SESSION", "NAME+12", "VERDICT", ">FRAMES", ">PROBLEMS")


class VerifiedSession(Protocol):
    """The result of verifying one session."""

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
    @property
    def not_covered(self) -> tuple[str, ...]: ...


def print_verified_sessions(stream: IO[str], verified: Sequence[VerifiedSession]) -> None:
    """The table of ``archive verify``; below it every problem in full, and what could not be compared."""
    rows = (
        (v.session or "(file)", v.name or "-", v.state, str(v.frames), str(len(v.problems) or "-"))
        for v in verified
    )
    print_table(stream, VERIFIED_COLUMNS, rows)
    for session in verified:
        for problem in session.problems:
            print_line(stream, f"{session.session or 'the file'}: {problem}")
    for what, count in Counter(what for session in verified for what in session.not_covered).items():
        print_line(
            stream, f"not covered: the {what} of {counted(count, 'session')}; {_WHY_NOT_COVERED[what]}"
        )


_WHY_NOT_COVERED = {
    "rows": "without an end record, or ended by a recorder that kept no digest of name, times, URLs, headers",
    "derived rows": "written without a digest; recorder archive rebuild makes one",
}
