"""What each frame says, in a few words: ``PublishEvent ACCEPT [0] → 404``, ``close 4401``.

An answer is told by what it answers: the oldest request with its id on its connection that none answered
before. Fed with the frames of a session in wire order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from recorder.counted import counted
from recorder.messaging import changes, typenames
from recorder.messaging.envelopes import Envelope, Notification, Request, Response, one_or_many, parse
from recorder.messaging.refusals import refusal_words
from recorder.wire.frames import Opcode, Side, close_parts
from recorder.wire.payloads import Payload, PayloadAssembler
from recorder.wire.records import RecordedFrame

_LONGEST_TEXT: Final = 200
_HEX_BYTES = 32
_SEQUENCES_SHOWN = 8
_WAITING_AT_MOST = 10_000
"""Requests without an answer that are remembered; the oldest are forgotten first."""


class _Asked(NamedTuple):
    """A request that waits for its answer; one that publishes a content is given a sequence."""

    words: str
    publishes: bool


class FrameWords:
    """Says what each frame of a session is.

    Args:
        arrow: what leads from a request to the code of its answer.
    """

    def __init__(self, arrow: str = "→") -> None:
        self._arrow = arrow
        self._payloads = PayloadAssembler()
        self._asked: dict[tuple[int, str], deque[_Asked]] = {}
        self._kept: dict[int, str] = {}

    def keep(self, frame: RecordedFrame, words: str) -> None:
        """Keep the words of a frame that was fed until ``of`` asks for them."""
        self._kept[frame.number] = words

    def of(self, frame: RecordedFrame) -> str:
        """The words that were kept of this frame; else it is the next frame."""
        kept = self._kept.pop(frame.number, None)
        return self.feed(frame) if kept is None else kept

    def feed(self, frame: RecordedFrame) -> str:
        """The words for the next frame."""
        payload = self._payloads.feed(frame)
        if frame.opcode > Opcode.BINARY:
            return _opcode_words(frame)
        if payload is None:
            return f"a fragment of {counted(len(frame.payload), 'byte')}"
        if not payload.data:
            return "empty"
        binary = payload.opcode != Opcode.TEXT
        envelope = parse(payload.data, from_client=payload.sender is Side.CLIENT, binary=binary)
        return self._envelope_words(envelope, payload)

    def _envelope_words(self, envelope: Envelope, payload: Payload) -> str:
        if isinstance(envelope, Request):
            return self._request_words(envelope, payload.connection)
        if isinstance(envelope, Response):
            return self._answer_words(envelope, payload.connection)
        if isinstance(envelope, Notification):
            return "; ".join(_notification_words(envelope)) or "a notification without a type"
        return _plain_words(payload)

    def _request_words(self, request: Request, connection: int) -> str:
        """The type of a request, and for a publish what is published."""
        words = short_type(request.type) or "a request without a type"
        event = _event_in(request.body) if request.type == typenames.PUBLISH else None
        if event is not None:
            words = f"{words} {_event_words(event)}"
        if request.id is not None:
            if len(self._asked) >= _WAITING_AT_MOST:
                del self._asked[next(iter(self._asked))]
            asked = _Asked(words, event is not None and event.get("type") in _CONTENTS)
            self._asked.setdefault((connection, request.id), deque()).append(asked)
        return f"{words}{_text_of(event)}"

    def _answer_words(self, response: Response, connection: int) -> str:
        key = (connection, response.request_id or "")
        waiting = self._asked.get(key)
        if waiting:
            asked = waiting.popleft()
            if not waiting:
                del self._asked[key]
        else:
            asked = _Asked(short_type(response.type or "") or "an answer", publishes=False)
        code = "without a code" if response.code is None else str(response.code)
        outcome = _refusal(response) or (_sequence_given(response) if asked.publishes else "")
        return f"{asked.words} {self._arrow} {code}{outcome}"


def short_type(name: str) -> str:
    """``ms.PublishEvent`` → ``PublishEvent``, ``ms.MessagingEventNotification`` → ``MessagingEvent``."""
    return name.rpartition(".")[2].removesuffix("Notification")


def _opcode_words(frame: RecordedFrame) -> str:
    if frame.opcode == Opcode.CLOSE:
        code, reason = close_parts(frame.payload)
        return " ".join(["close", *([] if code is None else [str(code)]), *([reason] if reason else [])])
    return _NAMES.get(frame.opcode, f"opcode {frame.opcode:#x}")


_NAMES: dict[int, str] = {Opcode.PING: "ping", Opcode.PONG: "pong"}


def _plain_words(payload: Payload) -> str:
    if payload.opcode == Opcode.TEXT:
        return payload.data[: 4 * _LONGEST_TEXT].decode("utf-8", "backslashreplace")[:_LONGEST_TEXT]
    return f"binary {payload.data[:_HEX_BYTES].hex(' ')}"


def _notification_words(notification: Notification) -> Iterator[str]:
    """What each of its changes brings; the type where there are none to read."""
    listed = changes.changes_of(notification.body) or []
    name = short_type(notification.type)
    if notification.type not in (typenames.MESSAGING_EVENT, typenames.ONLINE_EVENT):
        yield " ".join([name, *map(_change_words, listed)])
        return
    if not listed:
        yield name
    for change in listed:
        event = _event_in(change)
        if event is None:
            yield f"{name} without an event"
            continue
        sequence = change.get("sequence") if event.get("type") in _CONTENTS else None
        yield f"{_event_words(event)}{'' if sequence is None else f' [{sequence}]'}{_text_of(event)}"


def _change_words(change: Any) -> str:
    """``UPSERT OPEN``: what happened to a conversation, and its state."""
    kind = change.get("type") if type(change) is dict else None
    result = change.get("result") if type(change) is dict else None
    details = result.get("conversationDetails") if type(result) is dict else None
    state = details.get("state") if type(details) is dict else None
    return " ".join(word for word in (kind, state) if type(word) is str)


_CONTENTS = frozenset({changes.CONTENT, changes.RICH_CONTENT})


def _event_in(holder: Any) -> dict[str, Any] | None:
    event = holder.get("event") if type(holder) is dict else None
    return event if type(event) is dict else None


def _event_words(event: dict[str, Any]) -> str:
    """``Content``, ``READ [2, 3]``, ``ChatState COMPOSING``; any other event by its type."""
    kind = event.get("type")
    if kind == changes.RECEIPT:
        sequences = one_or_many(event.get("sequenceList"))
        shown = ", ".join(map(str, sequences[:_SEQUENCES_SHOWN]))
        return f"{event.get('status')} [{shown}{', …' if len(sequences) > _SEQUENCES_SHOWN else ''}]"
    name = kind.removesuffix("Event") if type(kind) is str else "an event without a type"
    return f"{name} {event.get('chatState')}" if kind == changes.CHAT_STATE else name


def _text_of(event: dict[str, Any] | None) -> str:
    """A blank and the text of a content, quoted; nothing where it is none or has none."""
    text = event.get("message") if event is not None and event.get("type") == changes.CONTENT else None
    return f' "{text[:_LONGEST_TEXT]}"' if type(text) is str else ""


def _refusal(response: Response) -> str:
    """A blank and why an answer refuses, if it does."""
    reason = refusal_words(response.body) if response.code is not None and response.code >= 400 else None
    return f" {reason}" if reason else ""


def _sequence_given(response: Response) -> str:
    sequence = response.body.get("sequence") if type(response.body) is dict else None
    return f" [{sequence}]" if type(sequence) is int else ""
