"""A socket that records, given to the WebSocket library in place of the real one.

Incoming bytes are read in large chunks, recorded, and only then returned in the small pieces the
library asks for: a burst is one commit. Outgoing bytes are recorded before they are sent.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable, Sequence
from typing import NoReturn

from recorder.clock import Clock
from recorder.runtime.selector import HasFileno, Wakeup, readable
from recorder.wire.frames import Side
from recorder.wire.handshake import minimal_response
from recorder.wire.records import RecordedFrame

from .tracker import ConnectionTracker, PayloadTooLong

CHUNK = 64 * 1024
MAX_FRAMES_PER_RECORD = 256  # recorded at once; so many rows take 1 to 2 ms, and a receipt may be due
UPGRADE_CHUNK = 4 * 1024  # bytes read at once during the upgrade
MAX_UNREAD = 4 * 1024 * 1024
MAX_UNSENT = 64 * 1024 * 1024
STOP_SEND_TIMEOUT_S = 3.0
REFUSAL_TIMEOUT_S = 2.0  # for the body of a refusal; some services never end it


class UpgradeRefused(Exception):
    """The response to the upgrade opens no WebSocket. It has been recorded."""


class TapSocket:
    """Wraps the real socket and passes all bytes through a tracker. One thread uses it; any may ``wake`` it.

    Waiting ends at ``deadline_s`` (in ``clock.now_s()``, None for never) or after ``wake``, with
    ``TimeoutError``. A read that timed out may be repeated; nothing is lost in between.

    Attributes:
        deadline_s: until when ``recv`` waits.
        send_timeout_s: how long one ``send`` may take.
        received_frames: recorded frames of the service, oldest first; the owner removes them.
        last_received_s: when bytes last came.
        sent_frames: recorded frames that the last ``send`` completed.
        send_incomplete: a frame went out in part; nothing can follow it on this connection.
        ended: the peer has ended its stream, or the connection broke.
        stalled: a send timed out.
        stalls_at_s: when the send timeout ends, while queued bytes wait for room; else None.
        failure: how the connection broke, in a few words; None if it did not.
    """

    def __init__(
        self,
        sock: socket.socket,
        tracker: ConnectionTracker,
        clock: Clock,
        *,
        send_timeout_s: float = 30.0,
        queueing: bool = False,
    ) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._tracker = tracker
        self._clock = clock
        self.send_timeout_s = send_timeout_s
        self._queueing = queueing
        self._unsent = bytearray()
        self.stalls_at_s: float | None = None
        self._wakeup = Wakeup()
        self._woken = False
        self._unread = b""
        self._at = 0
        self._unrecorded = b""  # read, not recorded yet
        self._upgrading: bytearray | None = bytearray()
        self._too_long: PayloadTooLong | None = None
        self._closed = False
        self.deadline_s: float | None = None
        self.received_frames: deque[RecordedFrame] = deque()
        self.sent_frames: Sequence[RecordedFrame] = ()
        self.last_received_s = clock.now_s()
        self.send_incomplete = False
        self.ended = False
        self.stalled = False
        self.failure: str | None = None
        self._read_waits_for_writing = False
        self._send_deadline_s = float("inf")

    # What a WebSocket library calls ---------------------------------------------------------------

    def recv(self, size: int) -> bytes:
        """Return up to ``size`` recorded bytes; ``b""`` once the peer has ended its stream.

        Raises:
            TimeoutError: the deadline passed, or ``wake`` was called.
            UpgradeRefused: the response to the upgrade opens no WebSocket.
            PayloadTooLong: after everything before the long payload was returned.
        """
        self.fill()
        at = self._at
        data = self._unread[at : at + size]
        self._at = at + len(data)
        return data

    def send(self, data: bytes, *, at_s: float | None = None) -> int:
        """Record these bytes, then send all of them; return how many. An error sets ``send_incomplete``.

        With ``at_s``, at most some milliseconds ahead, it spins until then: a sleep may last too long.

        With ``queueing`` it does not wait for room: bytes that do not leave at once are sent during later
        calls, reads included.

        Raises:
            TimeoutError: they did not leave within the send timeout.
            OSError: the connection is gone.
        """
        if self.send_incomplete:
            raise BrokenPipeError("an earlier frame went out in part")
        self.sent_frames = self._tracker.sent(data, at_s=at_s)
        self.send_incomplete = True
        while at_s is not None and self._clock.now_s() < at_s:
            pass
        try:
            if self._queueing:
                self._unsent += data
                self.flush()
            else:
                self._send_all(data)
        except OSError as problem:
            self.failure = self.failure or _failure_text(problem)
            raise
        self.send_incomplete = False
        return len(data)

    def gettimeout(self) -> float | None:
        """None: ``deadline_s`` takes the place of a timeout."""
        return None

    def settimeout(self, timeout: float | None) -> None:
        """Does nothing: ``deadline_s`` takes the place of a timeout."""

    def fileno(self) -> int:
        return self._sock.fileno()

    @property
    def has_more(self) -> bool:
        """Whether bytes were read and not returned yet: the socket need not turn readable for these."""
        return self._at < len(self._unread) or bool(self._unrecorded)

    @property
    def waits_to_write(self) -> bool:
        """Whether there is something to do once the socket is writable."""
        return bool(self._unsent) or self._read_waits_for_writing

    def flush(self) -> None:
        """Send as many of the queued bytes as there is room for.

        Raises:
            TimeoutError: none of them left within the send timeout.
            OSError: the connection is gone.
        """
        try:
            while self._unsent:
                del self._unsent[: self._sock.send(self._unsent)]
                self.stalls_at_s = None
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            now_s = self._clock.now_s()
            self.stalls_at_s = self.stalls_at_s or now_s + self.send_timeout_s
            if now_s >= self.stalls_at_s or len(self._unsent) > MAX_UNSENT:
                self._stall()

    def shutdown(self, how: int) -> None:
        """As ``socket.shutdown``; a TLS socket goes on decrypting what still arrives."""
        socket.socket.shutdown(self._sock, how)  # SSLSocket.shutdown would drop the decryption

    def reset(self) -> None:
        """Close with a TCP reset, so that the peer sees an aborted connection."""
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        """Close the socket. May be repeated."""
        self._closed = True
        self._sock.close()
        self._wakeup.close()

    # What the recording client calls --------------------------------------------------------------

    def record_first_frames(self) -> None:
        """Record the frames that came in one segment with the upgrade. Call once, after the handshake."""
        self._take_frames(self._tracker.record_first_frames)

    def wake(self) -> None:
        """End the current wait, or else the next one. From any thread or signal handler."""
        self._woken = True
        self._wakeup.set()

    def wake_to_stop(self) -> None:
        """As ``wake``; and all sending from now on has ``STOP_SEND_TIMEOUT_S`` at most."""
        self._send_deadline_s = min(self._send_deadline_s, self._clock.now_s() + STOP_SEND_TIMEOUT_S)
        self.wake()

    def take_wake(self) -> bool:
        """Whether ``wake`` was called since this was last asked."""
        if not self._woken:
            return False
        self._woken = False
        self._wakeup.clear()
        return True

    def fill(self) -> None:
        """Wait until ``recv`` has something to return, be it the end of the stream. Raises as ``recv``."""
        while self._at >= len(self._unread) and not self.ended:
            if self._too_long is not None:
                raise self._too_long
            if not self._take_chunk():
                self._wait(self.deadline_s, wake=True)

    def skip(self, frame: RecordedFrame) -> bool:
        """Drop the bytes of this frame if ``recv`` would return these next; return whether it did."""
        if frame.head is None or not self._unread.startswith(frame.head, self._at):
            return False
        self._at += len(frame.head) + len(frame.payload)
        return True

    def take_in(self) -> None:
        """Record what has arrived, up to one chunk; ``recv`` returns it later."""
        if self._too_long is None and not self.ended:
            self._take_chunk()

    def drain(self, until_s: float, *, until_close: bool = False) -> None:
        """Record what still arrives, and return none of it, until the peer ends its stream or ``until_s``.

        With ``until_close`` the peer's Close frame ends it as well. After a payload that is too long
        nothing more is recorded: the bytes are only read so that our Close frame reaches the peer.
        """
        try:
            while not (self.ended or (until_close and self._tracker.sent_close(Side.SERVICE))):
                taken = self._take_chunk() if self._too_long is None else self._read() is not None
                self._unread, self._at = b"", 0
                if not taken or self._clock.now_s() >= until_s:
                    self._wait(until_s, wake=False)
        except TimeoutError:
            return

    def send_unrecorded(self, data: bytes) -> None:
        """Try once to send bytes without recording them: a Close frame when nothing can be stored."""
        if self.send_incomplete:
            return
        with contextlib.suppress(OSError):
            self._sock.send(data)

    # Within ---------------------------------------------------------------------------------------

    def _take_chunk(self) -> bool:
        """Read and record what has arrived, up to one chunk; return whether anything had, an end included."""
        if self._unsent:
            self._flush_while_reading()
        data = self._unrecorded or self._read()
        if not data:
            return data is not None
        self.last_received_s = self._clock.now_s()
        taken = self._tracker.reach(data, MAX_FRAMES_PER_RECORD)
        data, self._unrecorded = data[:taken], data[taken:]
        self._take_frames(lambda: self._tracker.received(data))
        self._unread = self._unread[self._at :] + data if self._at < len(self._unread) else data
        self._at = 0
        if self._upgrading is not None:
            self._check_upgrade_response(self._upgrading)
        return True

    def _take_frames(self, recorded: Callable[[], Sequence[RecordedFrame]]) -> None:
        try:
            self.received_frames.extend(recorded())
        except PayloadTooLong as problem:
            self.received_frames.extend(problem.recorded)
            self._too_long = problem

    def _flush_while_reading(self) -> None:
        """As ``flush``, but ignores a broken connection: there may still be bytes to read."""
        try:
            self.flush()
        except TimeoutError:
            raise
        except OSError as problem:
            self._unsent.clear()
            self.send_incomplete = True
            self.failure = self.failure or _failure_text(problem)

    def _read(self) -> bytes | None:
        """The bytes that have arrived; ``b""`` at the end of the stream; None if there are none yet."""
        self._read_waits_for_writing = False
        try:
            data = self._sock.recv(CHUNK if self._upgrading is None else UPGRADE_CHUNK)
            if data and isinstance(self._sock, ssl.SSLSocket):
                data = _with_decrypted(data, self._sock)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except ssl.SSLWantWriteError:
            self._read_waits_for_writing = True
            return None
        except OSError as problem:
            self.failure = _failure_text(problem)
            data = b""
        self.ended = not data
        return data

    def _check_upgrade_response(self, answer: bytearray) -> None:
        """Withhold the upgrade response until it is complete and checked, then return its essentials.

        The library would read a line of any length, follow a redirect with the token, and keep cookies
        for the next connection of this process.
        """
        answer += self._unread
        self._unread = b""
        problems = self._tracker.upgrade_problems()
        if problems:
            self._receive_refusal()
            raise UpgradeRefused(problems[0])
        if self._tracker.handshake is not None:
            self._unread = (
                minimal_response(self._tracker.upgrade_response())
                + answer[self._tracker.upgrade_response_size() :]
            )
            self._upgrading = None

    def _receive_refusal(self) -> None:
        """Take in what still comes of the body of a refusal: the library closes the socket next."""
        until_s = self._clock.now_s() + REFUSAL_TIMEOUT_S
        until_s = until_s if self.deadline_s is None else min(until_s, self.deadline_s)
        with contextlib.suppress(TimeoutError):
            while not (self.ended or self._tracker.refusal is None or self._tracker.refusal.done):
                data = self._read()
                if data is None:
                    self._wait(until_s, wake=True)
                else:
                    self._tracker.received(data)

    def _send_all(self, data: bytes) -> None:
        left: bytes | memoryview = data
        until_s: float | None = None
        while left:
            try:
                gone = self._sock.send(left)
                left = memoryview(left)[gone:] if gone < len(left) else b""
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError) as obstacle:
                until_s = until_s or self._clock.now_s() + self.send_timeout_s
                self._wait_to_send(until_s, writing=not isinstance(obstacle, ssl.SSLWantReadError))

    def _wait_to_send(self, until_s: float, *, writing: bool) -> None:
        """Wait for room. Read meanwhile: a peer that blocks on writing would never read again."""
        left_s = min(until_s, self._send_deadline_s) - self._clock.now_s()
        if left_s <= 0:
            self._stall()
        has_room = len(self._unread) - self._at < MAX_UNREAD and self._too_long is None
        reading: list[HasFileno] = [self._wakeup, *([self._sock] if has_room and not self.ended else [])]
        ready = readable(reading, left_s, writing=[self._sock] if writing else ())
        if self._wakeup in ready:
            self._wakeup.clear()
        if self._sock in ready:
            self._take_chunk()

    def _stall(self) -> NoReturn:
        self.send_incomplete = self.stalled = True
        self.failure = f"the service did not take a frame within {self.send_timeout_s:g} s"
        raise TimeoutError

    def _wait(self, until_s: float | None, *, wake: bool) -> None:
        """Wait until there may be something to read. Raises TimeoutError at the deadline or when woken."""
        left_s = None if until_s is None else until_s - self._clock.now_s()
        if (left_s is not None and left_s <= 0) or (wake and self._woken):
            raise TimeoutError
        sources: list[HasFileno] = [self._sock, self._wakeup] if wake else [self._sock]
        ready = readable(sources, left_s, writing=[self._sock] if self.waits_to_write else ())
        if self._wakeup in ready:
            raise TimeoutError


def _with_decrypted(data: bytes, sock: ssl.SSLSocket) -> bytes:
    """Add what the TLS layer has decrypted already: select() does not report it."""
    while len(data) < CHUNK and sock.pending():
        data += sock.recv(CHUNK)
    return data


def _failure_text(problem: OSError) -> str:
    if isinstance(problem, ConnectionResetError):
        return "the connection was reset"
    if isinstance(problem, TimeoutError):
        return "the service vanished from the network"
    if isinstance(problem, ssl.SSLError):
        return "the encryption broke off"
    return (problem.strerror or "the connection broke").lower()
