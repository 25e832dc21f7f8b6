"""A recorded connection, against servers that keep the rules and servers that do not."""

from __future__ import annotations

import contextlib
import itertools
import select
import threading
import time

import pytest
from websockets.sync.server import serve as serve_library

from recorder.capture.client import ConnectionEnded
from recorder.errors import InputUnusable, StorageFailed
from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.records import ConnectionClosed, ConnectionOpened, HandshakeSeen, RecordedFrame

TIMEOUT_S = 20.0


def soon():
    """A deadline for what must come."""
    return time.monotonic() + TIMEOUT_S


@pytest.fixture
def echo():
    """The address of a well-behaved echo service by another library."""

    def answer(connection):
        for payload in connection:
            connection.send(payload)

    with serve_library(answer, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        server.shutdown()
        thread.join()


def refuse(payload, problem=None):
    """A sink for which the disk is full as soon as this payload comes."""

    def sink(records):
        for record in records:
            if isinstance(record, RecordedFrame) and record.payload == payload:
                raise problem or StorageFailed("x.db", "the disk is full")

    return sink


def test_a_text_goes_out_and_its_echo_comes_back(echo, connect, recorded):
    connection = connect(echo)
    sent = connection.send("hällo")
    received = connection.receive(soon())
    assert (sent.data, received.data) == ("hällo".encode(),) * 2
    assert (sent.sender, received.sender) == (Side.CLIENT, Side.SERVICE)
    recorded = {frame.number: frame for frame in recorded.frames}
    for payload in (sent, received):
        frame = recorded[payload.number]
        assert (frame.payload, frame.at_us, frame.offset_us) == (
            payload.data,
            payload.at_us,
            payload.offset_us,
        )


def test_bytes_go_out_and_come_back(echo, connect):
    connection = connect(echo)
    assert connection.send_frame(Opcode.BINARY, b"\0\xff").opcode == Opcode.BINARY
    received = connection.receive(soon())
    assert (received.opcode, received.data) == (Opcode.BINARY, b"\0\xff")


def test_connection_records_come_in_order_open_handshake_frames_close(echo, connect, recorded):
    connection = connect(echo)
    connection.send("x")
    connection.receive(soon())
    connection.close(1000, "bye")
    kinds = [type(record) for record in recorded.records]
    assert kinds == [ConnectionOpened, HandshakeSeen, *[RecordedFrame] * 4, ConnectionClosed]
    assert recorded.shown()[2:] == [("client", 8, b"\x03\xe8bye"), ("service", 8, b"\x03\xe8bye")]
    assert connection.closed == recorded.ends[0]
    assert connection.closed[3:] == (1000, "bye", Side.CLIENT, "closed", None)


def test_receive_gives_up_at_its_deadline(echo, connect, clock):
    connection = connect(echo)
    assert connection.receive(clock.now_s()) is None
    assert connection.closed is None


def test_an_idle_receive_syncs_the_sink_once(serve, connect, recorded, monkeypatch):
    """So that a power cut after a quiet moment takes nothing."""
    monkeypatch.setattr("recorder.capture.tracker.SYNC_AFTER_IDLE_S", 0.01)
    settled = threading.Event()

    def sink(records):
        recorded(records)
        if not records:
            settled.set()

    def script(peer):
        peer.accept()
        settled.wait(TIMEOUT_S)
        peer.send_text("it was quiet")
        peer.remaining_frames()

    connection = connect(serve(script).url, sink=sink)
    assert connection.receive(soon()).data == b"it was quiet"
    assert recorded.calls.count([]) == 1


def test_wake_ends_a_receive_without_a_deadline(echo, connect):
    connection = connect(echo)
    waker = threading.Thread(target=connection.wake)
    waker.start()
    assert connection.receive(None) is None
    waker.join()
    assert connection.closed is None


def test_a_payload_is_stored_before_it_is_delivered(serve, connect):
    """The sink could not take it, so the caller never sees it, and neither what came after it."""

    def script(peer):
        peer.accept()
        peer.send_text("stored")
        peer.next_frame()
        peer.send_text("not stored")
        return peer.remaining_frames()

    service = serve(script)
    connection = connect(service.url, sink=refuse(b"not stored"))
    assert connection.receive(soon()).data == b"stored"
    connection.send("go on")
    with pytest.raises(StorageFailed):
        connection.receive(soon())
    assert connection.closed.how == "failed"
    assert connection.receive(soon()) is None
    (goodbye,) = service.result()
    assert (goodbye.opcode, goodbye.payload) == (Opcode.CLOSE, b"\x03\xf3")


def test_a_frame_is_stored_before_it_is_sent(serve, connect):
    def script(peer):
        peer.accept()
        return [frame.payload for frame in peer.remaining_frames()]

    service = serve(script)
    connection = connect(service.url, sink=refuse(b"secret"))
    connection.send("first")
    with pytest.raises(StorageFailed):
        connection.send("secret")
    assert service.result() == [b"first", b"\x03\xf3"]


@pytest.mark.parametrize("problem", [OSError("x"), TimeoutError(), RuntimeError("x"), KeyError("x")])
def test_whatever_the_sink_raises_reaches_the_caller(serve, connect, problem):
    """Also what the library would take for a fault of the network."""

    def script(peer):
        peer.accept()
        peer.next_frame()
        peer.send_text("it")
        peer.remaining_frames()

    connection = connect(serve(script).url, sink=refuse(b"it", problem))
    connection.send("go on")
    with pytest.raises(type(problem)) as raised:
        connection.receive(soon())
    assert raised.value is problem
    assert connection.closed.how == "failed"


def test_pings_are_answered_and_all_of_it_is_recorded(serve, connect, recorded):
    def script(peer):
        peer.accept()
        peer.send(encode(Opcode.PING, b"are you there"))
        pong = peer.next_frame()
        peer.send_text(f"{pong.opcode} {pong.payload.decode()}")
        peer.remaining_frames()

    connection = connect(serve(script).url)
    assert connection.receive(soon()).data == b"10 are you there"
    assert recorded.shown()[:2] == [("service", 9, b"are you there"), ("client", 10, b"are you there")]


def test_a_burst_costs_few_sink_calls_and_loses_nothing(serve, connect, recorded):
    burst = [b"%d" % number for number in range(2000)]

    def script(peer):
        peer.accept()
        peer.send(b"".join(encode(Opcode.TEXT, text) for text in burst))
        peer.remaining_frames()

    connection = connect(serve(script).url)
    got = [connection.receive(soon()) for _ in burst]
    assert [payload.data for payload in got] == burst
    assert [payload.number for payload in got] == list(range(1, 2001))
    assert len(recorded.calls) < 50


def test_frames_in_single_bytes_are_recorded_alike(serve, connect, recorded):
    text = (
        encode(Opcode.TEXT, b"one", fin=False)
        + encode(Opcode.PING, b"")
        + encode(0, b" two")
        + encode(2, b"x" * 130)
    )

    def script(peer):
        peer.accept()
        for byte in text:
            peer.send(bytes([byte]))
        peer.remaining_frames()

    connection = connect(serve(script).url)
    fragmented, whole = connection.receive(soon()), connection.receive(soon())
    assert (fragmented.data, fragmented.first, whole.data) == (b"one two", 1, b"x" * 130)
    assert fragmented.number in (3, 4)  # our pong may be recorded before the last fragment has come
    by_number = {frame.number: frame for frame in recorded.frames}
    assert by_number[fragmented.number].payload == b" two"


@pytest.mark.parametrize("cut", [1, 2, 3, 60])
def test_a_read_that_timed_out_inside_a_frame_goes_on_with_it(serve, connect, recorded, cut):
    first, second = encode(Opcode.TEXT, b"x" * 130), encode(Opcode.TEXT, b"y")
    go_on = threading.Event()

    def script(peer):
        peer.accept()
        peer.next_frame()
        peer.send(first[:cut])
        go_on.wait(TIMEOUT_S)
        peer.send(first[cut:] + second)
        peer.remaining_frames()

    connection = connect(serve(script).url)
    connection.send("begin")
    assert select.select([connection.fileno()], [], [], TIMEOUT_S)[0]
    assert connection.receive(time.monotonic()) is None
    go_on.set()
    assert [connection.receive(soon()).data for _ in range(2)] == [b"x" * 130, b"y"]
    assert recorded.shown()[1:3] == [("service", 1, b"x" * 130), ("service", 1, b"y")]


def test_a_frame_glued_to_the_upgrade_is_delivered(serve, connect):
    def script(peer):
        peer.accept(glued=encode(Opcode.TEXT, b"at once"))
        peer.remaining_frames()

    assert connect(serve(script).url).receive(soon()).data == b"at once"


@pytest.mark.parametrize(
    ("code", "reason"),
    [pytest.param(1000, "", id="normal"), pytest.param(4401, "token expired", id="token")],
)
def test_the_service_closes_and_says_why(serve, connect, recorded, code, reason):
    def script(peer):
        peer.accept()
        peer.send_text("last words")
        peer.close_frame(code, reason)
        return [frame.opcode for frame in peer.remaining_frames()]

    service = serve(script)
    connection = connect(service.url)
    assert connection.receive(soon()).data == b"last words"
    assert connection.receive(soon()) is None
    assert connection.closed[3:] == (code, reason, Side.SERVICE, "closed", None)
    assert connection.closed == recorded.ends[0]
    assert service.result() == [Opcode.CLOSE]
    with pytest.raises(ConnectionEnded):
        connection.send("too late")
    assert recorded.frames[-1].opcode == Opcode.CLOSE


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        pytest.param(b"\x03\xe9", b"\x03\xe9", id="going away"),
        pytest.param(b"\x03\xf3r", b"\x03\xf3", id="internal error, with a reason"),
        pytest.param(b"\x0b\xb8", b"\x0b\xb8", id="3000"),
        pytest.param(b"\x13\x87", b"\x13\x87", id="4999"),
        pytest.param(b"", b"", id="no code"),
        pytest.param(b"\x03\xed", b"\x03\xea", id="1005 is never sent"),
        pytest.param(b"x", b"\x03\xea", id="half a code"),
    ],
)
def test_a_close_frame_is_answered_with_its_own_code(serve, connect, recorded, received, answer):
    """RFC 6455 5.5.1. The answer is recorded as it was sent; a code against the rules is a protocol error."""

    def script(peer):
        peer.accept()
        peer.send(encode(Opcode.CLOSE, received))
        return [(frame.opcode, frame.payload[:2]) for frame in peer.remaining_frames()]

    service = serve(script)
    assert connect(service.url).receive(soon()) is None
    assert service.result() == [(Opcode.CLOSE, answer)]
    sent = [frame.payload[:2] for frame in recorded.frames if frame.sender is Side.CLIENT]
    assert sent == [answer]


