"""A connection that measures: time from request to answer, and from publish to push.

Both by the recorded times of the frames, which are of one clock, the local one.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from recorder.clock import Clock
from recorder.messaging import typenames
from recorder.messaging.envelopes import Notification, Request, Response, one_or_many, parse
from recorder.wire.payloads import Payload
from recorder.wire.records import ConnectionClosed

from ..run.connection import ConnectFunction, Connection, PendingConnection, RecordedPosition

MOST_UNANSWERED = 256
"""Requests and messages remembered for each connection; beyond that the oldest is forgotten."""


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


class MeasuredConnection:
    """Wraps a connection, and reports answers, pushes and frame counts to ``metrics``."""

    __slots__ = ("_asked", "_inner", "_metrics", "_published", "_pushed_at")

    def __init__(self, inner: Connection, metrics: MetricsSink) -> None:
        self._inner = inner
        self._metrics = metrics
        self._asked: dict[str, tuple[int, str | None]] = {}
        # Own messages by dialog and sequence: when published, when pushed. Either may be known first.
        self._published: dict[tuple[str, int], int] = {}
        self._pushed_at: dict[tuple[str, int], int] = {}

    # --- delegated ---

    @property
    def number(self) -> int:
        """The number of the wrapped connection."""
        return self._inner.number

    @property
    def token(self) -> str | None:
        """The JWT of the consumer."""
        return self._inner.token

    @property
    def init_connection(self) -> bool:
        """Whether the token is still to be sent in an InitConnection request."""
        return self._inner.init_connection

    @property
    def closed(self) -> ConnectionClosed | None:
        """How it ended; None while it is open."""
        return self._inner.closed

    @property
    def waits_to_write(self) -> bool:
        """Whether it waits for room to send."""
        return self._inner.waits_to_write

    def fileno(self) -> int:
        """Its descriptor."""
        return self._inner.fileno()

    def next_due_s(self) -> float | None:
        """When ``receive`` must be called even if nothing arrived."""
        return self._inner.next_due_s()

    def hang_up(self, code: int = 1000, reason: str = "") -> None:
        """Start the closing handshake."""
        self._inner.hang_up(code, reason)

    def abort(self, *, mid_frame: bool = False) -> None:
        """Drop it without a Close frame."""
        self._inner.abort(mid_frame=mid_frame)

    def close(self) -> object:
        """Close it, and return once it is closed."""
        return self._inner.close()

    def take_in(self) -> None:
        """Record what has arrived without delivering it, if the wrapped connection can."""
        take_in = getattr(self._inner, "take_in", None)
        if take_in is not None:
            take_in()

    # --- measured ---

    def send(self, text: str, *, at_s: float | None = None) -> RecordedPosition | None:
        """Send a text frame; a request is remembered until it is answered."""
        position = self._inner.send(text) if at_s is None else self._inner.send(text, at_s=at_s)
        self._metrics.counted("frames")
        if position is None:
            return None
        envelope = parse(text.encode(), from_client=True)
        if isinstance(envelope, Request) and envelope.id is not None and position.offset_us is not None:
            _remember(self._asked, envelope.id, (position.offset_us, _dialog_written_in(envelope)))
        return position

    def send_frame(
        self, opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, masked: bool = True
    ) -> RecordedPosition | None:
        """Send one frame as described."""
        self._metrics.counted("frames")
        return self._inner.send_frame(opcode, payload, fin=fin, rsv=rsv, masked=masked)

    def send_bytes(self, data: bytes) -> RecordedPosition | None:
        """Send bytes unchanged."""
        self._metrics.counted("frames")
        return self._inner.send_bytes(data)

    def receive(self, until_s: float | None = None) -> Payload | None:
        """Receive a payload; answers and messages are counted and measured."""
        payload = self._inner.receive(until_s)
        if payload is not None:
            self._metrics.counted("frames")
            self._measure_payload(payload)
        return payload

    def _measure_payload(self, payload: Payload) -> None:
        envelope = parse(payload.data, from_client=False)
        if isinstance(envelope, Response):
            self._answered(envelope, payload.offset_us)
        elif isinstance(envelope, Notification) and envelope.type == typenames.MESSAGING_EVENT:
            body = envelope.body
            for change in one_or_many(body.get("changes")) if isinstance(body, dict) else ():
                self._pushed(change, payload.offset_us)

    def _answered(self, answer: Response, at_us: int | None) -> None:
        asked = self._asked.pop(answer.request_id, None) if answer.request_id is not None else None
        if asked is None or at_us is None:
            return
        asked_us, dialog_id = asked
        self._metrics.measured("answer", (at_us - asked_us) / 1e6)
        sequence = answer.body.get("sequence") if isinstance(answer.body, dict) else None
        if dialog_id is not None and type(sequence) is int:
            _remember(self._published, (dialog_id, sequence), asked_us)
            self._measure_push((dialog_id, sequence))

    def _pushed(self, change: Any, at_us: int | None) -> None:
        event = change.get("event") if isinstance(change, dict) else None
        if not isinstance(event, dict) or event.get("type") not in _CONTENT:
            return
        self._metrics.counted("messages")
        dialog_id, sequence = change.get("dialogId"), change.get("sequence")
        if isinstance(dialog_id, str) and type(sequence) is int and at_us is not None:
            _remember(self._pushed_at, (dialog_id, sequence), at_us)
            self._measure_push((dialog_id, sequence))

    def _measure_push(self, key: tuple[str, int]) -> None:
        if key in self._published and key in self._pushed_at:
            self._metrics.measured("push", (self._pushed_at.pop(key) - self._published.pop(key)) / 1e6)


class MeasuredPendingConnection:
    """Wraps a pending connection, and reports how long connecting took."""

    def __init__(self, inner: PendingConnection, metrics: MetricsSink, clock: Clock) -> None:
        self._inner, self._metrics, self._clock = inner, metrics, clock
        self._began_s = clock.now_s()

    @property
    def waits_to_write(self) -> bool:
        """Whether the wrapped source waits to write."""
        return self._inner.waits_to_write

    def fileno(self) -> int:
        """Its descriptor."""
        return self._inner.fileno()

    def take(self) -> MeasuredConnection | None:
        """The connection, wrapped, once it is open; None: not yet."""
        connection = self._inner.take()
        if connection is None:
            return None
        self._metrics.measured("connect", self._clock.now_s() - self._began_s)
        return MeasuredConnection(connection, self._metrics)

    def give_up(self) -> None:
        """Abandon it."""
        self._inner.give_up()


def measured_connect(connect: ConnectFunction, metrics: MetricsSink, clock: Clock) -> ConnectFunction:
    """Wrap every connection that ``connect`` opens."""

    def connect_watched(consumer: str, fresh_token: bool) -> MeasuredConnection | MeasuredPendingConnection:
        began_s = clock.now_s()
        made = connect(consumer, fresh_token)
        if isinstance(made, PendingConnection):
            return MeasuredPendingConnection(made, metrics, clock)
        metrics.measured("connect", clock.now_s() - began_s)
        return MeasuredConnection(made, metrics)

    return connect_watched


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
