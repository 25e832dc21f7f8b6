"""The shell around the player: sockets and clocks of any make, the same decisions."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import NamedTuple

import pytest
from builders.drive import drive

from recorder.clock import VirtualClock
from recorder.errors import CannotConnect, RecordingIncomplete
from recorder.replay.language.script import load
from recorder.replay.run.driver import LEAD_S
from recorder.replay.run.player import Player

SAMPLES = sorted((Path(__file__).parents[3] / "samples").glob("*.yaml"))

SCRIPT = """
receipts: {accept: 200ms, read: 90s}
steps:
- open_conversation:
- await: {as: greeting}
- wait: 2m
- close_conversation:
agent:
- on: conversation
  do: [{say: Hello, after: 1s}]
"""


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("init_connection", [False, True], ids=["header", "InitConnection"])
def test_every_sample_plays_to_its_end_within_five_seconds(play, path, init_connection):
    played = play(path.read_text("utf-8"), folder=path.parent, init_connection=init_connection)
    assert played.outcome.failure is None
    assert played.outcome.passed
    assert (played.outcome.problems, played.outcome.notes) == ((), ())
    assert played.outcome.ended == "closed by the client, 1000"
    assert played.seconds <= 5.0
    assert played.line.closed.close_code == 1000


def test_receipts_go_out_to_the_millisecond_on_virtual_time(play):
    assert play(SCRIPT).receipts_sent() == [(1.2, "ACCEPT", [0]), (91.0, "READ", [0])]


def test_playing_twice_sends_the_same_frames_at_the_same_times(play):
    assert play(SCRIPT).line.log == play(SCRIPT).line.log


def test_results_name_the_frames_that_prove_them(play):
    played = play(SCRIPT)
    number = int(played.outcome.results[1].sentence.removeprefix("frame ").split(":")[0])
    _, sender, envelope = played.line.log[number - 1]
    assert sender == "service"
    assert envelope["body"]["changes"][0]["event"]["message"] == "Hello"


def test_who_is_not_let_in_is_told_by_whom(play):
    """The service hangs up on a client that brings no token."""
    played = play("steps:\n- open_conversation:\n- say: hi\n", token=None)
    outcome = played.outcome
    assert [result.outcome for result in outcome.results] == ["failed", "not reached"]
    assert "was answered with 401" in outcome.results[0].sentence
    assert outcome.ended is not None
    assert outcome.ended.startswith("closed by the service, 4401")


def read(text):
    return load(text, file="s", variables={})


def test_nobody_there_is_passed_on():
    def connect(consumer, fresh_token):
        raise CannotConnect("ws://x", "nobody there")

    with pytest.raises(CannotConnect, match="nobody there"):
        drive(Player(read("steps: [{wait: 1s}]")), connect=connect, clock=VirtualClock())


class Frame(NamedTuple):
    number: int
    connection: int
    at_us: int
    offset_us: int
    opcode: int = 1
    data: bytes = b""


class Line:
    """A connection in the hands of a test; it says what was done with it."""

    token, init_connection, waits_to_write = None, False, False

    def __init__(self, clock, *, number=1, over=None, answers=(), receive=None):
        self._clock, self._over, self._receive = clock, over, receive
        self.number = number
        self.incoming = deque(answers)
        self.closed = None
        self.did = []

    def fileno(self):
        return -1

    def next_due_s(self):
        return None

    def send(self, text, *, at_s=None):
        leaves_s = self._clock.now_s() if at_s is None else max(at_s, self._clock.now_s())
        self.did.append(("send", round(leaves_s, 6), text))
        if self._over is not None:
            self.closed = self._over
            raise RecordingIncomplete("this was not sent")
        return self._frame()

    def send_frame(self, opcode, payload, *, fin=True, rsv=0, masked=True):
        self.did.append(("frame", opcode, payload, fin, rsv, masked))
        return self._frame()

    def send_bytes(self, data):
        self.did.append(("bytes", data))

    def receive(self, until_s=None):
        if self._receive is not None:
            raise self._receive
        return self.incoming.popleft() if self.incoming else None

    def hang_up(self, code=1000, reason=""):
        self.did.append(("hang up", code, reason))
        self.closed = Over("closed", code, "client")

    def abort(self, *, mid_frame=False):
        self.did.append(("abort", mid_frame))
        self.closed = Over("lost")

    def close(self):
        self.did.append("close")
        self.closed = self.closed or Over("closed", 1000, "client")

    def _frame(self):
        return Frame(len(self.did), self.number, 0, round(self._clock.now_s() * 1e6))


class Over(NamedTuple):
    how: str
    close_code: int | None = None
    closed_by: str | None = None
    close_reason: str | None = None


def driven(line, clock, text, **more):
    wait = more.pop("wait", lambda waiting: clock.sleep_until(waiting.until_s))
    return drive(Player(read(text)), connect=lambda *_: line, clock=clock, wait=wait, **more)


def did(line, *kinds):
    return [done for done in line.did if done[0] in kinds]


def test_a_connection_that_is_lost_while_sending_fails_the_step():
    clock = VirtualClock()
    outcome = driven(Line(clock, over=Over("lost")), clock, "steps: [{open_conversation: }]")
    assert outcome.results[0].sentence.startswith("the connection is over: lost")
    assert outcome.ended == "lost"


def test_a_recording_that_failed_is_not_taken_for_a_lost_connection():
    class Full(Line):
        def send(self, text):
            raise RecordingIncomplete("the archive is full")

    clock = VirtualClock()
    line = Full(clock)
    with pytest.raises(RecordingIncomplete, match="full"):
        driven(line, clock, "steps: [{open_conversation: }]")
    assert line.did == [("hang up", 1000, "")]


def test_whatever_is_raised_the_connection_is_closed():
    clock = VirtualClock()
    line = Line(clock, receive=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        driven(line, clock, "steps: [{wait: 1s}]")
    assert line.did == [("hang up", 1000, "")]


def test_a_player_that_is_stopped_hangs_up_and_says_how_far_it_came():
    clock = VirtualClock()
    line = Line(clock)
    outcome = driven(
        line, clock, "steps: [{wait: 1s}, {wait: 1s}, {wait: 1s}]", stopped=lambda: clock.now_s() >= 2.0
    )
    assert line.did == [("hang up", 1000, "")]
    assert [result.outcome for result in outcome.results] == ["ok", "stopped", "not reached"]


def test_raw_frames_and_bytes_go_out_as_they_are_described():
    clock = VirtualClock()
    line = Line(clock)
    outcome = driven(
        line,
        clock,
        "steps:\n"
        "- send_frame: {opcode: 3, text: hi, fin: false, rsv: 4, mask: false}\n"
        '- send_frame: {bytes: "81 05 48"}\n',
    )
    assert outcome.passed
    assert did(line, "frame", "bytes") == [("frame", 3, b"hi", False, 4, False), ("bytes", b"\x81\x05\x48")]


@pytest.mark.parametrize(
    ("how", "done"),
    [
        pytest.param("clean", ("hang up", 1000, ""), id="clean"),
        pytest.param("abort", ("abort", False), id="abort"),
        pytest.param("mid-frame", ("abort", True), id="mid-frame"),
        pytest.param("{how: clean, code: 4000, reason: x}", ("hang up", 4000, "x"), id="with a code"),
    ],
)
def test_a_connection_is_ended_as_the_script_says(how, done):
    clock = VirtualClock()
    line = Line(clock)
    outcome = driven(line, clock, f"steps: [{{disconnect: {how}}}]")
    assert outcome.passed
    assert line.did == [done]


class Slow:
    """A connection that is made elsewhere, and is there when the test says so."""

    def __init__(self, line):
        self.line, self.ready, self.given_up = line, False, 0
        self.source = object()  # what is waited for, which only this test looks at

    def take(self):
        return self.line if self.ready else None

    def give_up(self):
        self.given_up += 1


def two(clock, *, wait, **more):
    """A script of two, of whom ben's connection takes its time; anna's line, ben's, and how it comes."""
    anna, ben = Line(clock, number=1), Line(clock, number=2)
    slow = Slow(ben)
    lines = {"anna": anna, "ben": slow}
    text = "consumers: {anna: {}, ben: {}}\nsteps:\n- send: {envelope: early, consumer: anna}\n"
    text += "- wait: 5s\n- send: {envelope: late, consumer: ben}\n"
    return (
        anna,
        ben,
        slow,
        lambda: drive(
            Player(read(text)), connect=lambda name, fresh: lines[name], clock=clock, wait=wait, **more
        ),
    )


