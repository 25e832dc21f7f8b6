"""Virtual time: hours in no time, always the same bytes, and the same story as on the real clock."""

from __future__ import annotations

import orjson
import pytest

from recorder import recipes
from recorder.clock import VirtualClock
from recorder.errors import BadOption, ExpectationFailed
from recorder.recipes.virtual_run import VirtualSimulator
from recorder.runtime.waiter import Waiting
from recorder.simulator.service import Service

STORY = """
name: a story
consumers:
  anna: {receipts: {accept: 40ms ± 20ms, read: 200ms..300ms}}
  ben: {init_connection: true}
steps:
- open_conversation:
- await: {message: {matching: one}, as: first}
- say: hello
- expect: {message: last_sent, status: read}
- open_conversation: {consumer: ben}
- await: {message: {matching: one}, consumer: ben, within: 10s}
- wait: 400ms
- send_frame: {opcode: ping, text: hi}
- disconnect: clean
- wait: 50ms
- reconnect: last
- say: again
- wait: 150ms
- close_conversation:
- close_conversation: {consumer: ben}
agent:
- {on: conversation, do: [{say: one, after: 100ms}]}
- {on: message, do: [{accept: {after: 60ms}}, {read: {after: 120ms}}]}
"""

LONG = """
receipts: {accept: 1s, read: 10m}
steps:
- open_conversation:
- await:
- wait: 12h
- close_conversation:
agent: [{on: conversation, do: [{say: hello}]}]
"""


@pytest.fixture
def script(tmp_path):
    def write(text, name="s.yaml"):
        file = tmp_path / name
        file.write_text(text)
        return file

    return write


def exported(archive, session, folder):
    file = folder / f"{session}.jsonl"
    with recipes.open_archive(archive) as opened:
        recipes.export_to_file(opened, session, file)
    return file.read_bytes().replace(session.encode(), b"SESSION")


def test_two_runs_with_one_seed_are_the_same_to_the_byte(archive, script, tmp_path):
    one, other = (recipes.replay(script(STORY), archive=archive, clock="virtual", seed=7) for _ in range(2))
    one.raise_if_failed()
    assert one.outcome == other.outcome
    assert exported(archive, one.session, tmp_path) == exported(archive, other.session, tmp_path)


def test_another_seed_gives_other_bytes(archive, script, tmp_path):
    one, other = (recipes.replay(script(STORY), archive=archive, clock="virtual", seed=n) for n in (1, 2))
    assert exported(archive, one.session, tmp_path) != exported(archive, other.session, tmp_path)


def test_hours_pass_in_no_time_and_the_connection_is_kept_alive(archive, script, tmp_path):
    played = recipes.replay(script(LONG), archive=archive, clock="virtual", tolerance="1us")
    played.raise_if_failed()
    (end,) = played.outcome.endings
    assert end.at_s == 12 * 3600
    assert [round(receipt.sent_s, 6) for receipt in played.outcome.receipts] == [1.0, 600.0]
    frames = [orjson.loads(line) for line in exported(archive, played.session, tmp_path).splitlines()]
    assert sum(frame.get("opcode") == 9 for frame in frames) == 12 * 3600 // 30


def order_of(archive, played, folder):
    """(opcode, type, event, sequence) of every frame, by connection and sender.

    What both ends say in one moment has no order on a real network; what one of them says has.
    """
    story = {}
    for line in exported(archive, played.session, folder).splitlines():
        frame = orjson.loads(line)
        if "sender" in frame:
            said = story.setdefault((frame["connection"], frame["sender"]), [])
            said.append((frame["opcode"], *told(frame.get("text", ""))))
    return story


def told(text):
    if not text.startswith("{"):
        return ()
    envelope = orjson.loads(text)
    body = envelope.get("body")
    changes = body.get("changes") if isinstance(body, dict) else None
    if not changes or "event" not in changes[0]:
        return (envelope.get("type"),)
    event = changes[0]["event"]
    return envelope["type"], event.get("type"), event.get("status"), changes[0].get("sequence")


def test_the_same_script_on_the_real_clock_has_the_same_order(archive, script, tmp_path):
    virtual = recipes.replay(script(STORY), archive=archive, clock="virtual", seed=3)
    real = recipes.replay(script(STORY), archive=archive, seed=3)
    virtual.raise_if_failed()
    real.raise_if_failed()
    assert order_of(archive, virtual, tmp_path) == order_of(archive, real, tmp_path)
    assert [result.outcome for result in virtual.outcome.results] == [
        result.outcome for result in real.outcome.results
    ]


def test_a_recording_of_virtual_time_is_whole_and_passes_the_checks(archive, script):
    played = recipes.replay(script(STORY), archive=archive, clock="virtual")
    with recipes.open_archive(archive) as opened:
        info = opened.find_session(played.session)
    assert info.state == "complete"
    assert recipes.verify(archive) is not None


def test_a_service_that_drops_and_closes_does_so_on_virtual_time_too(archive, script):
    text = """
consumer: {reconnect: always}
steps:
- open_conversation:
- wait: 3m
- say: still here
- close_conversation:
simulator: {close_after: {code: 4401, after: 20s}, push_delay: 10ms..50ms}
"""
    played = recipes.replay(script(text), archive=archive, clock="virtual")
    ends = [(end.ended.by, end.ended.code) for end in played.outcome.endings]
    assert ("service", 4401) in ends
    assert len(ends) > 2


def test_a_service_that_breaks_off_in_the_middle_of_a_frame_is_recorded_as_that(archive, script, tmp_path):
    text = "steps:\n- open_conversation:\n- expect: {close: any, within: 1m}\nsimulator: {drop_after: 900}\n"
    played = recipes.replay(script(text), archive=archive, clock="virtual")
    frames = exported(archive, played.session, tmp_path)
    assert b"unfinished" in frames or b'"raw"' in frames
    assert played.outcome.endings[0].ended.how == "lost"


def test_a_real_service_has_its_own_time(archive, script):
    with pytest.raises(BadOption, match="simulator only"):
        recipes.replay(script(LONG), archive=archive, clock="virtual", url="ws://x/")
    with pytest.raises(BadOption, match="sundial"):
        recipes.replay(script(LONG), archive=archive, clock="sundial")


def test_a_world_in_which_nothing_can_happen_any_more_says_so():
    world = VirtualSimulator(Service(), VirtualClock(), seed=0)
    with pytest.raises(ExpectationFailed, match="nothing will ever happen"):
        world.wait(Waiting(None))
