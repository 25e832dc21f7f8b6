"""Derive the tables of sessions anew, and tell how far that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recorder.projection.derived import refresh
from recorder.store.archive import Archive
from recorder.store.remarks import Notify, silent
from recorder.wire.records import SessionInfo

from .progress import ProgressCount


def rebuild(
    archive: Archive, session: str | None = None, *, jobs: int = 1, say: Notify = silent
) -> list[str]:
    """Drop the derived tables of a session (id, prefix, name or "last"), or of all, and derive them again.

    The frames of a long session are read by ``jobs`` processes; ``say`` is called with the progress. Returns
    the ids of these sessions.

    Raises:
        NotFound: there is no such session.
        StorageFailed: they cannot be written; those of the session at hand are as they were.
    """

    def through(sessions: Sequence[SessionInfo]) -> Iterator[SessionInfo]:
        doing = "deriving tables (sessions)"
        return ProgressCount(doing, say, total=len(sessions), look_every=1).counting(sessions)

    return refresh.rebuild(archive, session, jobs=jobs, through=through)
