"""The sessions of an archive that somebody looks for: by name, by time, the newest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from recorder.clock import Clock, RealClock
from recorder.documents.durations import parse_duration
from recorder.errors import BadOption
from recorder.store.archive import Archive
from recorder.wire.records import SessionInfo, parse_iso_utc

LineT = TypeVar("LineT")


def listed_sessions(
    archive: Archive, *, name: str | None = None, since: str | None = None, clock: Clock | None = None
) -> list[SessionInfo]:
    """The sessions of an archive, oldest first.

    Args:
        name: only those whose names hold this text, in capitals or not.
        since: only those that began then or later: an ISO time, or a duration like "2h" before now. One whose
            beginning is not known is left out.

    Raises:
        BadOption: ``since`` is neither.
    """
    sessions = archive.sessions()
    if name is not None:
        sessions = [each for each in sessions if name.casefold() in (each.name or "").casefold()]
    if since is not None:
        first_us = _moment_us(since, clock or RealClock())
        sessions = [each for each in sessions if _began_since(each, first_us)]
    return sessions


def newest(lines: Sequence[LineT], limit: int | None, *, reverse: bool = False) -> list[LineT]:
    """The last so many lines of a list that is oldest first; ``reverse``: newest first."""
    chosen = list(lines if limit is None else lines[-limit:])
    return chosen[::-1] if reverse else chosen


def _began_since(session: SessionInfo, first_us: int) -> bool:
    return session.started_at_us is not None and session.started_at_us >= first_us


def _moment_us(since: str, clock: Clock) -> int:
    try:
        return clock.wall_us() - round(parse_duration(since) * 1_000_000)
    except ValueError:
        pass
    try:
        return parse_iso_utc(since)
    except ValueError:
        raise BadOption(
            "--since",
            f'"{since}" is neither a time nor a duration',
            hint="write 2026-01-31T12:00:00Z, 2026-01-31, or 2h for the last two hours",
        ) from None
