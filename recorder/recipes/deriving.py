"""Derived tables: bring them up to date, make them anew, and answer from them where that is as true."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recorder.errors import RecorderError
from recorder.projection.derived import refresh
from recorder.projection.derived.refresh import Projection
from recorder.receipts.queries import MessageView
from recorder.store.archive import Archive
from recorder.store.info import SessionInfo

from .progress import with_progress
from .stop import Stop

Say = Callable[[str], None]


def messages_of(archive: Archive, session: SessionInfo, dialog: str | None) -> list[MessageView] | None:
    """The messages of one dialog from the derived tables, or None where only a fold can tell.

    That is: the tables are behind the frames, somebody still records, or there is no such dialog.
    """
    return None if dialog is None else refresh.messages_of(archive, session, dialog)


def rebuild(archive: Archive, session: str | None = None, *, jobs: int = 1) -> list[str]:
    """Drop the derived rows of a session (id, prefix, name or "last"), or of all, and make them anew.

    The frames of a long session are read by ``jobs`` processes. Returns the ids of these sessions.

    Raises:
        NotFound: no such session.
        StorageFailed: they cannot be written; those of the session at hand are as they were.
    """
    return refresh.rebuild(archive, session, jobs=jobs)


def refresh_after(archive: Archive, session: str, *, say: Say) -> None:
    """Bring the derived rows of a session that has ended up to date.

    The recording is whole without them: if it does not work, that is said, and the session stands.
    """
    try:
        refresh.refresh(archive, session)
    except RecorderError as problem:
        say(f"the derived tables are behind ({problem.says}); recorder archive rebuild {session} makes them")


def refresh_many(archive: Archive, sessions: Sequence[str], *, stop: Stop, say: Say) -> None:
    """Derive the rows of many sessions that have just ended, until ``stop``; ``say`` hears how far it is.

    As for one: what does not work, or is left for a stop, is said, and the sessions stand.
    """
    derived, why = 0, ""
    try:
        for session in with_progress(sessions, "deriving tables (sessions)", say):
            if stop.is_set():
                break
            Projection(archive, session, once=True).refresh()
            derived += 1
    except RecorderError as problem:
        why = f" ({problem.says})"
    if left := len(sessions) - derived:
        say(f"the derived tables of {left} sessions are behind{why}; recorder archive rebuild makes them")
