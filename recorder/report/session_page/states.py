"""The states of all messages at all moments, as columns of facts; see the package for what they mean."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from typing import NamedTuple

from recorder.counted import counted
from recorder.messaging.events import Evidence
from recorder.receipts.delays import Clocks, Delay, delay
from recorder.receipts.queries import MessageView
from recorder.receipts.state import STATUS_ORDER
from recorder.receipts.state_changes import StateChange, ViewKey, view_key

from .blocks import NumberTable, Places
from .people import Giver, People, author_of, giver_of

FACT_KINDS = ("content", "sent", "status", "receipt", "receipt-gone", "gone")
STATUSES = ("pending", "failed", "unknown", "unseen", "sent", "accepted", "read")
CLOCKS = ("none", "server", "local")
_CONTENT, _SENT, _STATUS, _RECEIPT, _RECEIPT_GONE, _GONE = range(len(FACT_KINDS))

WrittenText = Callable[[str | None], str | None]
"""What the page shows of a text."""


class MessagePlaces(NamedTuple):
    """The messages in the order of the page: dialog by dialog, and in each as it was written.

    ``dialogs`` are ids; None for publishes that name none. ``of`` is key → place. Those that come while the
    session grows stand behind the others, whichever dialog they are of: the page puts them in order.
    """

    keys: list[ViewKey]
    dialog_of: list[int]
    dialogs: list[str | None]
    of: dict[ViewKey, int]

    def add(self, key: ViewKey, dialog_id: str | None) -> None:
        """Give a message a place, unless it has one."""
        if key in self.of:
            return
        if dialog_id not in self.dialogs:
            self.dialogs.append(dialog_id)
        self.of[key] = len(self.keys)
        self.keys.append(key)
        self.dialog_of.append(self.dialogs.index(dialog_id))


def places_of(changes: Iterable[StateChange]) -> MessagePlaces:
    """Where each message stands, also one that is shown for a while only."""
    first: dict[ViewKey, int] = {}
    dialog_of: dict[ViewKey, str | None] = {}
    for change in changes:
        if change.message is not None:
            first.setdefault(change.key, change.frame)
            dialog_of[change.key] = change.message.dialog_id
    dialogs: dict[str | None, list[ViewKey]] = {}
    for key, dialog_id in dialog_of.items():
        dialogs.setdefault(dialog_id, []).append(key)
    keys = [key for listed in dialogs.values() for key in _written_order(listed, first)]
    numbers = {dialog_id: number for number, dialog_id in enumerate(dialogs)}
    places = {key: place for place, key in enumerate(keys)}
    return MessagePlaces(keys, [numbers[dialog_of[key]] for key in keys], list(dialogs), places)


def _written_order(keys: Iterable[ViewKey], first: Mapping[ViewKey, int]) -> list[ViewKey]:
    """By sequence; a publish that has none behind what was there when it went out."""
    listed = list(keys)
    numbered = sorted((key for key in listed if key[0] is not None), key=lambda key: key[1])
    seen_by = list(accumulate((first[key] for key in numbered), max))
    publishes = sorted(key[1] for key in listed if key[0] is None)
    order: list[ViewKey] = []
    taken = 0
    for frame in publishes:
        until = bisect_right(seen_by, frame)
        order += [*numbered[taken:until], (None, frame)]
        taken = max(taken, until)
    return order + numbered[taken:]


class StateColumns:
    """Writes the facts, change by change."""

    def __init__(
        self,
        places: MessagePlaces,
        people: People,
        clocks: Mapping[str | None, Clocks],
        written: WrittenText,
    ) -> None:
        self._places, self._people, self._clocks, self._written = places, people, clocks, written
        self._shown: dict[int, _ShownState] = {}
        self.contents = Places()
        self.receipt_words = Places(STATUS_ORDER)
        self.facts = NumberTable(
            {
                "from": "I",
                "message": "I",
                "kind": "B",
                "a": "I",
                "b": "H",
                "earlier": "I",
                "proof": "B",
                "server": "d",
                "after": "d",
                "clock": "B",
            }
        )
        self.messages = NumberTable({"dialog": "I", "sequence": "d", "publish": "I"})
        self._add_messages()

    def _add_messages(self) -> None:
        written = len(self.messages)
        keys, dialogs = self._places.keys[written:], self._places.dialog_of[written:]
        for (dialog_id, number), dialog in zip(keys, dialogs, strict=True):
            unnumbered = dialog_id is None
            self.messages.add(dialog, None if unnumbered else number, number if unnumbered else 0)

    def grow(self, changes: Iterable[StateChange], clocks: Mapping[str | None, Clocks]) -> None:
        """Add changes that came later, to messages that have their places; ``clocks`` are as of now."""
        self._clocks = clocks
        self._add_messages()
        for change in changes:
            if change.key in self._places.of:
                self.add(change)

    def add(self, change: StateChange) -> None:
        """Add what this change says that was not said before."""
        place = self._places.of[change.key]
        message = change.message
        if message is None:
            self._shown.pop(place, None)
            self._fact(change.frame, place, _GONE)
            return
        before = self._shown.get(place, _NOTHING)
        now = self._summary(message)
        self._shown[place] = now
        if now.content != before.content:
            self._fact(change.frame, place, _CONTENT, now.content)
        if now.sent != before.sent and now.sent is not None:
            self._fact(change.frame, place, _SENT, 0, int(now.sent.snapshot), now.sent)
        for key in before.receipts.keys() - now.receipts.keys():
            self._fact(change.frame, place, _RECEIPT_GONE, *key)
        clocks = self._clocks.get(message.dialog_id)
        for key, evidence in now.receipts.items():
            if before.receipts.get(key) != evidence or now.sent != before.sent:
                self._fact(change.frame, place, _RECEIPT, *key, evidence, delay(now.sent, evidence, clocks))
        if now.status != before.status:
            self._fact(change.frame, place, _STATUS, now.status)

    def _summary(self, message: MessageView) -> _ShownState:
        receipts = {
            (
                self._people.place(giver_of(receipt)),
                self.receipt_words.of(receipt.status),
            ): receipt.evidence
            for receipt in message.receipts
        }
        return _ShownState(self._content(message), message.sent, receipts, STATUSES.index(message.status))

    def _content(self, message: MessageView) -> int:
        row = (
            self._people.place(author_of(message)) if message.sent is not None else None,
            message.role,
            message.type,
            self._written(message.text),
            message.audience if message.is_private else None,
            message.mine,
            self._remark(message),
        )
        return self.contents.of(row)

    def _remark(self, message: MessageView) -> str | None:
        if message.contents:
            others = (each for each in message.contents if each.text != message.text)
            told = ", ".join(
                f'"{self._written(each.text)}" (frame #{each.evidence.frame})' for each in others
            )
            count = counted(len(message.contents), "content")
            return f"{count} under this sequence; also {told or 'another author'}"
        if message.echo is not None:
            return (
                f"probably the publish of frame #{message.echo.request_frame}, which no answer numbered:"
                f" the same text was announced in frame #{message.echo.announced.frame}"
            )
        return None

    def _fact(
        self,
        since: int,
        place: int,
        kind: int,
        a: int = 0,
        b: int = 0,
        evidence: Evidence | None = None,
        after: Delay | None = None,
    ) -> None:
        frame, proof, server_ms = (0, 0, None)
        if evidence is not None:
            frame, proof, server_ms = evidence.frame, int(evidence.proof), evidence.server_ms
        by_service = after is None or after.clock == "server"  # the page has both ends
        after_us = None if by_service or after is None else round(after.seconds * 1_000_000)
        clock = CLOCKS.index("none" if after is None else after.clock)
        earlier = since - frame if evidence is not None else 0
        self.facts.add(since, place, kind, a, b, earlier, proof, server_ms, after_us, clock)


class _ShownState(NamedTuple):
    content: int
    sent: Evidence | None
    receipts: Mapping[tuple[int, int], Evidence]
    status: int


_NOTHING = _ShownState(-1, None, {}, -1)


def people_in(changes: Iterable[StateChange]) -> list[Giver]:
    """Everybody who wrote or gave a receipt, in the order in which they turn up."""
    found: dict[Giver, None] = {}
    for change in changes:
        if change.message is not None:
            if change.message.sent is not None:
                found.setdefault(author_of(change.message))
            for receipt in change.message.receipts:
                found.setdefault(giver_of(receipt))
    return list(found)


def place_in(places: MessagePlaces, message: MessageView) -> int | None:
    """The place of a message as of the end."""
    return places.of.get(view_key(message))
