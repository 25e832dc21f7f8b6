"""The messages that filters leave in, while they are listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from recorder.messaging.events import Evidence
from recorder.receipts.listing import DialogListing, MessageListing
from recorder.receipts.participants import participant_word
from recorder.receipts.queries import MessageView
from recorder.report.json_views import message_json

from .filters import Filters, PatternSearch


class ListingFilter:
    """Passes on the messages of one session that are asked for.

    A message has the time of the frame that proves that it was sent, an unseen one that of its first receipt.
    """

    def __init__(self, filters: Filters, session: str) -> None:
        self._filters = filters
        self._session = session
        self._search = None if filters.grep is None else PatternSearch(filters.grep)
        self._left = filters.limit

    def listing(self, listing: MessageListing) -> MessageListing:
        """The same listing with the messages that pass, and the dialogs that such messages are in."""
        return listing._replace(
            messages=self.passing(listing.messages), dialogs=self._dialogs(listing.dialogs)
        )

    def _dialogs(self, dialogs: Iterable[DialogListing]) -> Iterator[DialogListing]:
        for dialog in dialogs:
            messages = self.passing(dialog.messages)
            first = next(messages, None)
            if first is not None:
                yield dialog._replace(messages=chain((first,), messages))

    def passing(self, messages: Iterable[MessageView]) -> Iterator[MessageView]:
        """Those of the next messages that pass. Raises ``BadOption`` where a filter cannot be decided."""
        if self._left is not None and self._left <= 0:
            return
        for message in messages:
            if not self.passes(message):
                continue
            if self._left is not None:
                self._left -= 1
            yield message
            if self._left is not None and self._left <= 0:
                return

    def passes(self, message: MessageView) -> bool:
        """Whether a message is asked for, whatever the limit. Raises ``BadOption`` as ``passing`` does."""
        filters = self._filters
        if filters.dialog not in (None, message.dialog_id):
            return False
        if not any(map(filters.has_type, (message.type, *(each.type for each in message.contents)))):
            return False
        return (
            self._people(message)
            and self._status(message)
            and self._within(message)
            and self._content_passes(message)
        )

    def _people(self, message: MessageView) -> bool:
        filters = self._filters
        who = {message.author, message.role, "you" if message.mine else None}
        who.add(participant_word(message.author, message.role, mine=message.mine))
        if filters.sender is not None and filters.sender not in {each.lower() for each in who if each}:
            return False
        everybody = (message.author, *(each.participant for each in message.receipts))
        return filters.participant is None or filters.participant in everybody

    def _status(self, message: MessageView) -> bool:
        wanted = self._filters.status
        given = (each.status.lower() for each in message.receipts)
        return wanted is None or wanted == message.status or wanted in given

    def _within(self, message: MessageView) -> bool:
        evidence = _first_evidence(message)
        if evidence is not None:
            return self._filters.is_within(evidence.frame, evidence.offset_us, evidence.at_us)
        return self._filters.since is None and self._filters.until is None

    def _content_passes(self, message: MessageView) -> bool:
        if self._search is not None:
            texts = [message.text or "", *(each.text or "" for each in message.contents)]
            where = f"message {message.sequence}"
            if not any(self._search.found_in(text, where) for text in texts):
                return False
        where_filter = self._filters.where
        return where_filter is None or where_filter.holds_for(message_json(self._session, message))


def _first_evidence(message: MessageView) -> Evidence | None:
    if message.sent is not None:
        return message.sent
    return min((each.evidence for each in message.receipts), key=lambda each: each.frame, default=None)
