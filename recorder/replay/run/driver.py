"""Carries out the actions of a player: the only part of replay that waits.

``Driver`` does what can be done now and returns what it waits for, so that one loop can drive many sessions.
"""

from __future__ import annotations

from collections.abc import Callable

from recorder.clock import Clock
from recorder.errors import CannotConnect, RecordingIncomplete
from recorder.messaging.events import Stamp
from recorder.runtime.background import BackgroundTask
from recorder.runtime.waiter import Source, Waiting
from recorder.wire.frames import Opcode
from recorder.wire.records import ConnectionClosed

from .actions import (
    Abort,
    AwaitMessage,
    CloseConnection,
    Connect,
    Done,
    Ended,
    PlayerAction,
    Send,
    SendBytes,
    SendRawFrame,
    Upload,
    WakeAt,
)
from .connection import ConnectFunction, Connection, ConnectionObserver, PendingConnection, RecordedPosition
from .player import Player

LEAD_S = 0.001
"""Seconds before a deadline at which a session is woken to prepare a frame. Must exceed the wake-up latency
of the system; a larger value takes time from other sessions (tests/benchmarks/receipt_lateness.py)."""

StartUpload = Callable[[Upload], "BackgroundTask[None] | None"]
"""Uploads a file: None if that is done already, else the task, whose result may raise ``UploadFailed``."""


class UploadFailed(Exception):
    """A file could not be uploaded; the text is one sentence."""


