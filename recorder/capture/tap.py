"""A socket that records: handed to a WebSocket library in place of the real one.

Incoming bytes are read in large chunks, recorded, and only then served in the small pieces the
library asks for: a burst is one commit. Outgoing bytes are recorded before they leave.
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
from recorder.runtime.selector import readable
from recorder.wire.frames import Side
from recorder.wire.handshake import plainly
from recorder.wire.records import RecordedFrame

from .tracker import ConnectionTracker, PayloadTooLong

CHUNK = 64 * 1024
MOST_FRAMES = 256  # recorded at once: so many rows take a millisecond or two, and a receipt may be due
GLUED = 4 * 1024  # bytes read at once during the upgrade: what is glued to it is recorded in one go
MAX_UNREAD = 4 * 1024 * 1024
MAX_UNSENT = 64 * 1024 * 1024
HURRY_S = 3.0


class UpgradeRefused(Exception):
    """The answer to the upgrade cannot be taken for a WebSocket. It has been recorded."""


class TapSocket:
    """The real socket behind a tracker. One thread uses it; ``wake`` may be called from anywhere.

    Waits end at ``deadline_s`` (in ``clock.now_s()``, None for never) with ``TimeoutError``, and so
    they do after ``wake``. A read that timed out may be repeated; nothing is lost in between.

    Attributes:
        deadline_s: until when ``recv`` waits.
        send_timeout_s: how long one ``send`` may take.
        heard: recorded frames of the service, oldest first, for the owner to take away.
        last_heard_s: when bytes last came.
        said: recorded frames that the last ``send`` held.
        poisoned: a send did not get all its bytes out; nothing sensible can follow on this connection.
        ended: the peer has ended its stream, or the connection broke.
        stalled: a send timed out.
        stalls_at_s: when it will have, if what waits to be sent makes no way until then; else None.
        trouble: how it broke, in a few words, if it did.
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
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._woken = False
        self._unread = b""
        self._at = 0
        self._ahead = b""  # read, not recorded yet
        self._upgrading: bytearray | None = bytearray()
        self._too_long: PayloadTooLong | None = None
        self._closed = False
        self.deadline_s: float | None = None
        self.heard: deque[RecordedFrame] = deque()
        self.said: Sequence[RecordedFrame] = ()
        self.last_heard_s = clock.now_s()
        self.poisoned = False
        self.ended = False
        self.stalled = False
        self.trouble: str | None = None
        self._read_waits_for_writing = False
        self._hurry_until_s = float("inf")

    # What a WebSocket library calls ---------------------------------------------------------------

    def recv(self, size: int) -> bytes:
        """Return up to ``size`` recorded bytes; ``b""`` once the peer has ended its stream.

        Raises:
            TimeoutError: the deadline passed, or somebody called ``wake``.
            UpgradeRefused: the answer to the upgrade is none of a WebSocket.
            PayloadTooLong: after everything before the long payload was served.
        """
        at = self._at
        data = self._unread[at : at + size]
        if data:
            self._at = at + len(data)
            return data
        while not self.ended:
            if self._too_long is not None:
                raise self._too_long
            if not self._take_chunk():
                self._wait(self.deadline_s, wake=True)
            elif self._at < len(self._unread):
                return self.recv(size)
        return b""

    def send(self, data: bytes, *, at_s: float | None = None) -> int:
        """Record these bytes, then send all of them; return how many. After an error the tap is poisoned.

        Not before ``at_s``, which must be at hand: until then it spins, since a sleep may be too long.

        A queueing tap does not wait for room: what does not leave at once is sent when next it is asked
        for anything, a read included.

        Raises:
            TimeoutError: they did not leave within the send timeout.
            OSError: the connection is gone.
        """
        if self.poisoned:
            raise BrokenPipeError("an earlier frame went out in part")
        self.said = self._tracker.sent(data, at_s=at_s)
        self.poisoned = True
        while at_s is not None and self._clock.now_s() < at_s:
            pass
        try:
            if self._queueing:
                self._unsent += data
                self.flush()
            else:
                self._send_all(data)
        except OSError as problem:
            self.trouble = self.trouble or _in_words(problem)
            raise
        self.poisoned = False
        return len(data)

    def gettimeout(self) -> float | None:
        """None: this socket has a deadline instead, and keeps to it by itself."""
        return None

    def settimeout(self, timeout: float | None) -> None:
        """Nothing: see ``deadline_s``."""

    def fileno(self) -> int:
        return self._sock.fileno()

    @property
    def has_more(self) -> bool:
        """Whether bytes were read that nobody has asked for: to wait for the socket would be in vain."""
        return self._at < len(self._unread) or bool(self._ahead)

    @property
    def waits_to_write(self) -> bool:
        """Whether there is something to do once the socket can be written."""
        return bool(self._unsent) or self._read_waits_for_writing

    def flush(self) -> None:
        """Send of what waits as much as there is room for.

        Raises:
            TimeoutError: nothing of it has left for the send timeout.
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
        """As for any socket; an encrypted one keeps decrypting what still comes."""
        socket.socket.shutdown(self._sock, how)  # SSLSocket.shutdown would drop the decryption

    def reset(self) -> None:
        """Close for good, and let the peer see that it was broken off."""
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        """Close for good. May be repeated."""
        self._closed = True
        self._sock.close()
        self._wake_reader.close()
        self._wake_writer.close()

    # What the recording client calls --------------------------------------------------------------

    def begin(self) -> None:
        """The upgrade is done and recorded: so is, from now on, what was glued to it. Once."""
        self._take_frames(self._tracker.release)

    def wake(self) -> None:
        """Make a wait end now, or the next one if there is none. From any thread or signal handler."""
        self._woken = True
        with contextlib.suppress(OSError):  # full: it is awake already; closed: there is nobody to wake
            self._wake_writer.send(b"w")

    def hurry(self) -> None:
        """As ``wake``; and what is being sent, or will be, has ``HURRY_S`` from now at most."""
        self._hurry_until_s = min(self._hurry_until_s, self._clock.now_s() + HURRY_S)
        self.wake()

    def take_wake(self) -> bool:
        """Whether ``wake`` was called since this was last asked."""
        if not self._woken:
            return False
        self._woken = False
        self._hear_wakes()
        return True

    def take_in(self) -> None:
        """Record what has come, up to one chunk; ``recv`` serves it later."""
        if self._too_long is None and not self.ended:
            self._take_chunk()

    def drain(self, until_s: float, *, until_close: bool = False) -> None:
        """Record what still comes, and serve none of it, until the peer ends its stream or time is up.

        With ``until_close`` the peer's Close frame ends it as well. After a payload that is too long
        nothing more is recorded: the bytes are only read so that our Close frame reaches the peer.
        """
        try:
            while not (self.ended or (until_close and self._tracker.closing(Side.SERVICE))):
                taken = self._take_chunk() if self._too_long is None else self._skip_chunk()
                self._unread, self._at = b"", 0
                if not taken or self._clock.now_s() >= until_s:
                    self._wait(until_s, wake=False)
        except TimeoutError:
            return

    def send_unrecorded(self, data: bytes) -> None:
        """Try once to send these bytes without recording them: a goodbye when nothing can be stored."""
        if self.poisoned:
            return
        with contextlib.suppress(OSError):
            self._sock.send(data)

    # Within ---------------------------------------------------------------------------------------

    def _take_chunk(self) -> bool:
        """Read and record what is there, up to one chunk; return whether anything was, an end included."""
        if self._unsent:
            self._flush_while_reading()
        data = self._ahead or self._read()
        if not data:
            return data is not None
        self.last_heard_s = self._clock.now_s()
        taken = self._tracker.reach(data, MOST_FRAMES)
        data, self._ahead = data[:taken], data[taken:]
        self._take_frames(lambda: self._tracker.received(data))
        self._unread = self._unread[self._at :] + data if self._at < len(self._unread) else data
        self._at = 0
        if self._upgrading is not None:
            self._check_answer(self._upgrading)
        return True

    def _take_frames(self, recorded: Callable[[], Sequence[RecordedFrame]]) -> None:
        try:
            self.heard.extend(recorded())
        except PayloadTooLong as problem:
            self.heard.extend(problem.recorded)
            self._too_long = problem

    def _flush_while_reading(self) -> None:
        """As ``flush``; of a connection that is gone there may still be something to read."""
        try:
            self.flush()
        except TimeoutError:
            raise
        except OSError as problem:
            self._unsent.clear()
            self.poisoned = True
            self.trouble = self.trouble or _in_words(problem)

    def _skip_chunk(self) -> bool:
        return self._read() is not None

    def _read(self) -> bytes | None:
        """Bytes that are there; ``b""`` at the end of the stream; None if there is nothing yet."""
        self._read_waits_for_writing = False
        try:
            data = self._sock.recv(CHUNK if self._upgrading is None else GLUED)
            if data and isinstance(self._sock, ssl.SSLSocket):
                data = _with_decrypted(data, self._sock)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except ssl.SSLWantWriteError:
            self._read_waits_for_writing = True
            return None
        except OSError as problem:
            self.trouble = _in_words(problem)
            data = b""
        self.ended = not data
        return data

    def _check_answer(self, answer: bytearray) -> None:
        """Hold the answer to the upgrade back until it is whole and checked, then serve it plainly.

        The library would read a line of any length, follow it elsewhere with the token, and keep its
        cookies for the next connection of this process. It sees nothing of that.
        """
        answer += self._unread
        self._unread = b""
        problems = self._tracker.answer_problems()
        if problems:
            raise UpgradeRefused(problems[0])
        if self._tracker.handshake is not None:
            self._unread = plainly(self._tracker.answer()) + answer[self._tracker.answer_size() :]
            self._upgrading = None

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
        """Wait for room. Meanwhile take in what comes: a peer that only writes would never read again."""
        left_s = min(until_s, self._hurry_until_s) - self._clock.now_s()
        if left_s <= 0:
            self._stall()
        has_room = len(self._unread) - self._at < MAX_UNREAD and self._too_long is None
        reading = [self._wake_reader, *([self._sock] if has_room and not self.ended else [])]
        ready = readable(reading, left_s, writing=[self._sock] if writing else ())
        if self._wake_reader in ready:
            self._hear_wakes()
        if self._sock in ready:
            self._take_chunk()

    def _stall(self) -> NoReturn:
        self.poisoned = self.stalled = True
        self.trouble = f"the service did not take a frame within {self.send_timeout_s:g} s"
        raise TimeoutError

    def _wait(self, until_s: float | None, *, wake: bool) -> None:
        """Wait until there may be something to read. Raises TimeoutError at the deadline or when woken."""
        left_s = None if until_s is None else until_s - self._clock.now_s()
        if (left_s is not None and left_s <= 0) or (wake and self._woken):
            raise TimeoutError
        sources = [self._sock, self._wake_reader] if wake else [self._sock]
        ready = readable(sources, left_s, writing=[self._sock] if self.waits_to_write else ())
        if self._wake_reader in ready:
            raise TimeoutError

    def _hear_wakes(self) -> None:
        with contextlib.suppress(OSError):
            while self._wake_reader.recv(1024):
                pass


def _with_decrypted(data: bytes, sock: ssl.SSLSocket) -> bytes:
    """Add what the TLS layer has decrypted already: select() knows nothing of it."""
    while len(data) < CHUNK and sock.pending():
        data += sock.recv(CHUNK)
    return data


def _in_words(problem: OSError) -> str:
    if isinstance(problem, ConnectionResetError):
        return "the connection was reset"
    if isinstance(problem, TimeoutError):
        return "the service vanished from the network"
    if isinstance(problem, ssl.SSLError):
        return "the encryption broke off"
    return (problem.strerror or "the connection broke").lower()
