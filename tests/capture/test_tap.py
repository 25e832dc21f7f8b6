"""A socket that records before it serves and before it sends."""

from __future__ import annotations

import itertools
import queue
import socket
import threading

import pytest

from recorder.capture.tap import CHUNK, MAX_FRAMES_PER_RECORD, TapSocket, UpgradeRefused
from recorder.capture.tracker import ConnectionTracker, PayloadTooLong
from recorder.clock import RealClock
from recorder.wire.frames import Opcode, encode
from recorder.wire.handshake import accept_for
from recorder.wire.records import RecordedFrame

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
REQUEST = f"GET / HTTP/1.1\r\nSec-WebSocket-Key: {KEY}\r\n\r\n".encode()
ANSWER = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: keep-alive\r\n"
    "Connection: Upgrade\r\nSet-Cookie: a=b; Domain=.example\r\n"
    f"Sec-WebSocket-Accept: {accept_for(KEY)}\r\n\r\n"
).encode()
HELLO = encode(Opcode.TEXT, b"hello")
TIMEOUT_S = 20.0


class Ends:
    """A tap and the service's end of its socket."""

    def __init__(self, sink=lambda records: None, **options):
        self.clock = RealClock()
        self.ours, self.theirs = socket.socketpair()
        self.theirs.settimeout(TIMEOUT_S)
        self.tracker = ConnectionTracker(
            connection=1,
            numbers=itertools.count(1),
            began_s=self.clock.now_s(),
            clock=self.clock,
            sink=sink,
            **options,
        )
        self.tap = TapSocket(self.ours, self.tracker, self.clock, send_timeout_s=TIMEOUT_S)
        self.tap.deadline_s = self.clock.now_s() + TIMEOUT_S

    def upgraded(self):
        self.tap.send(REQUEST)
        assert self.theirs.recv(4096) == REQUEST
        self.theirs.sendall(ANSWER)
        self.read_answer()
        return self

    def read_answer(self):
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += self.tap.recv(1)
        return answer

    def now(self):
        """Let reads give up as soon as nothing is there."""
        self.tap.deadline_s = 0.0


@pytest.fixture
def ends(recorded):
    made = []

    def make(sink=recorded, **options):
        made.append(Ends(sink, **options))
        return made[-1]

    yield make
    for pair in made:
        pair.tap.close()
        pair.theirs.close()


def test_a_burst_is_one_sink_call_however_little_is_asked_for(ends, recorded):
    pair = ends().upgraded()
    recorded.calls.clear()
    burst = HELLO * 40
    pair.theirs.sendall(burst)
    served = b"".join(pair.tap.recv(3) for _ in range(len(burst) // 3 + 1))
    assert served == burst
    assert [len(call) for call in recorded.calls] == [40]
    assert len(pair.tap.received_frames) == 40


def test_bytes_are_served_only_after_the_sink_took_their_frames(ends):
    """What was not stored is not served."""

    def sink(records):
        if any(getattr(record, "payload", None) == b"hello" for record in records):
            raise RuntimeError("disk full")

    pair = ends(sink).upgraded()
    pair.theirs.sendall(HELLO)
    with pytest.raises(RuntimeError, match="disk full"):
        pair.tap.recv(2)
    pair.now()
    with pytest.raises(TimeoutError):
        pair.tap.recv(2)
    assert not pair.tap.received_frames


def test_bytes_leave_only_after_the_sink_took_their_frame(ends):
    def sink(records):
        if any(getattr(record, "payload", None) == b"hello" for record in records):
            raise RuntimeError("disk full")

    pair = ends(sink).upgraded()
    with pytest.raises(RuntimeError, match="disk full"):
        pair.tap.send(encode(Opcode.TEXT, b"hello", mask=b"1234"))
    pair.tap.close()
    assert pair.theirs.recv(4096) == b""


def test_the_library_sees_a_plain_answer_without_cookies(ends):
    """A cookie that the library never sees cannot reach the next connection of the process."""
    pair = ends()
    pair.tap.send(REQUEST)
    pair.theirs.sendall(ANSWER + HELLO)
    answer = pair.read_answer()
    assert b"Cookie" not in answer
    assert accept_for(KEY).encode() in answer
    assert pair.tap.recv(100) == HELLO


def test_an_upgrade_response_in_single_bytes_is_read_alike(ends):
    pair = ends()
    pair.tap.send(REQUEST)
    served = []
    pair.now()
    for byte in ANSWER + HELLO:
        pair.theirs.sendall(bytes([byte]))
        try:
            while True:
                served.append(pair.tap.recv(100))
        except TimeoutError:
            pass
    assert b"".join(served).endswith(b"\r\n\r\n" + HELLO)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 302 Found\r\nLocation: ws://elsewhere/\r\n\r\n", id="redirect"),
        pytest.param(b"220 mail.example ESMTP\r\n", id="not-http"),
        pytest.param(b"HTTP/1.1 101 x\r\n" + b"X: y\r\n" * 12_000, id="endless"),
    ],
)
def test_an_answer_that_is_no_upgrade_is_never_served(ends, answer):
    pair = ends()
    pair.tap.send(REQUEST)
    sender = threading.Thread(target=pair.theirs.sendall, args=(answer,))
    sender.start()
    with pytest.raises(UpgradeRefused):
        pair.tap.recv(1)
    sender.join()


