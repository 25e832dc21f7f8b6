"""What a step can see: ids, the step after it, and names given to messages."""

from __future__ import annotations

from recorder.replay.known import Known
from recorder.replay.receipts_plan import MessageKey, ReceiptsPlan
from recorder.replay.scene import Scene, StepFailed
from recorder.replay.script import load

SCRIPT = load("steps:\n- await: {as: it}\n- wait: 1s\n- read: it\n", file="s", variables={})
KEY = MessageKey("d", 1)


def scene() -> Scene:
    return Scene(SCRIPT, Known(), ReceiptsPlan({"ACCEPT": 1.0, "READ": 1.0}))


def test_ids_count_up():
    here = scene()
    assert [here.next_id(), here.next_id(), here.next_id()] == ["1", "2", "3"]


def test_the_last_step_has_none_after_it():
    here = scene()
    assert here.following(SCRIPT.steps[0]) is SCRIPT.steps[1]
    assert here.following(SCRIPT.steps[2]) is None


def test_a_name_takes_the_receipts_of_later_steps_from_the_rule():
    here = scene()
    here.plan.arrived(KEY, 0.0)
    here.bind("it", KEY, SCRIPT.steps[0])
    assert here.known.names == {"it": KEY}
    assert here.plan.take_due(5.0).status == "ACCEPT"
    assert here.plan.take_due(5.0) is None


def test_without_a_name_nothing_is_bound():
    here = scene()
    here.bind(None, KEY, SCRIPT.steps[0])
    assert here.known.names == {}


def test_a_failure_carries_what_was_seen():
    failed = StepFailed("no", ("frame 1: …",))
    assert (failed.says, failed.shown, str(failed)) == ("no", ("frame 1: …",), "no")
