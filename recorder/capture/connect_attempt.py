"""A connection that is being made in a helper thread, and recorded by the thread that records the session.

Name lookup, TCP, TLS and upgrade block. Their records are held until the recording thread calls ``take``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from recorder.clock import Clock
from recorder.errors import CannotConnect, HandshakeRefused
from recorder.wire.records import FrameSink, Record
from recorder.wire.refusal_words import refusal_words

from . import opening_handshake
from .opening_handshake import LibraryWebSocket
from .options import ConnectOptions
from .tap import TapSocket
from .tracker import ConnectionTracker


class ConnectAttempt:
    """One attempt to connect. Call ``connect`` in any thread, ``take`` or ``give_up`` in the recording one.

    Args:
        connection: its number in the session, from 1.
        numbers: gives the frames of the session their numbers; shared by its connections.
        began_s: ``clock.now_s()`` when the session began.
        clock: a real one; sockets do not wait for a virtual one.
        queueing: whether the connection never waits for room to send; see ``TapSocket``.
        redact: takes the secrets out of what a service says that refuses the upgrade.
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
        redact: Callable[[str], str] = str,
    ) -> None:
        self.options = options
        self.clock = clock
        self._sink = sink
        self._queueing = queueing
        self._redact = redact
        self._held_records: list[Record] | None = None
        self._connected: tuple[TapSocket, LibraryWebSocket] | None = None
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
            hold_first_frames=True,
        )
        self.tracker.opened()
        self._held_records = []

    def connect(self) -> None:
        """Connect and upgrade; ``take`` returns the result or raises the error."""
        try:
            self._connected = opening_handshake.connect(
                self.options, self.tracker, clock=self.clock, queueing=self._queueing
            )
        except BaseException as problem:
            self._problem = problem
        with self._guard:
            self._finished = True
            if self._given_up:
                self._close_socket()

    def take(self) -> tuple[TapSocket, LibraryWebSocket]:
        """After ``connect``: write the held records, and return the socket and the library's connection.

        Raises:
            CannotConnect: the service cannot be reached, or refuses the upgrade. Recorded as "refused".
            Whatever the sink raises.
        """
        try:
            held, self._held_records = self._held_records, None
            if held:
                self._store(held)
            if self._connected is not None:
                self._connected[0].record_first_frames()
                return self._connected
        except BaseException:
            self._close_socket()
            raise
        problem = self._problem or CannotConnect(self.options.base_url, "it was given up")
        if isinstance(problem, HandshakeRefused):
            problem = problem.saying(self._service_words())
        self.tracker.closed("refused", problem.problem if isinstance(problem, CannotConnect) else None)
        raise problem

    def give_up(self) -> None:
        """Abandon the attempt, finished or not, and record only that."""
        with self._guard:
            self._given_up = True
            if self._finished:
                self._close_socket()
        # The other thread may be using the tracker: it is asked for the time only.
        ended = self.tracker.unrecorded_end("given up before it was made")
        self._sink([ended._replace(how="refused")])

    def _service_words(self) -> str:
        """What the body of a refusal says: blanked whole, and shortened then."""
        body = None if self.tracker.refusal is None else self.tracker.refusal.body
        try:
            return refusal_words(self._redact((body or b"").decode()))
        except UnicodeDecodeError:
            return ""

    def _close_socket(self) -> None:
        if self._connected is not None:
            self._connected[0].close()

    def _store(self, records: Sequence[Record]) -> None:
        if self._held_records is None:
            self._sink(records)
        else:
            self._held_records += records
