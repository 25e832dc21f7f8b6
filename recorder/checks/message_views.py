"""The messages of a session that grows: after each step the views that another fact has changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from recorder.messaging.events import (
    ConversationChanged,
    Event,
    MessagePublished,
    Proof,
    PublishLost,
    PublishRefused,
    PublishRequested,
    PublishTaken,
    ReceiptRefused,
    ReceiptReported,
)
from recorder.receipts.echoes import Echo, MessageKey, probable_echoes
from recorder.receipts.queries import MessageView, message_view, role_of
from recorder.receipts.selves import Selves
from recorder.receipts.selves_tracker import SelvesTracker
from recorder.receipts.state import Transcript


class MessageViews:
    """Follows a transcript; ``views`` are those of now, by dialog and sequence."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.views: dict[MessageKey, MessageView] = {}
        self._selves = SelvesTracker()
        self.selves = self._selves.selves
        self._echoes: Mapping[MessageKey, Echo] = {}
        self._lost: set[int] = set()
        self._roles: dict[str, str | None] = {}
        self._keys_of: defaultdict[str, set[MessageKey]] = defaultdict(set)
        self._numbered_by: defaultdict[tuple[str, int], set[MessageKey]] = defaultdict(set)
        self._numbers_of: defaultdict[MessageKey, set[int]] = defaultdict(set)
        self._heard_on: set[int] = set()

    def advance(self, events: Sequence[Event]) -> tuple[set[MessageKey], bool]:
        """Take the events that were folded last: the messages that changed, and whether we did."""
        before = self.selves
        touched = set(self._named(events))
        learnt = self._selves.advance(self.transcript, events)
        self.selves = self._selves.selves
        others = learnt and self._are_others_than(before)
        if others:
            touched |= self.views.keys()
        if others or self._may_change_echoes(events):
            echoes = probable_echoes(self.transcript, self.selves)
            touched |= {key for key, _ in echoes.items() ^ self._echoes.items()}
            self._echoes = echoes
        touched |= self._of_new_roles(events)
        self._heard_on |= {each.evidence.connection for each in events if not isinstance(each, PublishLost)}
        return {key for key in touched if self._has_changed(key)}, others

    def _are_others_than(self, before: Selves) -> bool:
        """Whether we are others in what was heard so far: a new connection makes no difference yet."""
        now = self.selves
        if (before.ids, before.suggested) != (now.ids, now.suggested):
            return True
        return any(before.by_connection.get(each) != now.by_connection.get(each) for each in self._heard_on)

    def _named(self, events: Iterable[Event]) -> Iterator[MessageKey]:
        for event in events:
            if isinstance(event, MessagePublished):
                yield event.dialog_id, event.sequence
            elif isinstance(event, ReceiptReported | ReceiptRefused):
                for sequence in event.sequences:
                    yield event.dialog_id, sequence
                if isinstance(event, ReceiptReported):
                    yield from self._of_the_same_number(event)

    def _of_the_same_number(self, event: ReceiptReported) -> Iterator[MessageKey]:
        """Who gave a receipt twice tells who gave those of ours that were answered with the same number."""
        keys = [(event.dialog_id, sequence) for sequence in event.sequences]
        if event.own_sequence is not None:
            if event.evidence.proof is Proof.ACKNOWLEDGED:
                self._numbered_by[event.dialog_id, event.own_sequence].update(keys)
            for key in keys:
                self._numbers_of[key].add(event.own_sequence)
        if event.dialog_id in self.transcript.given_again:
            for key in keys:
                for number in self._numbers_of[key]:
                    yield from self._numbered_by.get((event.dialog_id, number), ())

    def _may_change_echoes(self, events: Iterable[Event]) -> bool:
        """Whether a publish of ours may have found its message by these events, or lost it."""
        changed = False
        for event in events:
            if isinstance(event, PublishLost | PublishTaken):
                self._lost.add(event.request_frame)
                changed = True
        if not self._lost:
            return False
        publishes = self.transcript.own_publishes
        texts = {publishes[frame].text for frame in self._lost}
        for event in events:
            if isinstance(event, PublishRequested):
                changed = changed or event.text in texts
            elif isinstance(event, MessagePublished):
                known = self.views.get((event.dialog_id, event.sequence))
                changed = changed or event.text in texts or (known is not None and known.text in texts)
                changed = (
                    changed
                    or event.request_frame in self._lost
                    or (event.request_frame is not None and self._text_of(event.request_frame) in texts)
                )
            elif isinstance(event, PublishRefused):
                changed = changed or self._text_of(event.request_frame) in texts
        return changed

    def _text_of(self, frame: int) -> str | None:
        publish = self.transcript.own_publishes.get(frame)
        return None if publish is None else publish.text

    def _of_new_roles(self, events: Iterable[Event]) -> set[MessageKey]:
        """The messages to look at because somebody has another role than before."""
        concerned: set[MessageKey] = set()
        for who in participants_in(events):
            role = role_of(self.transcript, who)
            if role != self._roles.get(who):
                self._roles[who] = role
                concerned |= self._keys_of.get(who, set())
        return concerned

    def _has_changed(self, key: MessageKey) -> bool:
        try:
            view = message_view(self.transcript, *key, selves=self.selves, echoes=self._echoes)
        except KeyError:
            return self.views.pop(key, None) is not None  # what named it was no proof of anything
        if self.views.get(key) == view:
            return False
        self.views[key] = view
        for who in {view.author, *(receipt.participant for receipt in view.receipts)}:
            if who is not None:
                self._keys_of[who].add(key)
        return True


def participants_in(events: Iterable[Event]) -> Iterator[str]:
    """Everybody whose role these events may tell."""
    for event in events:
        if isinstance(event, MessagePublished):
            if event.author is not None:
                yield event.author
        elif isinstance(event, ReceiptReported):
            if event.participant is not None:
                yield event.participant
        elif isinstance(event, ConversationChanged):
            for one in event.participants:
                yield one.participant
