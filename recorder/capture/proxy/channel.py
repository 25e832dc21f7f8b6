"""One side of a proxied connection: a non-blocking socket, plain or TLS, with a queue of what is to be sent.

Nothing here waits: the loop that owns the selector calls ``handle`` when the socket is ready.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable, Sequence

CHUNK = 128 * 1024
HIGH_WATER = 512 * 1024
"""Bytes queued for a peer that does not read, from which on nothing more is read from the other."""
LOW_WATER = 64 * 1024

TLS_FAILED = "TLS failed"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

FrameNumbers = Sequence[int]


class SocketChannel:
    """A connected socket in a selector.

    Args:
        on_data: called with the bytes that one read gave; ``b""`` is the end of the peer's stream.
        on_sent: called with the numbers of the frames whose last byte the operating system has taken.
        on_broken: called once when the connection broke, with a few words; it is closed then.
        on_drained: called when the queue has shrunk below ``LOW_WATER`` after it was above ``HIGH_WATER``.

    Attributes:
        queued: bytes that wait to be sent.
        ended: whether the peer's stream has ended.
        closed: whether the socket is closed.
        handshaking: whether TLS is not set up yet.
    """

    def __init__(
        self,
        sock: socket.socket,
        selector: selectors.BaseSelector,
        *,
        on_data: Callable[[bytes], None],
        on_broken: Callable[[str], None],
        on_sent: Callable[[FrameNumbers], None] = lambda numbers: None,
        on_drained: Callable[[], None] = lambda: None,
        on_handshake: Callable[[], None] = lambda: None,
        handshaking: bool = False,
    ) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._selector = selector
        self.on_data = on_data
        self.on_broken = on_broken
        self.on_sent = on_sent
        self.on_drained = on_drained
        self._on_handshake = on_handshake
        self._is_tls = isinstance(sock, ssl.SSLSocket)
        self._queue: deque[tuple[bytes | memoryview, FrameNumbers]] = deque()
        self.queued = 0
        self.ended = False
        self.closed = False
        self.handshaking = handshaking
        self._reading = True
        self._read_wants_write = False
        self._ending = False
        self._end_sent = False
        self._closing = False
        self._resetting = False
        self._was_full = False
        self._mask = 0
        self._modify(_READ)

    # What the owner calls ------------------------------------------------------------------------------

    def send(self, data: bytes, frames: FrameNumbers = ()) -> None:
        """Send these bytes after those that are queued; ``frames`` end with them."""
        if self.closed or self._ending:
            return
        left: bytes | memoryview = data
        if not self._queue and not self.handshaking:
            left = self._send_now(data, frames)
            if not left:
                return
        self._queue.append((left, frames))
        self.queued += len(left)
        self._was_full = self._was_full or self.is_full
        self._watch()

    def send_end(self) -> None:
        """End our stream once all that is queued was sent. The peer may go on sending."""
        self._ending = True
        self._end_if_drained()
        self._watch()

    def close_when_sent(self) -> None:
        """Close the socket once all that is queued was sent; nothing is read any more."""
        self._closing = True
        self.pause()
        self._end_if_drained()
        self._watch()

    def reset_when_sent(self) -> None:
        """As ``close_when_sent``, but the peer gets a reset: the other connection broke, too."""
        self._resetting = True
        self.close_when_sent()

    def pause(self) -> None:
        """Read nothing until ``resume``: the kernel's buffer fills, and the peer has to wait."""
        if self._reading:
            self._reading = False
            self._watch()

    def resume(self) -> None:
        """Read again."""
        if not self._reading and not self._closing:
            self._reading = True
            self._watch()

    def close(self, *, reset: bool = False) -> None:
        """Close the socket now; what is queued is lost. ``reset``: the peer gets a reset, not an end."""
        if self.closed:
            return
        self.closed = True
        self._queue.clear()
        self.queued = 0
        if self._mask:
            self._selector.unregister(self._sock)
        if reset:
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._sock.close()

    @property
    def is_full(self) -> bool:
        """Whether so much is queued that nothing more should come."""
        return self.queued > HIGH_WATER

    # What the selector calls ---------------------------------------------------------------------------

    def handle(self, mask: int) -> None:
        """The socket is ready to be read or written."""
        if self.closed:
            return
        if self.handshaking:
            self._shake_hands()
            return
        if self._queue and (mask & _WRITE):
            self._flush()
        if self._reading and not self.ended and not self.closed and (mask & _READ or self._read_wants_write):
            self._read()
        if not self.closed:
            self._end_if_drained()
            self._watch()

    def _read(self, mask: int = _READ) -> None:
        """Called by the selector where nothing else is to be done: what a read changes is watched by that."""
        self._read_wants_write = False
        try:
            data = self._receive() if self._is_tls else self._sock.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except ssl.SSLError as problem:
            self._break(f"{TLS_FAILED} ({problem.reason or 'unknown reason'})")
            return
        except OSError as problem:
            self._break(_words(problem))
            return
        if data is None:
            self._watch()
            return
        self.ended = not data
        self.on_data(data)
        if not data:
            self._watch()

    def _receive(self) -> bytes | None:
        """What there is to read over TLS: b"" at the end of the stream, None for nothing."""
        try:
            data = self._sock.recv(CHUNK)
            if not data:
                return data
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError):
            return None
        except ssl.SSLWantWriteError:
            self._read_wants_write = True
            return None
        # A TLS record holds 16 KiB at most, and what has been decrypted already wakes no selector.
        pieces = [data]
        assert isinstance(self._sock, ssl.SSLSocket)  # noqa: S101 - that is what ``_is_tls`` says
        while self._sock.pending():
            pieces.append(self._sock.recv(CHUNK))
        return b"".join(pieces)

    def _send_now(self, data: bytes, frames: FrameNumbers) -> bytes | memoryview:
        """What the operating system does not take of these bytes, before which none are queued."""
        try:
            sent = self._sock.send(data)
        except (BlockingIOError, InterruptedError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return data
        except OSError as problem:
            self._break(_words(problem))
            return b""
        if sent < len(data):
            return memoryview(data)[sent:]
        if frames:
            self.on_sent(frames)
        return b""

    def _flush(self) -> None:
        queue = self._queue
        try:
            while queue:
                data, frames = queue[0]
                sent = self._sock.send(data)
                self.queued -= sent
                if sent < len(data):
                    # TLS must be given the same bytes again after a want; a view of them is the same.
                    queue[0] = (memoryview(data)[sent:], frames)
                    continue
                queue.popleft()
                if frames:
                    self.on_sent(frames)
        except (BlockingIOError, InterruptedError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            pass
        except OSError as problem:
            self._break(_words(problem))
            return
        self._note_drained()

    def _note_drained(self) -> None:
        if self._was_full and self.queued < LOW_WATER:
            self._was_full = False
            self.on_drained()

    def _end_if_drained(self) -> None:
        if self._queue or self.closed or self.handshaking:
            return
        if self._closing:
            self.close(reset=self._resetting)
        elif self._ending and not self._end_sent:
            self._end_sent = True
            self._shut_down()

    def _shut_down(self) -> None:
        """Tell the peer that nothing more comes; with TLS by its own word for that (RFC 8446 6.1), too."""
        with contextlib.suppress(OSError):
            if isinstance(self._sock, ssl.SSLSocket):
                with contextlib.suppress(OSError, ValueError):
                    self._sock.unwrap()
                return
            self._sock.shutdown(socket.SHUT_WR)

    def _shake_hands(self) -> None:
        assert isinstance(self._sock, ssl.SSLSocket)  # noqa: S101 - nothing else shakes hands
        try:
            self._sock.do_handshake()
        except ssl.SSLWantReadError:
            self._modify(_READ)
            return
        except ssl.SSLWantWriteError:
            self._modify(_WRITE)
            return
        except OSError as problem:
            reason = problem.reason if isinstance(problem, ssl.SSLError) else None
            self._break(f"{TLS_FAILED} ({reason or _words(problem)})")
            return
        self.handshaking = False
        self._modify(0)  # from now on another is called
        self._on_handshake()
        if not self.closed:
            self._flush()
            self._read()
            self._watch()

    def _break(self, words: str) -> None:
        if not self.closed:
            self.close()
            self.on_broken(words)

    def _watch(self) -> None:
        if self.closed or self.handshaking:
            return
        mask = _READ if self._reading and not self.ended else 0
        if self._queue or self._read_wants_write:
            mask |= _WRITE
        self._modify(mask)

    def _modify(self, mask: int) -> None:
        if mask == self._mask or self.closed:
            return
        ready = self._read if mask == _READ and not self.handshaking else self.handle
        if not mask:
            self._selector.unregister(self._sock)
        elif not self._mask:
            self._selector.register(self._sock, mask, ready)
        else:
            self._selector.modify(self._sock, mask, ready)
        self._mask = mask


def _words(problem: OSError) -> str:
    return (problem.strerror or type(problem).__name__).lower()