def test_a_close_frame_that_is_cut_short_closes_nothing(serve, connect):
    def script(peer):
        peer.accept()
        peer.send(encode(Opcode.CLOSE, b"\x03\xe8bye")[:4])

    connection = connect(serve(script).url)
    assert connection.receive(soon()) is None
    assert connection.closed[3:7] == (None, None, None, "lost")


def test_the_stream_ends_in_the_middle_of_a_frame(serve, connect, recorded):
    def script(peer):
        peer.accept()
        peer.send(encode(Opcode.TEXT, b"0123456789")[:8])

    connection = connect(serve(script).url)
    assert connection.receive(soon()) is None
    assert (connection.closed.how, connection.closed.close_code) == ("lost", None)
    (frame,) = recorded.frames
    assert frame.payload == b"012345"
    assert frame.violation.startswith("unfinished")


ILLEGAL = [
    pytest.param(encode(Opcode.TEXT, b"x", rsv=4), 1002, id="reserved-bit"),
    pytest.param(encode(3, b"x"), 1002, id="unknown-opcode"),
    pytest.param(encode(Opcode.CONTINUATION, b"x"), 1002, id="continuation-of-nothing"),
    pytest.param(encode(1, b"x", fin=False) + encode(1, b"y"), 1002, id="text-inside-fragments"),
    pytest.param(encode(Opcode.PING, b"x", fin=False), 1002, id="fragmented-ping"),
    pytest.param(encode(Opcode.PING, b"x" * 126), 1002, id="long-ping"),
    pytest.param(encode(Opcode.CLOSE, b"x"), 1002, id="close-of-one-byte"),
    pytest.param(encode(Opcode.CLOSE, b"\x03\xe7"), 1002, id="close-code-999"),
    pytest.param(encode(Opcode.TEXT, b"\xc3"), 1007, id="text-cut-inside-a-character"),
    pytest.param(encode(1, b"\xff", fin=False) + encode(0, b"x"), 1007, id="bad-text-in-fragments"),
]


