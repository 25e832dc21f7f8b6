"""Check a session again and again while it is recorded (``check --watch``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Unpack

from recorder.checks.findings import Finding
from recorder.clock import Clock, RealClock
from recorder.errors import BadOption
from recorder.store.archive import Archive

from .check_session import Checked, CheckKeywords, checked, checked_limits
from .follow import INTERVAL, waiting
from .option_values import duration_s
from .stop import WaitableStop

_SHARE = 4
"""Of the time, a check takes no more than one part in so many: one of a long session waits longer."""


class CheckUpdate(NamedTuple):
    """A check, the findings of it that the one before did not have, and whether the session has ended."""

    checked: Checked
    changed: Sequence[Finding]
    over: bool


def check_watch_options(options: CheckKeywords) -> None:
    """Raise what ``watched_checks`` would raise over these options, before a session is waited for."""
    if options.get("at") is not None:
        raise BadOption("--at", "it does not go together with --watch")
    checked_limits(options)


def watched_checks(
    archive: Archive,
    session: str,
    *,
    interval: str = INTERVAL,
    clock: Clock | None = None,
    stop: WaitableStop | None = None,
    **options: Unpack[CheckKeywords],
) -> Iterator[CheckUpdate]:
    """Check a session, and again whenever it has new frames, until it ends or ``stop`` is set.

    Options and errors are those of ``checked``; ``interval`` ("500ms") is the time between two looks.

    Raises:
        BadOption: the interval is no duration, or ``at`` is given: what was known then does not change.
    """
    check_watch_options(options)
    clock, interval_s = clock or RealClock(), duration_s("--interval", interval)
    wait = waiting(clock, stop)
    session_id = archive.find_session(session, connected=True).session
    seen: tuple[int, str] | None = None
    known: set[Finding] = set()
    while stop is None or not stop.is_set():
        info = archive.find_session(session_id)  # before its frames are read: it may end meanwhile
        began_s = clock.now_s()
        if seen != (info.frames, info.state):
            seen = (info.frames, info.state)
            result = checked(archive, session_id, **options)
            yield CheckUpdate(
                result, [each for each in result.findings if each not in known], info.state != "recording"
            )
            known = set(result.findings)
        if info.state != "recording":
            return
        wait(max(interval_s, (clock.now_s() - began_s) * _SHARE))