def test_a_read_that_timed_out_may_be_repeated(ends):
    pair = ends().upgraded()
    pair.now()
    pair.theirs.sendall(HELLO[:3])
    assert pair.tap.recv(3) == HELLO[:3]
    with pytest.raises(TimeoutError):
        pair.tap.recv(4)
    pair.theirs.sendall(HELLO[3:])
    pair.tap.deadline_s = None
    assert pair.tap.recv(4) == HELLO[3:]


def test_wake_ends_a_wait(ends):
    pair = ends().upgraded()
    pair.tap.deadline_s = None
    outcome = queue.Queue()

    def wait():
        try:
            pair.tap.recv(1)
        except TimeoutError:
            outcome.put(pair.tap.take_wake())

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    pair.tap.wake()
    assert outcome.get(timeout=TIMEOUT_S) is True
    assert pair.tap.take_wake() is False


def test_a_wake_before_the_wait_is_not_lost_and_counts_once(ends):
    pair = ends().upgraded()
    pair.tap.deadline_s = None
    pair.tap.wake()
    pair.tap.wake()
    with pytest.raises(TimeoutError):
        pair.tap.recv(1)
    assert pair.tap.take_wake() is True
    pair.now()
    with pytest.raises(TimeoutError):
        pair.tap.recv(1)
    assert pair.tap.take_wake() is False


def test_buffered_bytes_are_returned_before_a_wake_counts(ends):
    pair = ends().upgraded()
    pair.theirs.sendall(HELLO)
    pair.tap.wake()
    assert pair.tap.recv(100) == HELLO


def test_a_recorded_frame_is_skipped_only_where_its_bytes_come_next(ends):
    pair = ends().upgraded()
    pair.theirs.sendall(HELLO + encode(Opcode.BINARY, b"next"))
    pair.tap.fill()
    hello, following = pair.tap.received_frames
    assert not pair.tap.skip(following)
    assert pair.tap.skip(hello)
    assert not pair.tap.skip(hello)
    assert pair.tap.recv(1) == encode(Opcode.BINARY, b"next")[:1]
    assert not pair.tap.skip(following)
    assert pair.tap.recv(100) == encode(Opcode.BINARY, b"next")[1:]


def test_filling_times_out_as_a_read_does(ends):
    pair = ends().upgraded()
    pair.now()
    with pytest.raises(TimeoutError):
        pair.tap.fill()
    pair.theirs.sendall(HELLO)
    pair.tap.deadline_s = None
    pair.tap.fill()
    assert pair.tap.recv(100) == HELLO


def test_the_end_of_the_stream_is_an_empty_read(ends):
    pair = ends().upgraded()
    pair.theirs.close()
    assert pair.tap.recv(1) == b""
    assert pair.tap.ended


def test_a_send_that_blocks_takes_in_what_comes(ends):
    """Both sides write and neither reads: without this they would wait for each other for ever."""
    pair = ends().upgraded()
    long = encode(Opcode.BINARY, bytes(4_000_000), mask=b"\0\0\0\0")
    theirs = encode(Opcode.BINARY, bytes(1_000_000))

    def write_then_read():
        pair.theirs.sendall(theirs)
        left = len(long)
        while left:
            left -= len(pair.theirs.recv(CHUNK))

    other = threading.Thread(target=write_then_read)
    other.start()
    assert pair.tap.send(long) == len(long)
    other.join(TIMEOUT_S)
    assert not other.is_alive()
    served = 0
    while served < len(theirs):
        served += len(pair.tap.recv(CHUNK))
    assert served == len(theirs)


def test_a_send_timeout_marks_the_send_incomplete(ends):
    """Half a frame is on the wire: nothing sensible can follow."""
    pair = ends().upgraded()
    pair.tap.send_timeout_s = 0.01
    with pytest.raises(TimeoutError):
        pair.tap.send(encode(Opcode.BINARY, bytes(4_000_000), mask=b"\0\0\0\0"))
    assert pair.tap.send_incomplete
    assert pair.tap.stalled
    with pytest.raises(BrokenPipeError):
        pair.tap.send(HELLO)


def test_everything_before_a_payload_that_is_too_long_is_served(ends):
    pair = ends(max_payload=100).upgraded()
    pair.theirs.sendall(HELLO + encode(Opcode.TEXT, bytes(101))[:4])
    assert pair.tap.recv(len(HELLO)) == HELLO
    assert len(pair.tap.recv(100)) == 4
    with pytest.raises(PayloadTooLong):
        pair.tap.recv(100)