@pytest.mark.parametrize(("illegal", "code"), ILLEGAL)
def test_what_rfc_6455_forbids_is_recorded_labelled_and_ends_the_connection(
    serve, connect, recorded, illegal, code
):
    def script(peer):
        peer.accept()
        peer.send_text("before")
        peer.send(illegal + encode(Opcode.TEXT, b"after"))
        return [frame.payload[:2] for frame in peer.remaining_frames() if frame.opcode == Opcode.CLOSE]

    service = serve(script)
    connection = connect(service.url)
    assert connection.receive(soon()).data == b"before"
    assert connection.receive(soon()) is None
    assert connection.closed.how == "failed"
    assert service.result() == [code.to_bytes(2, "big")]
    from_service = [frame for frame in recorded.frames if frame.sender is Side.SERVICE]
    assert b"".join(frame.head + frame.payload for frame in from_service[1:]) == illegal + encode(1, b"after")
    labels = [frame.violation for frame in from_service if frame.violation]
    assert connection.closed.detail in labels


def test_a_payload_announced_too_long_ends_the_connection_with_1009(serve, connect, recorded):
    def script(peer):
        peer.accept()
        peer.send_text("short")
        peer.send(b"\x81\x7f" + (10**12).to_bytes(8, "big") + b"beginning")
        return peer.remaining_frames()

    service = serve(script)
    connection = connect(service.url, max_payload=1000)
    assert connection.receive(soon()).data == b"short"
    assert connection.receive(soon()) is None
    assert connection.closed.how == "failed"
    assert f"{10**12:,} bytes is longer than the 1,000 " in connection.closed.detail
    (goodbye,) = service.result()
    assert goodbye.payload[:2] == b"\x03\xf1"
    assert recorded.frames[-1].payload == b"beginning"
    assert recorded.frames[-1].violation.startswith("unfinished")


