"""Find a message by what the user typed, and collect its events while a session is folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from recorder.errors import BadOption, NotFound
from recorder.messaging.events import (
    Event,
    MessagePublished,
    PublishRefused,
    PublishRequested,
    PublishTaken,
    ReceiptRefused,
    ReceiptReported,
)
from recorder.receipts.echoes import Echo, MessageKey, probable_echoes
from recorder.receipts.queries import MessageView, message_view, publish_view
from recorder.receipts.selves import Selves, selves_of
from recorder.receipts.state import Transcript

LONGEST_NUMBER = 400
"""Digits of a number that somebody types; no sequence and no frame has as many."""

_SHOWN = 5
"""Maximum number of names in one error text."""


@dataclass(frozen=True, slots=True)
class MessageArgument:
    """A message as the user typed it: a sequence, maybe with its dialog, or a frame.

    ``dialog_id`` may be the beginning of one. ``frame`` is the number of our request to publish it, or of the
    frame that a listing shows for it.
    """

    written: str
    sequence: int | None = None
    dialog_id: str | None = None
    frame: int | None = None


def parse_message_argument(written: str) -> MessageArgument:
    """``SEQUENCE``, ``DIALOG:SEQUENCE`` (the beginning of DIALOG is enough), or ``#FRAME``.

    Raises:
        BadOption: it is none of these.
    """
    if written.startswith("#"):
        return MessageArgument(written, frame=_number(written[1:], written))
    dialog_id, _, number = written.rpartition(":")
    return MessageArgument(written, sequence=_number(number, written), dialog_id=dialog_id or None)


def _number(digits: str, written: str) -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_NUMBER):
        raise BadOption(
            "MESSAGE",
            f'"{written}" is no SEQUENCE, DIALOG:SEQUENCE or #FRAME',
            hint="recorder message list shows them",
        )
    return int(digits)


def find_message(transcript: Transcript, reference: MessageArgument) -> MessageView:
    """The message that a reference names.

    Raises:
        NotFound: there is none, or several dialogs have this sequence.
    """
    selves = selves_of(transcript)
    echoes = probable_echoes(transcript, selves)
    keys = _keys(transcript, reference, echoes)
    fitting = [message_view(transcript, *key, selves=selves, echoes=echoes) for key in keys]
    if reference.frame is not None:
        unnumbered = _unnumbered(transcript, selves, echoes)
        fitting += (each for each in unnumbered if each.request_frame == reference.frame)
        if not fitting:
            proven = (
                message_view(transcript, *key, selves=selves, echoes=echoes)
                for key in _proven_by(transcript, reference.frame)
            )
            fitting = [*proven, *(each for each in unnumbered if _is_sent_by(each, reference.frame))]
    if len(fitting) == 1:
        return fitting[0]
    fitting.sort(key=_first_frame)
    named = [f"{message.dialog_id}:{message.sequence}" for message in fitting]
    raise NotFound("message", reference.written, close=first_names(named), many=len(fitting) > 1)


def _keys(
    transcript: Transcript, reference: MessageArgument, echoes: dict[MessageKey, Echo]
) -> list[MessageKey]:
    sequence = reference.sequence
    if sequence is None:
        own = {key for key, echo in echoes.items() if echo.request_frame == reference.frame}
        for dialog_id, ours in transcript.own_actions.items():
            own.update(
                (dialog_id, number) for number, each in ours.items() if each.request_frame == reference.frame
            )
        return sorted(own)
    named = reference.dialog_id
    known = list(transcript.dialog_ids())
    chosen = [named] if named in known else [each for each in known if each.startswith(named or "")]
    return [(dialog_id, sequence) for dialog_id in chosen if sequence in transcript.sequences(dialog_id)]


def _unnumbered(transcript: Transcript, selves: Selves, echoes: dict[MessageKey, Echo]) -> list[MessageView]:
    """Our publishes without a sequence."""
    explained = {echo.request_frame for echo in echoes.values()}
    return [
        publish_view(transcript, frame, publish, selves)
        for frame, publish in transcript.own_publishes.items()
        if publish.asked is not None and publish.answered is None and frame not in explained
    ]


def _proven_by(transcript: Transcript, frame: int) -> list[MessageKey]:
    """The messages that this frame proves best."""
    return [
        (dialog_id, number)
        for dialog_id, published in transcript.published.items()
        for number, proof in published.items()
        if proof.evidence.frame == frame
    ]


def _is_sent_by(message: MessageView, frame: int) -> bool:
    return message.sent is not None and message.sent.frame == frame


def _first_frame(message: MessageView) -> tuple[int, str]:
    proofs = [receipt.evidence for receipt in message.receipts]
    frames = [evidence.frame for evidence in (*proofs, message.sent) if evidence is not None]
    return min(frames, default=0), message.dialog_id or ""


def first_names(names: Sequence[str]) -> list[str]:
    """These names; of more than six the first five, and how many more there are."""
    more = len(names) - _SHOWN
    return [*names[:_SHOWN], f"and {more} more"] if more > 1 else list(names)


def close_names(name: str, known: Iterable[str]) -> list[str]:
    """Suggestions for a wrong name: all known names if there are at most five, else the most similar."""
    names = sorted(known)
    return names if len(names) <= _SHOWN else get_close_matches(name, names, n=_SHOWN)


@dataclass(slots=True)
class MessageEventCollector:
    """Collects the events of the referenced message while they are folded.

    A message that is named by a frame has no known sequence until all events are folded, and one that is
    named by the beginning of a dialog's id no known dialog: then not all of its events were collected, and
    ``is_complete`` is False.
    """

    reference: MessageArgument
    events: list[Event] = field(default_factory=list)

    def collect(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the events unchanged, and collect those of the message."""
        append = self.events.append
        for event in events:
            if self._concerns_message(event):
                append(event)
            yield event

    def is_complete(self, message: MessageView) -> bool:
        """Whether every event of this message was collected."""
        if self.reference.frame is not None:
            return message.sequence is None
        return self.reference.dialog_id in (None, message.dialog_id)

    def _concerns_message(self, event: Event) -> bool:
        sequence, dialog_id = self.reference.sequence, self.reference.dialog_id
        if isinstance(event, ReceiptReported | ReceiptRefused):
            return sequence in event.sequences and dialog_id in (None, event.dialog_id)
        if isinstance(event, MessagePublished):
            return sequence == event.sequence and dialog_id in (None, event.dialog_id)
        return isinstance(event, PublishRequested | PublishRefused | PublishTaken)