def test_drain_records_and_serves_nothing(ends, recorded):
    pair = ends().upgraded()
    pair.theirs.sendall(HELLO * 3)
    pair.theirs.close()
    pair.tap.drain(pair.clock.now_s() + TIMEOUT_S)
    assert len(recorded.frames) == 3
    assert pair.tap.recv(1) == b""


def test_drain_stops_at_the_close_frame_if_asked(ends, recorded):
    pair = ends().upgraded()
    pair.theirs.sendall(encode(Opcode.CLOSE, b"\x03\xe8"))
    pair.tap.drain(pair.clock.now_s() + TIMEOUT_S, until_close=True)
    assert not pair.tap.ended
    assert len(recorded.frames) == 1


def test_drain_ends_in_time_while_bytes_keep_coming(ends):
    """A service that never stops talking does not keep us."""
    pair = ends().upgraded()
    over = threading.Event()

    def talk():
        try:
            while not over.is_set():
                pair.theirs.sendall(HELLO)
        except OSError:
            return

    talker = threading.Thread(target=talk)
    talker.start()
    pair.tap.drain(pair.clock.now_s() + 0.05)
    assert not pair.tap.ended
    over.set()
    pair.tap.close()
    talker.join(TIMEOUT_S)


def test_waiting_works_with_more_descriptors_than_select_takes(ends, monkeypatch):
    monkeypatch.setattr("recorder.runtime.selector.FD_SETSIZE", 0)
    pair = ends().upgraded()
    pair.now()
    with pytest.raises(TimeoutError):
        pair.tap.recv(1)
    sender = threading.Timer(0.01, pair.theirs.sendall, (HELLO,))
    sender.start()
    pair.tap.deadline_s = pair.clock.now_s() + TIMEOUT_S
    assert pair.tap.recv(100) == HELLO
    pair.tap.send_timeout_s = 0.01
    with pytest.raises(TimeoutError):
        pair.tap.send(encode(Opcode.BINARY, bytes(4_000_000), mask=b"\0\0\0\0"))
    sender.join()


def test_a_timed_send_is_recorded_before_and_leaves_no_sooner(ends):
    """The other end could not have read it earlier: when it was recorded, nothing had left."""
    arrived, watching = [], []

    def sink(records):
        if not watching:
            return
        pair.theirs.setblocking(False)
        try:
            arrived.append(pair.theirs.recv(64))
        except BlockingIOError:
            arrived.append(b"")

    pair = ends(sink).upgraded()
    watching.append(pair)
    at_s = pair.clock.now_s() + 0.002
    frame = encode(Opcode.TEXT, b"hello", mask=b"1234")
    pair.tap.send(frame, at_s=at_s)
    assert pair.clock.now_s() >= at_s
    assert arrived == [b""]
    assert pair.theirs.recv(64) == frame


def test_a_flood_of_tiny_frames_is_recorded_few_at_a_time_and_whole(ends):
    """A receipt may fall due while it is written down: tens of thousands of rows would hold it up."""
    batches = []
    pair = ends(lambda records: batches.append(list(records))).upgraded()
    pings = b"".join(encode(Opcode.PING, str(n).encode()) for n in range(5 * MAX_FRAMES_PER_RECORD))
    sender = threading.Thread(target=pair.theirs.sendall, args=(pings,))
    sender.start()
    served = b""
    while len(served) < len(pings):
        served += pair.tap.recv(1000)
    sender.join()
    assert served == pings
    frames = [record for batch in batches for record in batch if isinstance(record, RecordedFrame)]
    assert [frame.payload for frame in frames] == [str(n).encode() for n in range(5 * MAX_FRAMES_PER_RECORD)]
    assert max(map(len, batches)) <= MAX_FRAMES_PER_RECORD
    assert not pair.tap.has_more


def test_wake_to_stop_ends_a_blocked_send_and_wake_does_not(ends):
    """Who types a line wakes the connection too: that is no reason to give a frame up."""
    pair = ends().upgraded()
    pair.tap.wake()
    waker = threading.Timer(0.02, pair.tap.wake)
    reader = threading.Timer(0.05, _hear, (pair.theirs, 4_000_000))
    waker.start()
    reader.start()
    assert pair.tap.send(encode(Opcode.BINARY, bytes(4_000_000), mask=bytes(4))) > 4_000_000
    reader.join()
    assert pair.tap.take_wake()

    pair.tap._send_deadline_s = pair.clock.now_s() + 0.02  # as after STOP_SEND_TIMEOUT_S, but for the wait
    with pytest.raises(TimeoutError):
        pair.tap.send(encode(Opcode.BINARY, bytes(4_000_000), mask=bytes(4)))
    assert pair.tap.stalled


def test_wake_to_stop_wakes_a_receive(ends):
    pair = ends().upgraded()
    pair.tap.wake_to_stop()
    with pytest.raises(TimeoutError):
        pair.tap.recv(1)
    assert pair.tap.take_wake()


def _hear(sock, size):
    while size > 0:
        size -= len(sock.recv(65536))
