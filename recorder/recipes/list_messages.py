"""The messages of a session, read while they are listed where their rows are enough, else folded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from recorder.projection.derived.stored_listing import stored_listing
from recorder.receipts.aliases import Aliases, ParticipantTracker
from recorder.receipts.listing import MessageListing, dialogs_of
from recorder.receipts.self_facts import KnownPeople
from recorder.store.archive import Archive
from recorder.store.remarks import Notify, silent
from recorder.wire.records import SessionInfo

from .archives import open_archive
from .at_moment import events
from .queries import alias_remarks, messages

if TYPE_CHECKING:
    from .filters import Filters


@contextmanager
def listed_messages(
    archive: str,
    session: str,
    *,
    dialog: str | None = None,
    at: str | None = None,
    aliases: Aliases | None = None,
    filters: Filters | None = None,
    say: Notify = silent,
    suggest: bool = True,
) -> Iterator[MessageListing]:
    """The messages of a session or of one dialog, now or as of ``at``, to be listed within the block.

    With ``filters`` those that pass; a dialog is named by ``dialog``, so that an unknown one is an error.

    ``say`` is called as by ``open_session``; where the rows were enough, with the ids that may be one
    person's only after the block, and only if ``suggest``, because that reads all frames.

    Raises:
        NotFound: no such session, or no such dialog in it (by then).
        BadOption: no such moment, or a filter cannot be decided for a message.
        ArchiveUnusable: it cannot be read, which may show only while the listing is iterated over.
    """
    with open_archive(archive, say=say) as opened:
        if at is None and not aliases:
            found = opened.find_session(session, connected=True)
            with stored_listing(opened, found, dialog) as listing:
                if listing is not None:
                    yield _chosen(listing, filters)
            if listing is not None:
                if suggest and dialog is None and listing.maybe_one_person:
                    _say_suggestions(opened, found, say)
                return
        people: KnownPeople = {}
        session_id, listed = messages(
            opened, session, dialog=dialog, at=at, aliases=aliases, say=say, people=people
        )
    yield _chosen(MessageListing(session_id, listed, dialogs_of(listed), people), filters)


def _chosen(listing: MessageListing, filters: Filters | None) -> MessageListing:
    if filters is None:
        return listing
    from .message_filter import ListingFilter

    return ListingFilter(filters, listing.session).listing(listing)


def _say_suggestions(archive: Archive, session: SessionInfo, say: Notify) -> None:
    """Say which ids may be one person's, as the events of all frames tell."""
    tracker = ParticipantTracker()
    for _ in tracker.watch(events(archive, session)):
        pass
    for remark in alias_remarks(tracker.suggestions()):
        say(remark)
