"""The end of one connection, step by step and without waiting: Close, its answer, the end of the stream."""

from __future__ import annotations

import contextlib
import socket
from enum import Enum

from recorder.clock import Clock
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed

from .tap import TapSocket
from .tracker import ConnectionTracker

GOODBYE_S = 1.0
"""Once both sides have said Close: how long the service may take to end the stream."""


class _Stage(Enum):
    NOT_YET = 0
    ANSWER_AWAITED = 1
    STREAM_ENDING = 2
    OVER = 3


class Farewell:
    """One connection's end. What comes meanwhile is recorded.

    Attributes:
        due_s: when ``go_on`` should be called if nothing comes before; None while the connection lives.
        how: as in ``ConnectionClosed``, once that is known.
    """

    def __init__(self, tap: TapSocket, tracker: ConnectionTracker, clock: Clock) -> None:
        self._tap = tap
        self._tracker = tracker
        self._clock = clock
        self._stage = _Stage.NOT_YET
        self._detail: str | None = None
        self.how: str | None = None
        self.due_s: float | None = None

    @property
    def under_way(self) -> bool:
        """Whether the end has begun and is not over."""
        return self._stage in (_Stage.ANSWER_AWAITED, _Stage.STREAM_ENDING)

    def await_answer(self, until_s: float) -> None:
        """Our Close is out: the service may answer it until then."""
        self._stage, self.due_s = _Stage.ANSWER_AWAITED, until_s

    def part(self, how: str | None, detail: str | None, *, drain: bool) -> None:
        """Nothing more is to be sent. With ``drain`` what still comes is recorded, for a second at most.

        Without ``how`` it is "closed" if the service has said Close by the end, else "lost".
        """
        with contextlib.suppress(OSError):
            self._tap.shutdown(socket.SHUT_WR)
        now_s = self._clock.now_s()
        self.how, self._detail = how, detail
        self._stage, self.due_s = _Stage.STREAM_ENDING, now_s + (GOODBYE_S if drain else 0.0)

    def go_on(self, until_s: float | None) -> ConnectionClosed | None:
        """Take in what comes until then (None: to the end), and return the recorded end once it is there.

        Raises:
            Whatever the sink raises.
        """
        if self._stage is _Stage.ANSWER_AWAITED:
            self._tap.drain(self._not_after_due(until_s), until_close=True)
            answered = self._tracker.closing(Side.SERVICE)
            if not (answered or self._tap.ended or self._is_due()):
                return None
            left = "ended the stream without answering" if self._tap.ended else "did not answer"
            self.part("closed", None if answered else f"the service {left} the Close frame", drain=answered)
        if self.due_s is not None and not self._is_due():
            self._tap.drain(self._not_after_due(until_s))
        return self._over() if self._tap.ended or self._is_due() else None

    def _over(self) -> ConnectionClosed:
        self.how = self.how or ("closed" if self._tracker.closing(Side.SERVICE) else "lost")
        if self._detail is None and self.how != "closed":
            self._detail = self._tap.trouble or "the service ended the stream without a Close frame"
        self._stage, self.due_s = _Stage.OVER, None
        return self._tracker.closed(self.how, self._detail)

    def _not_after_due(self, until_s: float | None) -> float:
        """Only while under way: then something is due."""
        due_s = self._clock.now_s() if self.due_s is None else self.due_s
        return due_s if until_s is None else min(until_s, due_s)

    def _is_due(self) -> bool:
        return self.due_s is None or self._clock.now_s() >= self.due_s
