"""How the state of every message came about: what each frame changed, for a view of any moment.

``message list --at`` folds the frames up to a moment. Whoever shows many moments needs all of them at once:
the changes, in the order of frames. The state as of a frame is then the last change of each message by then,
and it equals the fold of the frames up to it.

Conclusions about who we are depend on all facts together, and to draw them for each frame anew takes the
square of the session's length. They change rarely, so the frames at which they do are found by bisection.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from recorder.messaging.events import Event, MessagePublished

from .batch_fold import fold_batches
from .change_set import ChangeSet, Conclusions
from .echoes import Echo, MessageKey, probable_echoes
from .entities import SessionEntities
from .queries import MessageView, message_view, publish_view, role_of
from .selves import Selves, selves_of
from .state import Transcript

ViewKey = tuple[str | None, int]
"""Dialog and sequence; for a publish of ours without a sequence None and the number of its frame."""


class FrameEvents(NamedTuple):
    """The events that hold from a frame on, and not before: most of them are what the frame says."""

    frame: int
    events: Sequence[Event]


class StateChange(NamedTuple):
    """From this frame on the message is as ``message`` shows it; None: this key shows nothing any more."""

    frame: int
    key: ViewKey
    message: MessageView | None


def view_key(message: MessageView) -> ViewKey:
    """What a message goes by as long as the session lasts."""
    return (
        (None, message.request_frame or 0)
        if message.sequence is None
        else (message.dialog_id, message.sequence)
    )


def state_changes(batches: Sequence[FrameEvents], *, with_roles: bool = False) -> Iterator[StateChange]:
    """The changes that these events make, which come in the order of their frames.

    A role that is learnt later is no change, but ``with_roles``: the views hold what was known of it then.
    """
    return (_RoleTracker() if with_roles else StateTracker()).follow(batches)


# --- who we are -------------------------------------------------------------------------------------------

_PROBES = 64


def _selves_by_batch(batches: Sequence[FrameEvents]) -> dict[int, Selves]:
    """Number of a batch → who we are from it on, where that is another than before."""
    nobody = selves_of(Transcript())
    last = len(batches) - 1
    known = {-1: nobody}
    asked = {last * step // _PROBES for step in range(_PROBES + 1)} if batches else set()
    while asked:
        known.update(_selves_at(batches, asked))
        asked = {
            (before + after) // 2
            for before, after in pairwise(sorted(known))
            if after - before > 1 and known[before] != known[after]
        }
    return {after: known[after] for before, after in pairwise(sorted(known)) if known[before] != known[after]}


def _selves_at(batches: Sequence[FrameEvents], asked: set[int]) -> Iterator[tuple[int, Selves]]:
    """Who we are after each of the asked batches; nothing behind the last of them is looked at."""
    transcript = Transcript()
    begin = 0
    for number in sorted(asked):
        fold_batches((event for batch in batches[begin : number + 1] for event in batch.events), transcript)
        begin = number + 1
        yield number, selves_of(transcript)


# --- what changed -----------------------------------------------------------------------------------------


class StateTracker:
    """Folds batch by batch and compares each message with what was shown of it last.

    Attributes:
        transcript: what it has folded.
        selves: who we are, as of the last of it.
    """

    def __init__(self) -> None:
        self.transcript = Transcript()
        self._may_be_others = False
        self._entities = SessionEntities()
        self.selves = selves_of(self.transcript)
        self._echoes: Mapping[MessageKey, Echo] = {}
        self._shown: dict[ViewKey, MessageView] = {}

    def follow(self, batches: Sequence[FrameEvents]) -> Iterator[StateChange]:
        """The changes that these events make, which come in the order of their frames: the first ones.

        A role that is learnt later is no change: the views hold what was known of it then.
        """
        selves_from = _selves_by_batch(batches)
        for number, batch in enumerate(batches):
            yield from self._changes(batch, selves_from.get(number))
        self._may_be_others = False

    def grow(self, batches: Sequence[FrameEvents]) -> Iterator[StateChange]:
        """The changes that further batches make, as long as we are who we are: see ``learn``."""
        for batch in batches:
            yield from self._changes(batch, None)

    def learn(self, frame: int) -> Iterator[StateChange]:
        """The changes of frame ``frame``, the last, if the batches since the last call tell who we are.

        It takes time for the session, unless nothing that came can tell.
        """
        if self._may_be_others:
            self._may_be_others = False
            selves = selves_of(self.transcript)
            if selves != self.selves:
                yield from self._changes(FrameEvents(frame, ()), selves)

    def shown(self, key: ViewKey) -> MessageView | None:
        """A message as of now; None if this key shows nothing."""
        return self._shown.get(key)

    def _changes(self, batch: FrameEvents, selves: Selves | None) -> Iterator[StateChange]:
        """Apply a batch; ``selves`` are who we are from it on, None: as before."""
        noted = self._folded(batch.events)
        messages, publishes = noted.messages, noted.publishes
        if selves is not None:
            self.selves = selves
            transcript = self.transcript
            messages = {
                (each, number) for each in transcript.dialog_ids() for number in transcript.sequences(each)
            }
            publishes = set(transcript.own_publishes)
        if selves is not None or self._may_change_echoes(batch.events):
            before, self._echoes = self._echoes, probable_echoes(self.transcript, self.selves)
            moved = dict(before.items() ^ self._echoes.items())
            messages = messages | moved.keys()
            publishes = publishes | {
                each.request_frame for found in (before, self._echoes) for each in found.values()
            }
        concerned = self._of_new_roles(noted.participants)
        messages = messages | {(each, number) for each, number in concerned if each is not None}
        publishes = publishes | {number for each, number in concerned if each is None}
        for key in sorted(messages):
            yield from self._compared(batch.frame, key, self._message(key))
        for frame in sorted(publishes):
            yield from self._compared(batch.frame, (None, frame), self._publish(frame))

    def _of_new_roles(self, participants: Iterable[str]) -> Collection[ViewKey]:
        """The messages to look at because these participants have another role than before."""
        return ()

    def _folded(self, events: Iterable[Event]) -> ChangeSet:
        conclusions = Conclusions(self.selves, self._echoes, some_lost=True)
        noted = ChangeSet(conclusions, self._entities, self.transcript)
        fold_batches(noted.watch(events), self.transcript, entities=self._entities)
        self._may_be_others = self._may_be_others or noted.draws_conclusions
        return noted

    def _may_change_echoes(self, events: Iterable[Event]) -> bool:
        """Whether a publish of ours may have found its message by these events, or lost it."""
        unresolved = self.transcript.unresolved
        if not unresolved and not self._echoes:
            return False
        texts = {self.transcript.own_publishes[frame].text for frame in unresolved}
        return any(type(event) is not MessagePublished or event.text in texts for event in events)

    def _message(self, key: MessageKey) -> MessageView | None:
        try:
            return message_view(self.transcript, *key, selves=self.selves, echoes=self._echoes)
        except KeyError:
            return None  # an event that named it was no proof of anything

    def _publish(self, frame: int) -> MessageView | None:
        publish = self.transcript.own_publishes.get(frame)
        explained = any(echo.request_frame == frame for echo in self._echoes.values())
        if publish is None or publish.asked is None or publish.answered is not None or explained:
            return None
        return publish_view(self.transcript, frame, publish, self.selves)

    def _compared(self, frame: int, key: ViewKey, now: MessageView | None) -> Iterator[StateChange]:
        if self._shown.get(key) == now:
            return
        if now is None:
            del self._shown[key]
        else:
            self._shown[key] = now
        yield StateChange(frame, key, now)


class _RoleTracker(StateTracker):
    """Also compares the messages and receipts of a participant whose role has changed."""

    def __init__(self) -> None:
        super().__init__()
        self._roles: dict[str, str | None] = {}
        self._keys_of: dict[str, set[ViewKey]] = {}

    def _of_new_roles(self, participants: Iterable[str]) -> Collection[ViewKey]:
        concerned: set[ViewKey] = set()
        for participant in participants:
            role = role_of(self.transcript, participant)
            if role != self._roles.get(participant):
                self._roles[participant] = role
                concerned |= self._keys_of.get(participant, set())
        return concerned

    def _compared(self, frame: int, key: ViewKey, now: MessageView | None) -> Iterator[StateChange]:
        if now is not None:
            for who in {now.author, *(receipt.participant for receipt in now.receipts)} - {None}:
                self._keys_of.setdefault(str(who), set()).add(key)
        return super()._compared(frame, key, now)