def test_a_short_payload_above_the_limit_is_not_delivered_either(serve, connect):
    def script(peer):
        peer.accept()
        peer.send_text("x" * 101)
        peer.remaining_frames()

    connection = connect(serve(script).url, max_payload=100)
    assert connection.receive(soon()) is None
    assert connection.closed.how == "failed"


def test_keep_alive_pings_go_out_while_receiving(serve, connect):
    def script(peer):
        peer.accept()
        for _ in range(3):
            ping = peer.next_frame()
            assert ping.opcode == Opcode.PING
            peer.send(encode(Opcode.PONG, ping.payload))
        peer.send_text("three pings")
        peer.remaining_frames()

    connection = connect(serve(script).url, ping_interval_s=0.1)
    assert connection.receive(soon()).data == b"three pings"


def test_keep_alive_pings_go_out_while_only_sending(serve, connect):
    """And what comes meanwhile is kept for later."""

    def script(peer):
        peer.accept()
        peer.send_text("kept")
        seen = 0
        while seen < 2:
            frame = peer.next_frame()
            if frame.opcode == Opcode.PING:
                peer.send(encode(Opcode.PONG, frame.payload))
                seen += 1
        peer.send_text("two pings")
        peer.remaining_frames()
        return seen

    service = serve(script)
    connection = connect(service.url, ping_interval_s=0.1)
    over = threading.Event()

    # The service reads our texts until it has seen two pings; only then does it speak again.
    deadline_s = soon()
    while time.monotonic() < deadline_s and len(connection._payloads) < 2:
        connection.send("x")
        over.wait(0.001)
    assert [connection.receive(soon()).data for _ in range(2)] == [b"kept", b"two pings"]


def test_a_service_that_answers_no_ping_is_lost(serve, connect, recorded):
    done = threading.Event()

    def script(peer):
        peer.accept()
        done.wait(TIMEOUT_S)

    connection = connect(serve(script).url, ping_interval_s=0.02)
    assert connection.receive(soon()) is None
    done.set()
    assert connection.closed.how == "lost"
    assert "ping" in connection.closed.detail
    assert {frame.opcode for frame in recorded.frames} == {Opcode.PING}


def test_close_gives_up_on_a_service_that_does_not_answer(serve, connect, recorded):
    done = threading.Event()

    def script(peer):
        peer.accept()
        done.wait(TIMEOUT_S)

    connection = connect(serve(script).url)
    connection.close(1000, timeout_s=0.05)
    done.set()
    assert connection.closed[3:7] == (1000, "", Side.CLIENT, "closed")
    assert "did not answer" in connection.closed.detail
    assert len(recorded.ends) == 1


def test_close_gives_up_on_a_service_that_takes_nothing(serve, connect):
    """Its receive buffer is full, so not even the Close frame leaves."""
    done = threading.Event()

    def script(peer):
        peer.accept()
        done.wait(TIMEOUT_S)

    connection = connect(serve(script).url, send_timeout_s=0.05)
    with pytest.raises(ConnectionEnded):
        connection.send_frame(Opcode.BINARY, bytes(15_000_000))
    connection.close()
    done.set()
    assert connection.closed.how == "failed"


