"""A connection on its way: made by whatever thread, recorded by the one that records the session.

Name, TCP, TLS and upgrade take their time. Made in a helper thread they keep nobody else waiting; what
there is to record of them is kept back until the recording thread takes the connection over.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from recorder.clock import Clock
from recorder.errors import CannotConnect
from recorder.wire.records import FrameSink, Record

from .opening_handshake import Library, connect
from .options import ConnectOptions
from .tap import TapSocket
from .tracker import ConnectionTracker


class Approach:
    """One attempt to connect. ``make`` it, anywhere; then ``take`` it, or ``give_up``, where it began.

    Args:
        connection, numbers, began_s, clock, sink: as for ``RecordingConnection.open``.
        queueing: whether the connection never waits for room to send; see ``TapSocket``.
    """

    def __init__(
        self,
        options: ConnectOptions,
        *,
        connection: int,
        numbers: Iterator[int],
        began_s: float,
        clock: Clock,
        sink: FrameSink,
        queueing: bool = False,
    ) -> None:
        self.options = options
        self.clock = clock
        self._sink = sink
        self._queueing = queueing
        self._kept_back: list[Record] | None = None
        self._made: tuple[TapSocket, Library] | None = None
        self._problem: BaseException | None = None
        self._guard = threading.Lock()
        self._finished = self._given_up = False
        self.tracker = ConnectionTracker(
            connection=connection,
            numbers=numbers,
            began_s=began_s,
            clock=clock,
            sink=self._store,
            url=options.url,
            max_payload=options.max_payload,
            holding=True,
        )
        self.tracker.opened()
        self._kept_back = []

    def make(self) -> None:
        """Reach the service and have the connection upgraded; what comes of it is told by ``take``."""
        try:
            self._made = connect(self.options, self.tracker, clock=self.clock, queueing=self._queueing)
        except BaseException as problem:
            self._problem = problem
        with self._guard:
            self._finished = True
            if self._given_up:
                self._drop()

    def take(self) -> tuple[TapSocket, Library]:
        """After ``make``: record what there is to record, and return what was made.

        Raises:
            CannotConnect: nobody there, or not let in. That is recorded, closed as "refused".
            Whatever the sink raises.
        """
        try:
            self._record_now()
            if self._made is not None:
                self._made[0].begin()
                return self._made
        except BaseException:
            self._drop()
            raise
        problem = self._problem or CannotConnect(self.options.place, "it was given up")
        self.tracker.closed("refused", problem.problem if isinstance(problem, CannotConnect) else None)
        raise problem

    def give_up(self) -> None:
        """Nobody wants it any more: record that, and nothing else of it. Be it still being made or not."""
        with self._guard:
            self._given_up = True
            if self._finished:
                self._drop()
        # The tracker may be in the hands of the other thread: all it is asked for is the time.
        ended = self.tracker.unrecorded_end("given up before it was made")
        self._sink([ended._replace(how="refused")])

    def _drop(self) -> None:
        if self._made is not None:
            self._made[0].close()

    def _record_now(self) -> None:
        kept_back, self._kept_back = self._kept_back, None
        if kept_back:
            self._store(kept_back)

    def _store(self, records: Sequence[Record]) -> None:
        if self._kept_back is None:
            self._sink(records)
        else:
            self._kept_back += records
