"""The shell around the player: sockets and clocks of any make, the same decisions."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.clock import VirtualClock
from recorder.errors import CannotConnect, RecordingIncomplete
from recorder.replay.driver import drive
from recorder.replay.player import Player
from recorder.replay.script import load

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.yaml"))

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
    played = play(path.read_text("utf-8"), init_connection=init_connection)
    assert played.outcome.failure is None
    assert played.outcome.passed
    assert (played.outcome.troubles, played.outcome.notes) == ((), ())
    assert played.outcome.ended == "closed by the client, 1000"
    assert played.seconds <= 5.0
    assert played.line.closed.close_code == 1000


def test_receipts_go_out_to_the_millisecond_on_virtual_time(play):
    assert play(SCRIPT).receipts_sent() == [(1.2, "ACCEPT", [0]), (91.0, "READ", [0])]


def test_playing_twice_sends_the_same_frames_at_the_same_times(play):
    assert play(SCRIPT).line.log == play(SCRIPT).line.log


def test_results_name_the_frames_that_prove_them(play):
    played = play(SCRIPT)
    number = int(played.outcome.results[1].says.removeprefix("frame ").split(":")[0])
    _, sender, envelope = played.line.log[number - 1]
    assert sender == "service"
    assert envelope["body"]["changes"][0]["event"]["message"] == "Hello"


def test_who_is_not_let_in_is_told_by_whom(play):
    """The service hangs up on a client that brings no token."""
    played = play("steps:\n- open_conversation:\n- say: hi\n", token=None)
    outcome = played.outcome
    assert [result.outcome for result in outcome.results] == ["failed", "not reached"]
    assert "was answered with 401" in outcome.results[0].says
    assert outcome.ended is not None
    assert outcome.ended.startswith("closed by the service, 4401")


def test_nobody_there_is_passed_on():
    def connect():
        raise CannotConnect("ws://x", "nobody there")

    player = Player(load("steps: [{wait: 1s}]", file="s", variables={}))
    with pytest.raises(CannotConnect):
        drive(player, connect=connect, clock=VirtualClock())


class Line:
    """A connection on which one call goes wrong."""

    def __init__(self, clock, *, over, receive=None):
        self._clock, self._over, self._receive = clock, over, receive
        self.closed = None
        self.closings = 0

    def send(self, text):
        self.closed = self._over
        raise RecordingIncomplete("this was not sent")

    def receive(self, until_s=None):
        if self._receive is not None:
            raise self._receive
        if until_s is not None:
            self._clock.sleep_until(until_s)
        return

    def close(self, code=1000, reason=""):
        self.closings += 1


class Lost:
    close_code, close_reason, closed_by, how = None, None, None, "lost"


def driven(line, clock, text):
    return drive(Player(load(text, file="s", variables={})), connect=lambda: line, clock=clock)


def test_a_connection_that_is_lost_while_sending_fails_the_step():
    clock = VirtualClock()
    outcome = driven(Line(clock, over=Lost()), clock, "steps: [{open_conversation: }]")
    assert outcome.results[0].says == "the connection is over: lost"
    assert outcome.ended == "lost"


def test_a_recording_that_failed_is_not_taken_for_a_lost_connection():
    clock = VirtualClock()
    line = Line(clock, over=None)
    with pytest.raises(RecordingIncomplete):
        driven(line, clock, "steps: [{open_conversation: }]")
    assert line.closings == 1


def test_whatever_is_raised_the_connection_is_closed():
    clock = VirtualClock()
    line = Line(clock, over=None, receive=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        driven(line, clock, "steps: [{wait: 1s}]")
    assert line.closings == 1


def test_a_player_that_is_stopped_hangs_up_and_says_how_far_it_came():
    clock = VirtualClock()
    line = Line(clock, over=None)
    player = Player(load("steps: [{wait: 1s}, {wait: 1s}, {wait: 1s}]", file="s", variables={}))
    outcome = drive(player, connect=lambda: line, clock=clock, stopped=lambda: clock.now_s() >= 2.0)
    assert line.closings == 1
    assert [result.outcome for result in outcome.results] == ["ok", "not reached", "not reached"]


def test_time_still_passes_when_the_connection_is_over():
    clock = VirtualClock()
    line = Line(clock, over=None)
    line.closed = Lost()
    outcome = driven(line, clock, "steps: [{wait: 3s}]")
    assert clock.now_s() == 3.0
    assert outcome.passed
