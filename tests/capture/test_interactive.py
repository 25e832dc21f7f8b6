"""Lines out, payloads in: the loop of ``recorder record``."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import NamedTuple

import pytest

from recorder.capture.interactive import ControlRequest, UnsentLines, lines_of, run_interactive
from recorder.errors import BadOption, StorageFailed
from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.records import ConnectionClosed, RecordedFrame

TIMEOUT_S = 20.0


def never():
    return False


def echoing(peer):
    """Answers every text, and a Close; returns what it received."""
    peer.accept()
    received = []
    while (frame := peer.next_frame()) is not None and frame.opcode != Opcode.CLOSE:
        received.append(frame.payload.decode())
        peer.send_text(f"re: {received[-1]}")
    peer.close_frame(1000)
    return received


class Outcome(NamedTuple):
    unsent: UnsentLines | None
    closed: ConnectionClosed


@pytest.fixture
def run(connect, clock):
    """Hold a conversation with a service; return its outcome and what was delivered."""

    def start(service, lines, *, sink=None, stopped=never, linger_s=0.5, deliver=None):
        connection = connect(service.url, **({"sink": sink} if sink else {}))
        delivered = []
        unsent = run_interactive(
            connection,
            lines=lines,
            deliver=deliver or (lambda payload: delivered.append(payload.data.decode())),
            stopped=stopped,
            clock=clock,
            linger_s=linger_s,
        )
        return Outcome(unsent, connection.closed), delivered

    return start


def test_lines_go_out_and_answers_are_delivered(serve, run):
    service = serve(echoing)
    outcome, delivered = run(service, ["one\n", "two\r\n", "three"])
    assert service.result() == ["one", "two", "three"]
    assert delivered == ["re: one", "re: two", "re: three"]
    assert outcome.unsent is None
    assert (outcome.closed.close_code, outcome.closed.closed_by) == (1000, "client")


def test_empty_lines_are_not_sent(serve, run):
    service = serve(echoing)
    run(service, ["\n", "x\n", "\r\n", ""])
    assert service.result() == ["x"]


def test_spaces_around_a_line_are_sent(serve, run):
    service = serve(echoing)
    run(service, ["  x \n", " \n"])
    assert service.result() == ["  x ", " "]


def test_many_lines_and_long_ones_all_go_out_in_order(serve, run):
    service = serve(echoing)
    lines = [f"{number} {'x' * (number % 7 * 5000)}" for number in range(500)]
    _, delivered = run(service, iter(lines))
    assert service.result() == lines
    assert delivered == [f"re: {line}" for line in lines]


def test_a_pipe_is_read_to_its_end(serve, run):
    service = serve(echoing)
    reader, writer = os.pipe()
    os.write(writer, "grüße\nund\ntschüss".encode())
    os.close(writer)
    run(service, lines_of(reader))
    os.close(reader)
    assert service.result() == ["grüße", "und", "tschüss"]


def test_a_line_that_is_not_utf_8_ends_it_after_those_before_it(serve, run):
    service = serve(echoing)
    reader, writer = os.pipe()
    os.write(writer, b"good\nb\xffd\nnever\n")
    os.close(writer)
    with pytest.raises(BadOption, match="line 2"):
        run(service, lines_of(reader))
    os.close(reader)
    assert service.result() == ["good"]


def test_what_comes_after_the_last_line_is_waited_for(serve, run):
    """Each payload buys the next one time."""
    turns = [threading.Event() for _ in range(3)]

    def script(peer):
        peer.accept()
        for number, turn in enumerate(turns):
            peer.send_text(f"{number}")
            turn.wait(TIMEOUT_S)
        peer.answer_close()

    def deliver(payload):
        delivered.append(payload.data)
        turns[int(payload.data)].set()

    delivered = []
    outcome, _ = run(serve(script), [], deliver=deliver, linger_s=1.0)
    assert delivered == [b"0", b"1", b"2"]
    assert outcome.closed.close_code == 1000


def test_at_a_terminal_it_goes_on_until_the_service_closes(serve, run):
    def script(peer):
        peer.accept()
        peer.next_frame()
        peer.send_text("last words")
        peer.close_frame(1001, "restart")
        peer.remaining_frames()

    outcome, delivered = run(serve(script), ["x"], linger_s=None)
    assert delivered == ["last words"]
    assert (outcome.closed.close_code, outcome.closed.closed_by) == (1001, "service")


def test_stop_closes_with_1001_although_lines_may_still_come(serve, connect, clock):
    service = serve(echoing)
    connection = connect(service.url)
    stop, start = threading.Event(), threading.Event()

    def lines():
        yield "before"
        start.wait(TIMEOUT_S)

    def deliver(_):
        stop.set()
        connection.wake()

    run_interactive(
        connection, lines=lines(), deliver=deliver, stopped=stop.is_set, clock=clock, linger_s=None
    )
    start.set()
    assert connection.closed.close_code == 1001
    assert service.result() == ["before"]


def test_a_line_of_a_slow_typist_goes_out_at_once(serve, run):
    """While nothing comes in, a line wakes the wait."""
    asked = threading.Event()

    def script(peer):
        peer.accept()
        asked.set()
        text = peer.next_frame().payload
        peer.close_frame(1000)
        peer.remaining_frames()
        return text

    def lines():
        assert asked.wait(TIMEOUT_S)
        yield "typed"

    service = serve(script)
    run(service, lines(), linger_s=None)
    assert service.result() == b"typed"


def test_a_close_by_the_service_ends_it_whatever_is_left_to_say(serve, run):
    closed = threading.Event()

    def script(peer):
        peer.accept()
        peer.close_frame(4401, "expired")
        peer.remaining_frames()
        closed.set()

    def lines():
        closed.wait(TIMEOUT_S)
        yield from ("a", "b")

    outcome, _ = run(serve(script), lines(), linger_s=None)
    assert outcome.closed.close_code == 4401
    assert outcome.unsent is not None
    assert outcome.unsent[:2] == (1, "a")


def test_a_line_that_did_not_go_out_is_told(serve, connect, clock):
    """The service takes nothing: the first line stays half said."""
    done = threading.Event()

    def script(peer):
        peer.accept()
        done.wait(TIMEOUT_S)

    connection = connect(serve(script).url, send_timeout_s=0.05)
    unsent = run_interactive(
        connection, lines=["", "x" * 15_000_000], deliver=print, stopped=never, clock=clock
    )
    done.set()
    assert (unsent.number, unsent.text[:2], unsent.more) == (2, "xx", 0)
    assert connection.closed.how == "failed"


def test_when_nothing_can_be_stored_it_ends_with_that_error(serve, run):
    def sink(records):
        if any(isinstance(record, RecordedFrame) and record.payload == b"re: x" for record in records):
            raise StorageFailed("x.db", "the disk is full")

    delivered = []
    with pytest.raises(StorageFailed):
        run(serve(echoing), ["x"], sink=sink, deliver=delivered.append)
    assert delivered == []


def test_when_delivering_fails_the_connection_is_closed_first(serve, run, recorded):
    """Standard output was closed, say."""

    def deliver(_):
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run(serve(echoing), ["x"], deliver=deliver)
    assert [end.close_code for end in recorded.ends] == [1001]


CHILD = """
import itertools, sys
from recorder.capture.client import RecordingConnection
from recorder.capture.connect_attempt import ConnectAttempt
from recorder.capture.interactive import run_interactive, lines_of
from recorder.capture.options import ConnectOptions
from recorder.clock import RealClock
clock = RealClock()
attempt = ConnectAttempt(
    ConnectOptions(url=sys.argv[1]), connection=1, numbers=itertools.count(1), began_s=0.0, clock=clock,
    sink=lambda _: None,
)
attempt.connect()
connection = RecordingConnection(attempt)
run_interactive(
    connection, lines=lines_of(0), deliver=print, stopped=lambda: False, clock=clock, linger_s=None
)
print(connection.closed.close_code)
"""


def test_a_process_whose_input_stays_open_still_ends(serve):
    """A thread waits in standard input for ever; that must not keep the process, nor crash it."""

    def script(peer):
        peer.accept()
        peer.close_frame(1000)
        peer.remaining_frames()

    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, serve(script).url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with child:
        output = child.stdout.read()
        complaints = child.stderr.read()
        assert child.wait(TIMEOUT_S) == 0
    assert (output, complaints) == (b"1000\n", b"")


def test_control_frames_go_out_in_their_place_and_pongs_to_pings_by_hand_are_shown(serve, connect, clock):
    service = serve(lambda peer: (peer.accept(), peer.remaining_frames())[1])
    connection = connect(service.url)
    shown = []
    run_interactive(
        connection,
        lines=[ControlRequest(Opcode.PING, b"1"), "text", ControlRequest(Opcode.PONG, b"2")],
        deliver=print, stopped=never, clock=clock, linger_s=0.1, echo=shown.append,
    )  # fmt: skip
    assert [(each.sender, each.opcode) for each in shown] == [
        (Side.CLIENT, Opcode.PING),
        (Side.CLIENT, Opcode.TEXT),
        (Side.CLIENT, Opcode.PONG),
    ]
    assert [(frame.opcode, frame.payload) for frame in service.result()][:3] == [
        (Opcode.PING, b"1"),
        (Opcode.TEXT, b"text"),
        (Opcode.PONG, b"2"),
    ]


def test_a_pong_is_shown_if_somebody_asked_for_it(serve, connect, clock):
    def script(peer):
        peer.accept()
        peer.send(encode(Opcode.PONG, b"unasked"))
        ping = peer.next_frame()
        peer.send(encode(Opcode.PONG, ping.payload))
        peer.answer_close()

    shown = []
    lines = [ControlRequest(Opcode.PING, b"hi")]
    connection = connect(serve(script).url)
    connection.receive(clock.now_s() + 0.05)
    run_interactive(
        connection, lines=lines, deliver=print, stopped=never, clock=clock, linger_s=0.3, echo=shown.append
    )
    assert [(each.sender, each.payload) for each in shown] == [(Side.CLIENT, b"hi"), (Side.SERVICE, b"hi")]


def test_a_close_by_hand_ends_it_with_its_code_and_the_rest_is_not_sent(serve, run):
    service = serve(lambda peer: (peer.accept(), peer.answer_close())[1])
    close = ControlRequest(Opcode.CLOSE, (4000).to_bytes(2, "big") + b"enough")
    outcome, _ = run(service, [close, "never"], linger_s=None)
    assert (outcome.closed.close_code, outcome.closed.close_reason, outcome.closed.closed_by) == (
        4000,
        "enough",
        "client",
    )
    assert outcome.unsent is None or outcome.unsent.text == "never"
