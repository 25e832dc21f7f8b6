"""What a proxy stores, and when the bytes may go on: all that one round of the loop read is one commit.

In a round the connections hand in records and the bytes that they came from. ``finish_round`` commits the
records of all connections, and only then passes the bytes on. The times at which frames went on are stored
with a later round: a tenth of a second after, or as soon as nothing comes.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakSet

from recorder.clock import Clock
from recorder.errors import StorageFailed
from recorder.wire.payloads import Payload, PayloadAssembler
from recorder.wire.records import FrameForwarded, FrameSink, HttpExchange, Record, RecordedFrame

from .channel import FrameNumbers, SocketChannel

MOST_UNSHOWN = 4096
MOST_UNSHOWN_BYTES = 8 * 1024 * 1024
MOST_EXCHANGES_AHEAD = 256
MOST_PASSED_ON = 512
PASSED_ON_AFTER_S = 0.1
"""So long, or until so many frames have gone on, the times at which they did wait to be stored."""


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class ProxySession:
    """A session that connections are recorded into.

    Attributes:
        numbers, connections: number its frames and its connections.
        began_s: when it began, monotonic seconds.
        sink: takes its records.
        as_shown: a payload as it is shown, without its secrets; None: as it came.
    """

    numbers: Iterator[int]
    connections: Iterator[int]
    began_s: float
    sink: FrameSink
    as_shown: Callable[[Payload], Payload] | None = None


class ProxyStorage(Protocol):
    """Where sessions are stored. Between ``begin`` and ``commit`` sinks only collect; else they commit."""

    def session(self) -> ProxySession:
        """The session of a connection that is about to be made."""
        ...

    def connection_ended(self, session: ProxySession) -> None:
        """A connection of this session has ended; its last record was handed in."""
        ...

    def shared_session(self) -> ProxySession | None:
        """The one session of all connections; None where each has its own."""
        ...

    def begin(self) -> None:
        """Collect records until ``commit``."""
        ...

    def commit(self) -> None:
        """Return when all that was collected is committed. Raises ``StorageFailed``."""
        ...

    def use_idle_time(self, spare_s: float) -> None:
        """Do what may wait until nothing is going on. Raises ``StorageFailed``."""
        ...


_PassedOn = tuple[ProxySession, FrameNumbers, int, float]
"""Frames that have gone on: when, by the wall clock and by the monotonic one."""


class ProxyRecorder:
    """Collects the records of a round and the bytes that wait for them.

    Args:
        passthrough: pass bytes on though they cannot be stored; else the failure is raised.
        on_payloads: called with payloads in the order in which they were completed, when there is time.
        on_failure: called once with what failed, if ``passthrough``.

    Attributes:
        failure: what made the storage fail, once it did; nothing is stored from then on.
        round: which round it is; what is handed in goes on at its end.
        unstored_bytes: how many bytes went on without being stored.
        unshown: payloads that were left out because there was too little time to show them.
    """

    def __init__(
        self,
        storage: ProxyStorage,
        clock: Clock,
        *,
        passthrough: bool,
        on_payloads: Callable[[Sequence[Payload]], None] | None,
        on_failure: Callable[[StorageFailed], None],
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._passthrough = passthrough
        self._on_payloads = on_payloads
        self._on_failure = on_failure
        self._records: dict[ProxySession, list[Record]] = {}
        self._waiting: list[tuple[SocketChannel, bytes, FrameNumbers]] = []
        self._ends: list[Callable[[], None]] = []
        self._ended: list[ProxySession] = []
        self._over: WeakSet[ProxySession] = WeakSet()
        self._passed_on: list[_PassedOn] = []
        self._passed_on_count = 0
        self._store_passed_on_s = math.inf
        self._last_s = 0.0  # when a time was last asked for
        self._ahead: deque[HttpExchange] = deque(maxlen=MOST_EXCHANGES_AHEAD)
        self._assemblers: dict[ProxySession, PayloadAssembler] = {}
        self._to_show: deque[tuple[ProxySession, Payload]] = deque()
        self._to_show_bytes = 0
        self.failure: StorageFailed | None = None
        self.round = 0
        self.unstored_bytes = 0
        self.unshown = 0

    # Handing in ----------------------------------------------------------------------------------------

    def session(self) -> ProxySession | None:
        """The session of the connection that is about to be made; None once nothing can be stored."""
        if self.failure is not None:
            return None
        session = self._storage.session()
        if self._ahead:
            self.add(session, [self._ahead.popleft() for _ in range(len(self._ahead))])
        return session

    def add(self, session: ProxySession, records: Sequence[Record]) -> None:
        """Store these with this round."""
        added = self._records.get(session)
        if added is not None:
            added += records
        elif records:
            self._records[session] = list(records)

    def add_exchange(self, exchange: HttpExchange, session: ProxySession | None = None) -> None:
        """Store a request and its answer: in the session, the one of all, or the next that begins."""
        chosen = session or self._storage.shared_session()
        if self.failure is not None:
            return
        if chosen is None:
            self._ahead.append(exchange)
        else:
            self.add(chosen, [exchange])

    def send_after_commit(self, channel: SocketChannel, data: bytes, frames: FrameNumbers = ()) -> None:
        """Send these bytes once the records of this round are committed."""
        self._waiting.append((channel, data, frames))

    def call_after_commit(self, end: Callable[[], None]) -> None:
        """Make this call once all that was waiting so far was handed to its channel: it ends a stream."""
        self._ends.append(end)

    def connection_ended(self, session: ProxySession) -> None:
        """The last record of a connection was handed in."""
        self._ended.append(session)

    def forwarded(self, session: ProxySession, numbers: FrameNumbers) -> None:
        """Note that these frames have gone on now; stored with a later commit, if the session goes on."""
        now_s = self._last_s = self._clock.now_s()
        if not self._passed_on:
            self._store_passed_on_s = now_s + PASSED_ON_AFTER_S
        self._passed_on_count += len(numbers)
        if self._passed_on_count >= MOST_PASSED_ON:
            self._store_passed_on_s = now_s
        self._passed_on.append((session, numbers, self._clock.wall_us(), now_s))

    def times(self, session: ProxySession) -> tuple[int, int]:
        """Now: microseconds since the epoch, and since the session began."""
        now_s = self._last_s = self._clock.now_s()
        return self._clock.wall_us(), round((now_s - session.began_s) * 1_000_000)

    def exchange_times(self) -> tuple[int, int | None]:
        """Now, for a request beside the WebSockets; its session may not have begun."""
        shared = self._storage.shared_session()
        return (self._clock.wall_us(), None) if shared is None else self.times(shared)

    # The round -----------------------------------------------------------------------------------------

    def finish_round(self) -> None:
        """Commit what was handed in, then pass on what was to be sent.

        Raises:
            StorageFailed: nothing of it is committed, and nothing was passed on.
        """
        records = self._records
        if self._passed_on and not records:
            self._add_passed_on()
        if records:
            self._records = {}
            self._commit(records)
        self.round += 1
        if self._waiting or self._ends:
            self._pass_on()
        if self._last_s >= self._store_passed_on_s:
            self._add_passed_on()
        if self._on_payloads is not None and records:
            self._collect_payloads(records)
        if self._ended:
            ended, self._ended = self._ended, []
            self._add_passed_on()
            records, self._records = self._records, {}
            self._commit(records)
            self._end(ended)

    def use_idle_time(self, spare_s: float) -> None:
        """Nothing is going on: let the storage do what waits for that. Raises ``StorageFailed``."""
        if self.failure is None:
            try:
                self._storage.use_idle_time(spare_s)
            except StorageFailed as failure:
                self._failed(failure)

    def show(self, most: int) -> None:
        """Hand at most so many payloads to ``on_payloads``."""
        taken = [self._to_show.popleft() for _ in range(min(most, len(self._to_show)))]
        self._to_show_bytes -= sum(len(payload.data) for _, payload in taken)
        if taken and self._on_payloads is not None:
            self._on_payloads(
                [
                    payload if session.as_shown is None else session.as_shown(payload)
                    for session, payload in taken
                ]
            )

    @property
    def has_to_show(self) -> bool:
        """Whether payloads wait for ``show``."""
        return bool(self._to_show)

    def drop_uncommitted(self) -> None:
        """Forget what was to be sent: it is not stored, and must not go on."""
        self._waiting.clear()
        self._ends.clear()
        self._records.clear()
        self._passed_on.clear()

    def _add_passed_on(self) -> None:
        """Hand in when frames have gone on, to be stored with the next commit."""
        for session, numbers, at_us, now_s in self._passed_on:
            if session not in self._over:
                offset_us = round((now_s - session.began_s) * 1_000_000)
                self.add(session, [FrameForwarded(number, at_us, offset_us) for number in numbers])
        self._passed_on.clear()
        self._passed_on_count = 0
        self._store_passed_on_s = math.inf

    def _pass_on(self) -> None:
        waiting, self._waiting = self._waiting, []
        for channel, data, frames in waiting:
            channel.send(data, frames)
        if self._ends:
            ends, self._ends = self._ends, []
            for end in ends:
                end()
        if self.failure is not None:
            self.unstored_bytes += sum(len(data) for _, data, _ in waiting)

    def _commit(self, records: dict[ProxySession, list[Record]]) -> None:
        if self.failure is not None or not records:
            return
        try:
            if len(records) == 1:
                ((session, added),) = records.items()
                session.sink(added)
                return
            self._storage.begin()
            for session, added in records.items():
                session.sink(added)
            self._storage.commit()
        except StorageFailed as failure:
            self._failed(failure)

    def _end(self, ended: list[ProxySession]) -> None:
        for session in ended:
            if session is not self._storage.shared_session():
                self._assemblers.pop(session, None)
                self._over.add(session)
            if self.failure is not None:
                continue
            try:
                self._storage.connection_ended(session)
            except StorageFailed as failure:
                self._failed(failure)

    def _failed(self, failure: StorageFailed) -> None:
        if not self._passthrough:
            raise failure
        self.failure = failure
        self._on_failure(failure)

    def _collect_payloads(self, records: dict[ProxySession, list[Record]]) -> None:
        for session, added in records.items():
            assembler = self._assemblers.get(session)
            if assembler is None:
                assembler = self._assemblers[session] = PayloadAssembler()
            for record in added:
                if isinstance(record, RecordedFrame) and (payload := assembler.feed(record)) is not None:
                    self._to_show.append((session, payload))
                    self._to_show_bytes += len(payload.data)
        while len(self._to_show) > MOST_UNSHOWN or self._to_show_bytes > MOST_UNSHOWN_BYTES:
            _, left_out = self._to_show.popleft()
            self._to_show_bytes -= len(left_out.data)
            self.unshown += 1