def test_a_connection_in_the_making_is_waited_for_and_given_up_on_every_way_out():
    clock = VirtualClock()
    waits = []

    def wait(waiting):
        waits.append(waiting)
        if len(waits) == 3:
            raise KeyboardInterrupt
        clock.sleep_until(clock.now_s() + 1.0)

    _, _, slow, play = two(clock, wait=wait)
    with pytest.raises(KeyboardInterrupt):
        play()
    assert slow.given_up == 1
    assert all(slow.source in waiting.connections for waiting in waits)


def test_a_connection_that_was_made_is_used():
    clock = VirtualClock()
    slow = None

    def wait(waiting):
        slow.ready = clock.now_s() >= 2.0
        clock.sleep_until(clock.now_s() + 1.0 if waiting.until_s is None else waiting.until_s)

    anna, ben, slow, play = two(clock, wait=wait)
    assert play().passed
    assert [text for _, _, text in did(anna, "send")] == ["early"]
    assert [text for _, _, text in did(ben, "send")] == ["late"]


def test_a_session_woken_early_prepares_what_is_due_and_sends_it_on_time():
    """The clock moves by itself here, a tick at each look: whoever sends before the deadline is seen."""

    class Ticking(VirtualClock):
        def now_s(self):
            self.sleep_until(super().now_s() + 0.00001)
            return super().now_s()

    clock = Ticking()
    line = Line(clock)

    def early(waiting):
        clock.sleep_until(waiting.until_s - LEAD_S / 2)

    driven(line, clock, "steps: [{wait: 1s}, {send: hello}]", wait=early, lead_s=LEAD_S)
    ((_, at_s, _),) = did(line, "send")
    assert 1.0 <= at_s < 1.0 + LEAD_S


