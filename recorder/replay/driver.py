"""Carries out what a player decides: a thin shell around it, the only part of replay that waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from recorder.clock import Clock
from recorder.errors import RecordingIncomplete
from recorder.messaging.events import Stamp

from .actions import AwaitMessage, Done, HangUp, Send, WakeAt
from .outcome import Outcome
from .player import Player

BINARY = 0x2


class Incoming(Protocol):
    """A payload with its place in the session."""

    @property
    def number(self) -> int: ...
    @property
    def connection(self) -> int: ...
    @property
    def at_us(self) -> int | None: ...
    @property
    def offset_us(self) -> int | None: ...
    @property
    def opcode(self) -> int: ...
    @property
    def data(self) -> bytes: ...


class Ending(Protocol):
    """How a connection ended."""

    @property
    def close_code(self) -> int | None: ...
    @property
    def close_reason(self) -> str | None: ...
    @property
    def closed_by(self) -> str | None: ...
    @property
    def how(self) -> str: ...


class Connection(Protocol):
    """One open connection, recorded by whoever made it."""

    @property
    def closed(self) -> Ending | None:
        """How it ended; None while it has not."""
        ...

    def send(self, text: str) -> Incoming:
        """Send, and tell which frame it was. RecordingIncomplete if the connection is over."""
        ...

    def receive(self, until_s: float | None = None) -> Incoming | None:
        """The next payload; None if there is none by then, or the connection is over."""
        ...

    def close(self, code: int = 1000, reason: str = "") -> object:
        """Close it, and return once it is closed."""
        ...


def drive(
    player: Player,
    *,
    connect: Callable[[], Connection],
    clock: Clock,
    stopped: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Play to the end and return what came of it.

    ``clock`` is the one that ``receive`` measures its ``until_s`` with. When ``stopped()`` turns true the
    script ends where it is; whoever turns it must make ``receive`` return. The connection is closed on
    every way out.

    Raises:
        CannotConnect: as ``connect`` does. Whatever the connection raises while it is not over.
    """
    connection = connect()
    try:
        _play(player, connection, clock, stopped)
    finally:
        if connection.closed is None:
            connection.close()
    return player.outcome()


def _play(player: Player, connection: Connection, clock: Clock, stopped: Callable[[], bool]) -> None:
    over = False
    while not stopped() and not isinstance(action := player.next_action(clock.now_s()), Done):
        if isinstance(action, Send):
            over = not _send(player, connection, action, clock)
        elif isinstance(action, HangUp):
            connection.close(action.code, action.reason)
            over = _hear_the_rest(player, connection, clock)
        elif isinstance(action, WakeAt) and over:
            clock.sleep_until(action.at_s)
        else:
            over = not _listen(player, connection, _until_s(action), clock)


def _send(player: Player, connection: Connection, action: Send, clock: Clock) -> bool:
    """Whether the connection is still there."""
    try:
        sent = connection.send(action.text)
    except RecordingIncomplete:
        if connection.closed is None:
            raise
        return not _hear_the_rest(player, connection, clock)
    player.sent(_stamp(sent), clock.now_s())
    return True


def _listen(player: Player, connection: Connection, until_s: float | None, clock: Clock) -> bool:
    """Hand in what comes next, until then; whether the connection is still there."""
    payload = connection.receive(until_s)
    if payload is not None:
        _hand_in(player, payload, clock)
    elif connection.closed is not None:
        player.connection_ended(_in_words(connection.closed), clock.now_s())
        return False
    return True


def _hear_the_rest(player: Player, connection: Connection, clock: Clock) -> bool:
    """Hand in what came before the end, then the end. True: it is over."""
    while (payload := connection.receive(clock.now_s())) is not None:
        _hand_in(player, payload, clock)
    ended = connection.closed
    player.connection_ended(_in_words(ended) if ended is not None else "closed by us", clock.now_s())
    return True


def _hand_in(player: Player, payload: Incoming, clock: Clock) -> None:
    player.heard(payload.data, _stamp(payload), clock.now_s(), binary=payload.opcode == BINARY)


def _until_s(action: WakeAt | AwaitMessage) -> float | None:
    return action.at_s if isinstance(action, WakeAt) else action.until_s


def _stamp(payload: Incoming) -> Stamp:
    return Stamp(payload.number, payload.connection, payload.at_us, payload.offset_us)


def _in_words(ended: Ending) -> str:
    """``closed by the service, 4401 "expired"``; the reason is somebody else's text."""
    by = f" by the {ended.closed_by}" if ended.closed_by is not None else ""
    code = f", {ended.close_code}" if ended.close_code is not None else ""
    reason = f' "{ended.close_reason}"' if ended.close_reason else ""
    return f"{ended.how}{by}{code}{reason}"
