"""The loop of ``recorder record``: sends lines, delivers payloads, until the connection ends."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from recorder.clock import Clock
from recorder.errors import BadOption
from recorder.wire.frames import CloseCode, Opcode, close_parts
from recorder.wire.payloads import Payload
from recorder.wire.records import RecordedFrame

from .client import RecordingConnection
from .connection_base import ConnectionEnded

LINGER_S = 2.0
_LINES_AHEAD = 64  # queued lines; the rest of a long file stays in its pipe
_QUEUE_POLL_S = 0.2  # how often the reading thread checks for the end while the queue is full
_LAST_LINE_S = 0.2  # how long a line that is there may take to be read once the connection is over
_REPLIES_PER_LINE = 64  # payloads delivered before the next line is sent


def lines_of(descriptor: int) -> Iterator[str]:
    """The lines of an open file descriptor, such as 0 for standard input; invalid UTF-8 as lone surrogates.

    Not ``sys.stdin``: a thread that still waits in it makes the interpreter abort at exit.
    """
    with open(descriptor, encoding="utf-8", errors="surrogateescape", closefd=False) as file:
        yield from file


class ControlRequest(NamedTuple):
    """A control frame to send in place of a line: ``Opcode.PING``, ``PONG`` or ``CLOSE``, and its payload."""

    opcode: Opcode
    payload: bytes


def run_interactive(
    connection: RecordingConnection,
    *,
    lines: Iterable[str | ControlRequest],
    deliver: Callable[[Payload], None],
    stopped: Callable[[], bool],
    clock: Clock,
    linger_s: float | None = LINGER_S,
    idle: IdleWork | None = None,
    echo: Callable[[Payload | RecordedFrame], None] | None = None,
) -> UnsentLines | None:
    """Send each line as a text frame and deliver what comes, until the connection is over.

    Returns the lines that were there and could not be sent, because the connection was over; None if none.

    Reads ``lines`` in a thread of its own. Line ends are not sent, nor are empty lines. After the last
    line it waits for more payloads until none came for ``linger_s``, then closes with 1000; with None (a
    terminal) it goes on until the service closes. When ``stopped()`` turns true it closes with 1001; call
    ``connection.wake()`` then. ``idle`` is done when nothing comes. ``echo`` gets each text once it is sent,
    each control frame that was asked for, and the pongs that answer them, unless the connection's
    ``on_control`` gets them. A Close frame ends it.

    Raises:
        BadOption: a line is not UTF-8. The lines before it went out, and the connection is closed.
        Exception: whatever ``deliver``, ``idle`` or the sink raises, after closing the connection.
    """
    session = _InteractiveSession(connection, deliver, clock=clock, linger_s=linger_s, idle=idle, echo=echo)
    connection.on_control = connection.on_control or session.echo_pong
    reader = threading.Thread(target=session.read, args=(lines,), name="read lines", daemon=True)
    reader.start()
    try:
        while connection.closed is None and not session.is_done():
            if stopped():
                connection.close(CloseCode.GOING_AWAY)
                break
            session.send_and_receive()
        connection.close(CloseCode.NORMAL)
        session.deliver_rest()
    except ConnectionEnded:
        session.deliver_rest()
    finally:
        session.over.set()
        connection.close(CloseCode.GOING_AWAY)
    reader.join(_LAST_LINE_S)
    if session.fault is not None:
        raise session.fault
    return session.unsent()


class IdleWork(NamedTuple):
    """Something to do now and then while nothing comes.

    Attributes:
        due_s: when next, by ``clock.now_s()``; None: never.
        work: does it, if it is due.
    """

    due_s: Callable[[], float | None]
    work: Callable[[], None]


class UnsentLines(NamedTuple):
    """Lines that were read and not sent: number (from 1) and text of the first, and how many more."""

    number: int
    text: str
    more: int


_NumberedLine = tuple[int, str | ControlRequest]


class _InteractiveSession:
    """The queue of lines and the linger deadline of one run; None in the queue marks the end of the lines."""

    def __init__(
        self,
        connection: RecordingConnection,
        deliver: Callable[[Payload], None],
        *,
        clock: Clock,
        linger_s: float | None,
        idle: IdleWork | None,
        echo: Callable[[Payload | RecordedFrame], None] | None,
    ) -> None:
        self.lines: queue.Queue[_NumberedLine | None] = queue.Queue(_LINES_AHEAD)
        self.over = threading.Event()
        self._sending: _NumberedLine | None = None
        self._read_too_late: _NumberedLine | None = None
        self.fault: BadOption | None = None
        self._connection = connection
        self._deliver = deliver
        self._clock = clock
        self._linger_s = linger_s
        self._idle = idle
        self._echo = echo
        self._pings_unanswered = 0
        self._lines_ended = False
        self._until_s: float | None = None

    def read(self, lines: Iterable[str | ControlRequest]) -> None:
        """In a thread: put every line in the queue, then its end. Waits while the queue is full."""
        number = 0
        try:
            for line in lines:
                number += 1
                if isinstance(line, str):
                    line = line.rstrip("\r\n")
                    line.encode()
                if line and not self._put((number, line)):
                    self._read_too_late = number, line
                    return
        except UnicodeError:
            self.fault = BadOption("stdin", f"line {number} is not UTF-8 text")
        except (OSError, ValueError):  # the terminal is gone, or the stream was closed: that ends the lines
            pass
        self._put(None)

    def _put(self, line: _NumberedLine | None) -> bool:
        """Whether it could be put in the queue before the connection was over."""
        while not self.over.is_set():
            with contextlib.suppress(queue.Full):
                self.lines.put(line, timeout=_QUEUE_POLL_S)
                self._connection.wake()
                return True
        return False

    def is_done(self) -> bool:
        """Whether the lines have ended and nothing came for the linger time, or they were unreadable."""
        lingered = self._until_s is not None and self._clock.now_s() >= self._until_s
        return self._lines_ended and (lingered or self.fault is not None)

    def send_and_receive(self) -> None:
        """Send one line if there is one, and deliver what has arrived; otherwise wait for either."""
        line = self._next_line()
        if line is None:
            self._receive_or_idle()
            return
        self._sending = line
        self._send(line[1])
        self._sending = None
        for _ in range(_REPLIES_PER_LINE):
            if not self._receive(self._clock.now_s()):
                return

    def _send(self, line: str | ControlRequest) -> None:
        sent: Payload | RecordedFrame | None
        if isinstance(line, str):
            sent = self._connection.send(line)
        elif line.opcode == Opcode.CLOSE:
            code, reason = close_parts(line.payload)
            self._connection.close(CloseCode.NORMAL if code is None else code, reason or "")
            return
        elif line.opcode == Opcode.PING:
            self._pings_unanswered += 1
            sent = self._connection.ping(line.payload)
        else:
            sent = self._connection.send_frame(line.opcode, line.payload)
        if sent is not None and self._echo is not None:
            self._echo(sent)

    def echo_pong(self, frame: RecordedFrame) -> None:
        """Pass on the answers to pings that were asked for, not those that keep the connection alive."""
        if frame.opcode == Opcode.PONG and self._pings_unanswered and self._echo is not None:
            self._pings_unanswered -= 1
            self._echo(frame)

    def _receive_or_idle(self) -> None:
        idle_s = None if self._idle is None else self._idle.due_s()
        until_s = min([at_s for at_s in (self._until_s, idle_s) if at_s is not None], default=None)
        if not self._receive(until_s) and self._idle is not None:
            self._idle.work()

    def deliver_rest(self) -> None:
        """Deliver what was received before the connection ended."""
        while self._connection.closed is not None and self._receive(None):
            pass

    def unsent(self) -> UnsentLines | None:
        """The lines that were read and not sent, or not as a whole."""
        with self.lines.mutex:
            queued = list(self.lines.queue)
        left = [each for each in (self._sending, *queued, self._read_too_late) if each is not None]
        if not left:
            return None
        number, line = left[0]
        text = line if isinstance(line, str) else f"/{line.opcode.name.lower()}"
        return UnsentLines(number, text, len(left) - 1)

    def _next_line(self) -> _NumberedLine | None:
        try:
            line = self.lines.get_nowait()
        except queue.Empty:
            return None
        if line is None:
            self._lines_ended = True
            self._extend_linger()
        return line

    def _receive(self, until_s: float | None) -> bool:
        payload = self._connection.receive(until_s)
        if payload is None:
            return False
        self._deliver(payload)
        self._extend_linger()
        return True

    def _extend_linger(self) -> None:
        if self._lines_ended and self._linger_s is not None:
            self._until_s = self._clock.now_s() + self._linger_s