def test_on_virtual_time_an_event_just_before_a_deadline_does_not_bring_it_forward():
    """The clock stands still: whoever waited for it without sleeping would wait for ever."""
    clock = VirtualClock()
    line = Line(clock)
    events = [1.0 - LEAD_S / 2]

    def wait(waiting):
        clock.sleep_until(events.pop() if events else waiting.until_s)

    driven(line, clock, "steps: [{wait: 1s}, {send: hello}, {disconnect: }]", wait=wait)
    assert did(line, "send") == [("send", 1.0, "hello")]


class Observer:
    """Notes what it is told."""

    def __init__(self):
        self.noted = []

    def connected(self, took_s):
        self.noted.append(("connected", round(took_s, 6)))

    def sent(self, text, position):
        self.noted.append(("sent", text, position and position.connection))

    def received(self, payload):
        self.noted.append(("received", payload.data))


def test_an_observer_is_told_of_every_connection_and_frame():
    clock, observer = VirtualClock(), Observer()
    slow = None

    def wait(waiting):
        slow.ready = clock.now_s() >= 2.0
        clock.sleep_until(clock.now_s() + 1.0 if waiting.until_s is None else waiting.until_s)

    anna, _, slow, play = two(clock, wait=wait, observer=observer)
    anna.incoming.append(Frame(1, 1, 0, 0, data=b"pushed"))
    play()
    assert observer.noted == [
        ("connected", 0.0), ("received", b"pushed"), ("connected", 3.0), ("sent", "early", 1),
        ("sent", "late", 2),
    ]  # fmt: skip


def test_raw_bytes_are_observed_without_a_text():
    clock, observer = VirtualClock(), Observer()
    script = "steps:\n- send_frame: {opcode: 9}\n- send_frame: {bytes: '00'}\n"
    driven(Line(clock), clock, script, observer=observer)
    assert observer.noted[1:] == [("sent", None, 1), ("sent", None, None)]