def test_what_comes_while_closing_is_recorded_and_can_be_received(serve, connect, recorded):
    def script(peer):
        peer.accept()
        peer.next_frame()
        peer.send_text("one more")
        peer.close_frame(1000)
        peer.remaining_frames()

    connection = connect(serve(script).url)
    connection.close()
    assert connection.receive(soon()).data == b"one more"
    assert connection.receive(soon()) is None
    assert [frame.opcode for frame in recorded.frames] == [Opcode.CLOSE, Opcode.TEXT, Opcode.CLOSE]


def test_closing_twice_is_closing_once(echo, connect, recorded):
    connection = connect(echo)
    connection.close(1000)
    connection.close(1001)
    assert [end.close_code for end in recorded.ends] == [1000]


def test_frames_after_the_close_frame_are_recorded_and_not_delivered(serve, connect, recorded):
    def script(peer):
        peer.accept()
        peer.send(encode(Opcode.CLOSE, b"\x03\xe8") + encode(Opcode.TEXT, b"late"))
        peer.remaining_frames()

    connection = connect(serve(script).url)
    assert connection.receive(soon()) is None
    assert (b"late", True) in [
        (frame.payload, "after close" in (frame.violation or "")) for frame in recorded.frames
    ]


def test_a_send_into_a_reset_connection_still_records_the_close_frame(serve, connect, recorded):
    """The Close frame came before the stream broke: it is recorded, with who closed."""
    gone = threading.Event()

    def script(peer):
        peer.accept()
        peer.send_text("farewell")
        peer.close_frame(4407, "identity expired")
        peer.sock.close()
        gone.set()

    connection = connect(serve(script).url)
    assert gone.wait(TIMEOUT_S)
    with contextlib.suppress(ConnectionEnded):
        for _ in itertools.count():
            connection.send("x")
    assert connection.closed.how in ("closed", "lost")  # a reset may overtake what was still unread
    if connection.closed.how == "closed":
        assert (connection.closed.close_code, connection.receive(soon()).data) == (4407, b"farewell")
    assert len(recorded.ends) == 1


def test_numbers_run_on_over_the_connections_of_a_session(echo, connect, recorded):
    for connection in (1, 2):
        connect(echo, connection=connection).close()
    assert [frame.number for frame in recorded.frames] == [1, 2, 3, 4]
    assert [(frame.connection, frame.index) for frame in recorded.frames] == [(1, 0), (1, 1), (2, 0), (2, 1)]


def test_half_a_surrogate_pair_is_not_sent(echo, connect, recorded):
    connection = connect(echo)
    with pytest.raises(InputUnusable):
        connection.send("\ud83d")
    assert connection.send("still open").data == b"still open"


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536, 3_000_000])
def test_payloads_of_any_size_go_out_and_come_back(echo, connect, size):
    connection = connect(echo)
    connection.send("x" * min(size, 1_000_000))
    assert len(connection.receive(soon()).data) == min(size, 1_000_000)


# --- as a replay uses it --------------------------------------------------------------------------------


def test_raw_frames_go_out_and_are_recorded_as_they_are(serve, connect_queued, recorded):
    def script(peer):
        peer.accept()
        return [peer.next_frame() for _ in range(2)]

    server = serve(script)
    connection = connect_queued(server.url)
    sent = connection.send_frame(3, b"odd", fin=False, rsv=5, masked=False)
    assert (sent.opcode, sent.payload, sent.fin, sent.rsv) == (3, b"odd", False, 5)
    assert "unmasked frame from the client" in sent.violation
    assert connection.send_bytes(encode(Opcode.TEXT, b"two pieces", mask=b"mask")[:5]) is None
    completed = connection.send_bytes(encode(Opcode.TEXT, b"two pieces", mask=b"mask")[5:])
    assert completed.payload == b"two pieces"
    assert [(frame.opcode, frame.payload) for frame in server.result()] == [(3, b"odd"), (1, b"two pieces")]
    assert [frame.payload for frame in recorded.frames] == [b"odd", b"two pieces"]


def test_a_text_that_falls_into_an_unfinished_frame_has_no_frame_of_its_own(serve, connect_queued):
    server = serve(lambda peer: (peer.accept(), peer.next_frame())[1])
    connection = connect_queued(server.url)
    connection.send_bytes(encode(Opcode.BINARY, bytes(100), mask=b"mask")[:7])
    assert connection.send("lost in it") is None


