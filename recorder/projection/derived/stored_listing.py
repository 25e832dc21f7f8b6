"""Lists messages from the derived rows of a session, where these are up to date: at once, however long it is.

Loads no database library to read a file (tests/benchmarks/message_list.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from recorder.errors import ArchiveUnusable
from recorder.receipts.listing import MessageListing
from recorder.store import reading
from recorder.store.archive import Archive
from recorder.wire.records import SessionInfo

from . import queries

T = TypeVar("T")


def is_up_to_date(archive: Archive, session: SessionInfo) -> bool:
    """Whether the derived rows follow from all frames of the session. Never while it is recorded."""
    if session.state == "recording":
        return False
    with archive.reader() as reader:
        session_id = reading.session_row(reader, session.session)
        return queries.is_up_to_date(reader, session_id, interrupted=session.state == "interrupted")


@contextmanager
def stored_listing(
    archive: Archive, session: SessionInfo, dialog_id: str | None = None
) -> Iterator[MessageListing | None]:
    """The messages of a session or of one dialog, from the derived rows as of one moment.

    None if these are not up to date, lack some messages, or hold no such dialog. Iterating over the listing
    raises ``ArchiveUnusable`` where a row cannot be read.
    """
    with archive.reader() as reader, reader.one_state():
        if not is_up_to_date(archive, session):
            yield None
            return
        errors: tuple[type[Exception], ...] = (ValueError, *reader.errors)
        stored = queries.StoredMessages(reader, reading.session_row(reader, session.session))
        with _raising_damage(archive, session, errors):
            listing = stored.listing(session.session, dialog_id)
        if listing is None:
            yield None
            return

        def readable(rows: Iterable[T]) -> Iterator[T]:
            with _raising_damage(archive, session, errors):
                yield from rows

        dialogs = (each._replace(messages=readable(each.messages)) for each in readable(listing.dialogs))
        yield listing._replace(messages=readable(listing.messages), dialogs=dialogs)


@contextmanager
def _raising_damage(
    archive: Archive, session: SessionInfo, errors: tuple[type[Exception], ...]
) -> Iterator[None]:
    """Raise ``ArchiveUnusable`` instead of any of these errors."""
    try:
        yield
    except errors as error:
        # What the database says may quote content.
        says = f"the file is damaged: {error}" if isinstance(error, ValueError) else "the file is damaged"
        hint = f"recorder archive rebuild {session.session} derives the rows again; archive verify tells more"
        raise ArchiveUnusable(archive.where, says, hint=hint) from error
