"""Measures the connections of one user: time to connect, from request to answer, and from publish to push.

The last two by the recorded times of the frames, which are of one clock, the local one.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from recorder.messaging import typenames
from recorder.messaging.envelopes import Notification, Request, Response, one_or_many, parse
from recorder.wire.payloads import Payload

from ..run.connection import RecordedPosition

MOST_UNANSWERED = 256
"""Requests and messages remembered for each user; beyond that the oldest is forgotten."""


class MetricsSink(Protocol):
    """Receives measurements; ``Metrics`` does."""

    def measured(self, metric: str, duration_s: float) -> None:
        """One more duration of a metric."""
        ...

    def counted(self, metric: str, times: int = 1) -> None:
        """One more, or several, of a metric."""
        ...


Key = TypeVar("Key")
Value = TypeVar("Value")

_CONTENT = ("ContentEvent", "RichContentEvent")

_MessageKey = tuple[int, str, int]
"""Connection, dialog and sequence."""


class ConnectionMetrics:
    """Reports answers, pushes and frame counts to ``metrics``: the ``ConnectionObserver`` of one user."""

    __slots__ = ("_asked", "_metrics", "_published", "_pushed_at")

    def __init__(self, metrics: MetricsSink) -> None:
        self._metrics = metrics
        self._asked: dict[tuple[int, str], tuple[int, str | None]] = {}
        # Own messages: when published, when pushed. Either may be known first.
        self._published: dict[_MessageKey, int] = {}
        self._pushed_at: dict[_MessageKey, int] = {}

    def connected(self, took_s: float) -> None:
        """A connection is open."""
        self._metrics.measured("connect", took_s)

    def sent(self, text: str | None, position: RecordedPosition | None) -> None:
        """A frame was sent; a request is remembered until it is answered."""
        self._metrics.counted("frames")
        if text is None or position is None or position.offset_us is None:
            return
        envelope = parse(text.encode(), from_client=True)
        if isinstance(envelope, Request) and envelope.id is not None:
            key = (position.connection, envelope.id)
            _remember(self._asked, key, (position.offset_us, _dialog_written_in(envelope)))

    def received(self, payload: Payload) -> None:
        """A payload arrived; answers and messages are counted and measured."""
        self._metrics.counted("frames")
        envelope = parse(payload.data, from_client=False)
        if isinstance(envelope, Response):
            self._answered(envelope, payload)
        elif isinstance(envelope, Notification) and envelope.type == typenames.MESSAGING_EVENT:
            body = envelope.body
            for change in one_or_many(body.get("changes")) if isinstance(body, dict) else ():
                self._pushed(change, payload)

    def _answered(self, answer: Response, payload: Payload) -> None:
        at_us, number = payload.offset_us, payload.connection
        asked = None if answer.request_id is None else self._asked.pop((number, answer.request_id), None)
        if asked is None or at_us is None:
            return
        asked_us, dialog_id = asked
        self._metrics.measured("answer", (at_us - asked_us) / 1e6)
        sequence = answer.body.get("sequence") if isinstance(answer.body, dict) else None
        if dialog_id is not None and type(sequence) is int:
            _remember(self._published, (number, dialog_id, sequence), asked_us)
            self._measure_push((number, dialog_id, sequence))

    def _pushed(self, change: Any, payload: Payload) -> None:
        event = change.get("event") if isinstance(change, dict) else None
        if not isinstance(event, dict) or event.get("type") not in _CONTENT:
            return
        self._metrics.counted("messages")
        dialog_id, sequence = change.get("dialogId"), change.get("sequence")
        if isinstance(dialog_id, str) and type(sequence) is int and payload.offset_us is not None:
            key = (payload.connection, dialog_id, sequence)
            _remember(self._pushed_at, key, payload.offset_us)
            self._measure_push(key)

    def _measure_push(self, key: _MessageKey) -> None:
        if key in self._published and key in self._pushed_at:
            self._metrics.measured("push", (self._pushed_at.pop(key) - self._published.pop(key)) / 1e6)


def _dialog_written_in(request: Request) -> str | None:
    """The dialog that a publish of content goes to; None for all other requests."""
    body = request.body
    if request.type != typenames.PUBLISH or not isinstance(body, dict):
        return None
    event, dialog_id = body.get("event"), body.get("dialogId")
    content = isinstance(event, dict) and event.get("type") in _CONTENT
    return dialog_id if content and isinstance(dialog_id, str) else None


def _remember(remembered: dict[Key, Value], key: Key, value: Value) -> None:
    remembered[key] = value
    if len(remembered) > MOST_UNANSWERED:
        del remembered[next(iter(remembered))]
