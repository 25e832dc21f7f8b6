"""The tables of ``session list`` and ``archive verify``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import IO, Protocol

from recorder.counted import counted
from recorder.wire.records import SessionInfo

from .load_runs import LoadRun, run_words
from .tables import print_line, print_table
from .times import clock_time, zone_name


def print_sessions(stream: IO[str], lines: Iterable[SessionInfo | LoadRun], *, local: bool = False) -> None:
    """The table of ``session list``; a load run is one line."""
    print_table(stream, session_columns(local=local), (session_row(line, local=local) for line in lines))


def session_columns(*, local: bool = False) -> tuple[str, ...]:
    """The columns of ``session list``."""
    return (
        "SESSION",
        "NAME+12",
        f"STARTED ({zone_name(local=local)})",
        "/STATE",
        "SOURCE",
        ">CONN",
        ">FRAMES",
    )


def session_row(line: SessionInfo | LoadRun, *, local: bool = False) -> tuple[str, ...]:
    """A row of ``session list``."""
    sessions = line.sessions if isinstance(line, LoadRun) else [line]
    return (
        run_words(line) if isinstance(line, LoadRun) else line.session,
        line.name or "-",
        clock_time(sessions[0].started_at_us, with_date=True, local=local),
        line.state,
        sessions[0].source,
        str(sum(each.connections for each in sessions)),
        str(sum(each.frames for each in sessions)),
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
