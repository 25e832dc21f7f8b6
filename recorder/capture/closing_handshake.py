"""The closing handshake (RFC 6455 7), step by step and without blocking: Close, its answer, end of stream."""

from __future__ import annotations

import contextlib
import socket
from enum import Enum

from recorder.clock import Clock
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed

from .tap import TapSocket
from .tracker import ConnectionTracker

STREAM_END_TIMEOUT_S = 1.0
"""Seconds the service may take to end the TCP stream once both sides have sent Close."""


class _Phase(Enum):
    OPEN = 0
    ANSWER_AWAITED = 1
    STREAM_ENDING = 2
    OVER = 3


class ClosingHandshake:
    """The end of one connection. What arrives meanwhile is recorded.

    Attributes:
        due_s: when ``advance`` must be called if nothing arrives before; None while the connection is open.
    """

    def __init__(self, tap: TapSocket, tracker: ConnectionTracker, clock: Clock) -> None:
        self._tap = tap
        self._tracker = tracker
        self._clock = clock
        self._phase = _Phase.OPEN
        self._how: str | None = None
        self._detail: str | None = None
        self.due_s: float | None = None

    @property
    def under_way(self) -> bool:
        """Whether the end has begun and is not over."""
        return self._phase in (_Phase.ANSWER_AWAITED, _Phase.STREAM_ENDING)

    def await_answer(self, until_s: float) -> None:
        """Our Close frame was sent: the service may answer it until ``until_s``."""
        self._phase, self.due_s = _Phase.ANSWER_AWAITED, until_s

    def end_sending(self, how: str | None, detail: str | None, *, drain: bool) -> None:
        """Shut down sending. With ``drain`` what still arrives is recorded, for a second at most.

        Without ``how`` it is "closed" if the service has sent Close by the end, else "lost".
        """
        with contextlib.suppress(OSError):
            self._tap.shutdown(socket.SHUT_WR)
        now_s = self._clock.now_s()
        self._how, self._detail = how, detail
        self._phase, self.due_s = _Phase.STREAM_ENDING, now_s + (STREAM_END_TIMEOUT_S if drain else 0.0)

    def advance(self, until_s: float | None) -> ConnectionClosed | None:
        """Record what arrives until ``until_s`` (None: to the end); return the recorded end, if any.

        Raises:
            Whatever the sink raises.
        """
        if self._phase is _Phase.ANSWER_AWAITED:
            self._tap.drain(self._not_after_due(until_s), until_close=True)
            answered = self._tracker.sent_close(Side.SERVICE)
            if not (answered or self._tap.ended or self._is_due()):
                return None
            left = "ended the stream without answering" if self._tap.ended else "did not answer"
            self.end_sending(
                "closed", None if answered else f"the service {left} the Close frame", drain=answered
            )
        if self.due_s is not None and not self._is_due():
            self._tap.drain(self._not_after_due(until_s))
        return self._record_end() if self._tap.ended or self._is_due() else None

    def _record_end(self) -> ConnectionClosed:
        how = self._how or ("closed" if self._tracker.sent_close(Side.SERVICE) else "lost")
        if self._detail is None and how != "closed":
            self._detail = self._tap.failure or "the service ended the stream without a Close frame"
        self._phase, self.due_s = _Phase.OVER, None
        return self._tracker.closed(how, self._detail)

    def _not_after_due(self, until_s: float | None) -> float:
        """The earlier of ``until_s`` and ``due_s``."""
        due_s = self._clock.now_s() if self.due_s is None else self.due_s
        return due_s if until_s is None else min(until_s, due_s)

    def _is_due(self) -> bool:
        return self.due_s is None or self._clock.now_s() >= self.due_s