class Driver:
    """Plays one session without blocking.

    Args:
        connect: opens a connection for a consumer.
        clock: times everything.
        upload: uploads files; None: a note says that the file was not uploaded.
        observer: sees every frame besides the player.

    Attributes:
        refused: why the last attempt to connect failed; None once one succeeded.
    """

    def __init__(
        self,
        player: Player,
        *,
        connect: ConnectFunction,
        clock: Clock,
        upload: StartUpload | None = None,
        observer: ConnectionObserver | None = None,
    ) -> None:
        self._player = player
        self._connect = connect
        self._clock = clock
        self._upload = upload
        self._observer = observer
        self._connections: dict[int, Connection] = {}
        self._pending: dict[str, PendingConnection] = {}
        self._connecting_since_s: dict[str, float] = {}
        self._uploads: list[BackgroundTask[None]] = []
        self._was_connected = False
        self._over = False
        self.refused: CannotConnect | None = None

    def advance(self, now_s: float) -> Waiting | None:
        """Do everything that can be done now, and return what it waits for; None: the script is over.

        ``now_s`` may lie up to ``LEAD_S`` ahead: then what is due at that moment is done at that moment.
        Other than for that it never blocks.

        Raises:
            CannotConnect: the script is over, and no connection was ever open.
            StorageFailed: nothing can be recorded any more. Whatever else a connection raises.
        """
        while not self._over:
            action = self._player.next_action(now_s)
            if isinstance(action, Done):
                self._over = True
                if self.refused is not None and not self._was_connected:
                    raise self.refused
            elif not isinstance(action, WakeAt | AwaitMessage):
                if isinstance(action, Send) and self._clock.now_s() < now_s:
                    self._send(action, at_s=now_s)  # recorded beforehand, sent at that moment
                else:
                    self._be_on_time(now_s)
                    self._carry_out(action)
            elif not self._poll_one():
                return self._waiting(action)
            now_s = max(now_s, self._clock.now_s())
        return None

    def run(
        self, *, wait: Callable[[Waiting], None], stopped: Callable[[], bool], lead_s: float = 0.0
    ) -> None:
        """Call ``advance`` until the script is over or ``stopped()``; on every way out, ``close``.

        When ``wait`` returns up to ``lead_s`` early, what is due next is prepared in the time left: only for
        a clock that runs by itself, since the rest is waited for without sleeping.
        """
        now_s = self._clock.now_s()
        try:
            while not stopped() and (waiting := self.advance(now_s)) is not None:
                wait(waiting)
                now_s = self._clock.now_s()
                until_s = waiting.until_s
                if until_s is not None and now_s < until_s <= now_s + lead_s:
                    now_s = until_s
        finally:
            self.close()

    def take_in(self) -> None:
        """Record what has arrived on every connection; ``advance`` delivers it to the player."""
        for connection in self._connections.values():
            connection.take_in()

    def hang_up(self) -> None:
        """Start the closing handshake of every open connection; ``close`` awaits their ends."""
        for connection in self._connections.values():
            if connection.closed is None:
                connection.hang_up()

    def close(self) -> None:
        """Close what is still open; all closing handshakes run at the same time."""
        self._over = True
        for pending in self._pending.values():
            pending.give_up()
        for upload in self._uploads:
            upload.close()
        self.hang_up()
        for connection in self._connections.values():
            if connection.closed is None:
                connection.close()

    # --- carrying out ---

    def _be_on_time(self, moment_s: float) -> None:
        # Busy waiting: no system wakes a thread reliably after so short a sleep.
        while self._clock.now_s() < moment_s:
            pass

    def _carry_out(self, action: PlayerAction) -> None:
        if isinstance(action, Connect | CloseConnection | Abort | Upload):
            self._player.begun(action, self._clock.now_s())
        match action:
            case Send() | SendRawFrame() | SendBytes():
                self._send(action)
            case Connect(consumer, fresh_token):
                self._begin_connecting(consumer, fresh_token)
            case Upload():
                self._begin_upload(action)
            case CloseConnection(code, reason, number) if number in self._connections:
                self._connections[number].hang_up(code, reason)
            case Abort(mid_frame, number) if number in self._connections:
                self._connections[number].abort(mid_frame=mid_frame)
                self._receive_remaining(number)

    def _send(self, action: Send | SendRawFrame | SendBytes, *, at_s: float | None = None) -> None:
        connection = self._connections[action.connection]
        try:
            position = _sent(connection, action, at_s)
        except RecordingIncomplete:
            if connection.closed is None:
                raise
            self._receive_remaining(action.connection)
            return
        if self._observer is not None:
            self._observer.sent(action.text if isinstance(action, Send) else None, position)
        stamp = None if position is None else _stamp(position)
        if isinstance(action, Send) and stamp is not None:
            self._player.sent(stamp, self._clock.now_s())
        else:
            self._player.sent_raw(stamp, self._clock.now_s())

    def _begin_connecting(self, consumer: str, fresh_token: bool) -> None:
        self._connecting_since_s[consumer] = self._clock.now_s()
        try:
            made = self._connect(consumer, fresh_token)
        except CannotConnect as problem:
            self._not_connected(consumer, problem)
            return
        if isinstance(made, PendingConnection):
            self._pending[consumer] = made
        else:
            self._connected(consumer, made)

    def _connected(self, consumer: str, connection: Connection) -> None:
        self._connections[connection.number] = connection
        self._was_connected, self.refused = True, None
        if self._observer is not None:
            self._observer.connected(self._clock.now_s() - self._connecting_since_s[consumer])
        self._player.connected(
            consumer,
            connection.number,
            self._clock.now_s(),
            connection.token,
            connection.init_connection,
        )

    def _not_connected(self, consumer: str, problem: CannotConnect) -> None:
        self.refused = problem
        self._player.not_connected(consumer, str(problem), self._clock.now_s())

    def _begin_upload(self, action: Upload) -> None:
        if self._upload is None:
            note = f"{action.consumer} has no upload_url: the file stayed here"
            self._player.uploaded(self._clock.now_s(), note=note)
        elif (task := self._upload(action)) is None:
            self._player.uploaded(self._clock.now_s())
        else:
            self._uploads.append(task)

    # --- polling ---

    def _poll_one(self) -> bool:
        """Hand one payload, connection or upload to the player; False if there is none."""
        return (
            any(self._poll_connection(number) for number in tuple(self._connections))
            or any(self._poll_pending(consumer) for consumer in tuple(self._pending))
            or any(self._poll_upload(upload) for upload in tuple(self._uploads))
        )

    def _poll_connection(self, number: int) -> bool:
        connection = self._connections[number]
        payload = connection.receive(self._clock.now_s())
        # Round robin: a connection that never stops sending must not starve the others.
        self._connections[number] = self._connections.pop(number)
        if payload is not None:
            if self._observer is not None:
                self._observer.received(payload)
            self._player.received(
                payload.data, _stamp(payload), self._clock.now_s(), binary=payload.opcode == Opcode.BINARY
            )
        elif connection.closed is not None:
            self._end(number, connection.closed)
        return payload is not None or connection.closed is not None

    def _receive_remaining(self, number: int) -> None:
        """Hand in the payloads before the end of the connection, then its end."""
        while number in self._connections and self._poll_connection(number):
            pass

    def _end(self, number: int, ended: ConnectionClosed) -> None:
        del self._connections[number]
        self._player.connection_ended(number, _ended(ended), self._clock.now_s())

    def _poll_pending(self, consumer: str) -> bool:
        pending = self._pending[consumer]
        try:
            connection = pending.take()
        except CannotConnect as problem:
            del self._pending[consumer]
            self._not_connected(consumer, problem)
            return True
        if connection is None:
            return False
        del self._pending[consumer]
        self._connected(consumer, connection)
        return True

    def _poll_upload(self, upload: BackgroundTask[None]) -> bool:
        if not upload.done:
            return False
        self._uploads.remove(upload)
        upload.close()
        try:
            upload.result()
        except UploadFailed as problem:
            self._player.not_uploaded(str(problem), self._clock.now_s())
        else:
            self._player.uploaded(self._clock.now_s())
        return True

    # --- waiting ---

    def _waiting(self, action: WakeAt | AwaitMessage) -> Waiting:
        until_s = action.at_s if isinstance(action, WakeAt) else action.until_s
        moments = [until_s, *(connection.next_due_s() for connection in self._connections.values())]
        opening = (pending.source for pending in self._pending.values())
        sources: tuple[Source, ...] = (
            *self._connections.values(),
            *(source for source in opening if source is not None),
            *self._uploads,
        )
        return Waiting(min((moment for moment in moments if moment is not None), default=None), sources)


def _sent(
    connection: Connection, action: Send | SendRawFrame | SendBytes, at_s: float | None
) -> RecordedPosition | None:
    if isinstance(action, Send):
        return connection.send(action.text) if at_s is None else connection.send(action.text, at_s=at_s)
    if isinstance(action, SendBytes):
        return connection.send_bytes(action.data)
    return connection.send_frame(
        action.opcode, action.payload, fin=action.fin, rsv=action.rsv, masked=action.masked
    )


def _stamp(position: RecordedPosition) -> Stamp:
    return Stamp(position.number, position.connection, position.at_us, position.offset_us)


def _ended(ended: ConnectionClosed) -> Ended:
    """``closed by the service, 4401 "expired"``; the peer wrote the reason."""
    by = f" by the {ended.closed_by}" if ended.closed_by is not None else ""
    code = f", {ended.close_code}" if ended.close_code is not None else ""
    reason = f' "{ended.close_reason}"' if ended.close_reason else ""
    return Ended(
        ended.how, ended.close_code, ended.close_reason, ended.closed_by, f"{ended.how}{by}{code}{reason}"
    )