@pytest.mark.parametrize("mid_frame", [False, True])
def test_breaking_off_is_a_reset_and_half_a_frame_is_recorded_as_one(
    serve, connect_queued, recorded, mid_frame
):
    def script(peer):
        peer.accept()
        try:
            while peer.sock.recv(65536):
                pass
        except ConnectionResetError:
            return "reset"
        return "ended"

    server = serve(script)
    connection = connect_queued(server.url)
    connection.abort(mid_frame=mid_frame)
    connection.abort()
    assert server.result() == "reset"
    assert [(end.how, end.close_code) for end in recorded.ends] == [("lost", None)]
    assert [frame.violation is not None for frame in recorded.frames] == [True] * mid_frame
    assert connection.fileno() == -1


def test_a_service_that_does_not_read_holds_up_nobody_who_sends(serve, connect_queued, clock):
    """What does not leave at once waits, is sent when there is room, and fails the connection in the end."""
    go = threading.Event()

    def script(peer):
        peer.accept()
        go.wait(TIMEOUT_S)
        return len(peer.next_frame().payload)

    server = serve(script)
    connection = connect_queued(server.url)
    began_s = clock.now_s()
    connection.send("x" * 8_000_000)
    assert clock.now_s() - began_s < TIMEOUT_S / 2
    assert connection.waits_to_write
    go.set()
    while connection.waits_to_write and connection.closed is None:
        connection.receive(clock.now_s() + 0.01)
    assert server.result() == 8_000_000


def test_a_service_that_never_reads_fails_the_connection_in_the_end(serve, connect_queued, clock):
    go = threading.Event()

    def script(peer):
        peer.accept()
        go.wait(TIMEOUT_S)

    connection = connect_queued(serve(script).url, send_timeout_s=0.05)
    connection.send("x" * 8_000_000)
    while connection.closed is None:
        connection.receive(connection.next_due_s())
    go.set()
    assert (connection.closed.how, "did not take a frame" in connection.closed.detail) == ("failed", True)


def test_take_in_records_frames_before_they_are_delivered(serve, connect_queued, recorded, clock):
    server = serve(lambda peer: (peer.accept(), peer.send_text("hello"), peer.answer_close())[2])
    connection = connect_queued(server.url)
    while not recorded.frames:
        connection.take_in()
    assert [frame.payload for frame in recorded.frames] == [b"hello"]
    assert connection.receive(clock.now_s()).data == b"hello"
    connection.take_in()


def test_what_is_glued_to_a_ping_does_not_wait_for_the_network(serve, connect_queued, clock):
    """One read brings pings and texts; who asks with no time to spare is told that there is more now."""
    connected = threading.Event()

    def script(peer):
        peer.accept()
        connected.wait(TIMEOUT_S)  # or some of it is read together with the answer to the upgrade
        peer.send(b"".join(encode(Opcode.PING, b"%d" % n) + encode(Opcode.TEXT, b"%d" % n) for n in range(9)))
        return peer.remaining_frames()

    connection = connect_queued(serve(script).url)
    connected.set()
    assert select.select([connection], [], [], TIMEOUT_S)[0]
    got = []
    while True:
        if (payload := connection.receive(clock.now_s())) is not None:
            got.append(payload.data)
        elif (due_s := connection.next_due_s()) is None or due_s > clock.now_s():
            break
    assert got == [b"%d" % n for n in range(9)]


def test_endless_fragments_do_not_keep_receive_past_its_deadline(serve, connect_queued, recorded, clock):
    """As long as they come, whoever asks gets a turn after each: a receipt may be due."""
    connected = threading.Event()

    def script(peer):
        peer.accept()
        connected.wait(TIMEOUT_S)  # or some of it is read together with the answer to the upgrade
        peer.send(encode(Opcode.TEXT, b"x", fin=False) + encode(0, b"x" * 1000, fin=False) * 100)
        peer.next_frame()
        peer.send(encode(0, b"end"))
        peer.remaining_frames()

    connection = connect_queued(serve(script).url)
    connected.set()
    turns = 0
    while connection._tap.has_more or len(recorded.frames) < 101:
        if not connection._tap.has_more:
            assert select.select([connection], [], [], TIMEOUT_S)[0]
        assert connection.receive(clock.now_s()) is None
        turns += 1
    connection.send("go on")
    assert connection.receive(soon()).data == b"x" * 100_001 + b"end"
    assert turns > 50
