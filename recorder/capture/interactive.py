"""Lines go out, payloads come in, until one side has had enough: the loop of ``recorder record``."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from recorder.clock import Clock
from recorder.errors import BadOption
from recorder.wire.frames import CloseCode
from recorder.wire.payloads import Payload
from recorder.wire.records import ConnectionClosed

from .client import RecordingConnection
from .connection_end import ConnectionOver

LINGER_S = 2.0
_LINES_AHEAD = 64  # a long file waits in its pipe, not in memory
_LOOK_UP_S = 0.2  # how often a thread that waits for room looks whether anybody still wants its lines
_REPLIES_PER_LINE = 64  # delivered before the next line goes out, so that answers do not pile up


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said and heard.

    Attributes:
        sent: lines that went out.
        received: payloads that were delivered.
        unsent: lines that were read and could not be sent, because the connection was over.
        closed: how the connection ended.
    """

    sent: int
    received: int
    unsent: int
    closed: ConnectionClosed | None


class _NoMoreLines:
    """Stands in the queue where the lines end; carries what ended them, if it was a fault."""

    def __init__(self, fault: BadOption | None = None) -> None:
        self.fault = fault


_Line = str | _NoMoreLines


def lines_of(descriptor: int) -> Iterator[str]:
    """The lines of an open file, such as 0 for standard input; bytes that are no UTF-8 as half surrogates.

    Not ``sys.stdin``: a thread that still waits in it makes the interpreter abort at exit.
    """
    with open(descriptor, encoding="utf-8", errors="surrogateescape", closefd=False) as file:
        yield from file


def converse(
    connection: RecordingConnection,
    *,
    lines: Iterable[str],
    deliver: Callable[[Payload], None],
    stopped: Callable[[], bool],
    clock: Clock,
    linger_s: float | None = LINGER_S,
) -> Conversation:
    """Send each line as a text frame and deliver what comes, until the connection is over.

    Reads ``lines`` in a thread of its own. Line ends are not sent, nor are empty lines. After the last
    line it waits for more payloads until none came for ``linger_s``, then closes with 1000; with None (a
    terminal) it goes on until the service closes. When ``stopped()`` turns true it closes with 1001;
    whoever turns it must call ``connection.wake()`` as well.

    Raises:
        BadOption: a line is not UTF-8. The lines before it went out, and the connection is closed.
        Exception: whatever ``deliver`` or the sink raises, after closing the connection.
    """
    talk = _Talk(connection, deliver, clock=clock, linger_s=linger_s)
    reader = threading.Thread(target=talk.read, args=(lines,), name="read lines", daemon=True)
    reader.start()
    try:
        while connection.closed is None and not talk.is_done():
            if stopped():
                connection.close(CloseCode.GOING_AWAY)
                break
            talk.turn()
        connection.close(CloseCode.NORMAL)
        talk.deliver_rest()
    except ConnectionOver:
        talk.unsent += 1
        talk.deliver_rest()
    finally:
        talk.over.set()
        connection.close(CloseCode.GOING_AWAY)
    if talk.fault is not None:
        raise talk.fault
    return Conversation(talk.sent, talk.received, talk.unsent + talk.lines_left(), connection.closed)


class _Talk:
    """The state of one conversation, turn by turn."""

    def __init__(
        self,
        connection: RecordingConnection,
        deliver: Callable[[Payload], None],
        *,
        clock: Clock,
        linger_s: float | None,
    ) -> None:
        self.lines: queue.Queue[_Line] = queue.Queue(_LINES_AHEAD)
        self.over = threading.Event()
        self.sent = 0
        self.received = 0
        self.unsent = 0
        self.fault: BadOption | None = None
        self._connection = connection
        self._deliver = deliver
        self._clock = clock
        self._linger_s = linger_s
        self._lines_over = False
        self._until_s: float | None = None

    def read(self, lines: Iterable[str]) -> None:
        """In a thread: put every line in the queue, and what ended them. Waits while the queue is full."""
        end = _NoMoreLines()
        number = 0
        try:
            for line in lines:
                number += 1
                said = line.rstrip("\r\n")
                said.encode()
                if said:
                    self._put(said)
                if self.over.is_set():
                    return
        except UnicodeError:
            end = _NoMoreLines(BadOption("stdin", f"line {number} is not UTF-8 text"))
        except (OSError, ValueError):  # the terminal is gone, or the stream was closed: that ends the lines
            pass
        self._put(end)

    def _put(self, line: _Line) -> None:
        while not self.over.is_set():
            with contextlib.suppress(queue.Full):
                self.lines.put(line, timeout=_LOOK_UP_S)
                self._connection.wake()
                return

    def is_done(self) -> bool:
        """Whether the lines are over and nothing has come for long enough, or they were unreadable."""
        lingered = self._until_s is not None and self._clock.now_s() >= self._until_s
        return self._lines_over and (lingered or self.fault is not None)

    def turn(self) -> None:
        """Say one line if there is one, and deliver what has come; otherwise wait for either."""
        line = self._next_line()
        if line is None:
            self._hear(self._until_s)
            return
        self._connection.send(line)
        self.sent += 1
        for _ in range(_REPLIES_PER_LINE):
            if not self._hear(self._clock.now_s()):
                return

    def deliver_rest(self) -> None:
        """Deliver what came before the connection ended."""
        while self._connection.closed is not None and self._hear(None):
            pass

    def lines_left(self) -> int:
        """Lines that were read and never had their turn."""
        with self.lines.mutex:
            return sum(isinstance(line, str) for line in self.lines.queue)

    def _next_line(self) -> str | None:
        try:
            line = self.lines.get_nowait()
        except queue.Empty:
            return None
        if isinstance(line, str):
            return line
        self._lines_over = True
        self.fault = line.fault
        self._linger()
        return None

    def _hear(self, until_s: float | None) -> bool:
        payload = self._connection.receive(until_s)
        if payload is None:
            return False
        self._deliver(payload)
        self.received += 1
        self._linger()
        return True

    def _linger(self) -> None:
        if self._lines_over and self._linger_s is not None:
            self._until_s = self._clock.now_s() + self._linger_s
