"""What a step can see: the step after it, names given to messages, texts filled in."""

from __future__ import annotations

import random

import pytest

from recorder.replay.language.script import load
from recorder.replay.run.consumer import ConsumerState
from recorder.replay.run.receipt_batches import MessageId
from recorder.replay.run.step_context import RunState, StepContext, StepFailed, close_expected

KEY = MessageId("d", 1)


def context(steps, *, who="consumer") -> StepContext:
    text = f"receipts: {{accept: 1s, read: 1s}}\n{steps}"
    script = load(text, file="s", variables={})
    consumer = ConsumerState(
        who,
        script.consumers[who],
        script.rule(who),
        rng=random.Random(0),
        policy="never",
        jitter=random.Random(0),
        spacing_s=0.0,
    )
    return StepContext(RunState(script, random.Random(0)), consumer)


TWO = "consumers: {anna: {}, ben: {}}\nsteps:\n"
NAMED = "steps:\n- await: {as: it}\n- wait: 1s\n- read: it\n"


def test_ids_count_up():
    here = context(NAMED)
    assert [here.consumer.next_id(), here.consumer.next_id()] == ["1", "2"]


def test_the_step_after_is_the_next_one_of_the_same_consumer():
    here = context(TWO + "- type:\n- type: {consumer: ben}\n- keep_alive:\n", who="anna")
    steps = here.run.script.steps
    assert [here.run.following(step) for step in steps] == [steps[2], None, None]


def test_a_name_takes_the_receipts_of_later_steps_from_the_rule():
    here = context(NAMED)
    here.schedule.arrived(KEY, 0.0)
    here.bind("it", KEY, here.run.script.steps[0])
    assert here.run.names.target("it", here.view) == KEY
    assert here.schedule.take_due(5.0).status == "ACCEPT"
    assert here.schedule.take_due(5.0) is None


def test_receipts_that_somebody_else_gives_do_not_hold_up_the_rule():
    here = context(TWO + "- await: {as: it}\n- read: {message: it, consumer: ben}\n", who="anna")
    assert here.run.later_receipts("it", here.run.script.steps[0]) == set()


def test_receipts_of_the_next_round_are_for_the_next_message():
    here = context("steps:\n- repeat: {times: 2, steps: [{await: {as: it}}, {accept: it}]}\n- read: it\n")
    first, _, second, *_ = here.run.script.steps
    assert here.run.later_receipts("it", first) == {"ACCEPT"}
    assert here.run.later_receipts("it", second) == {"ACCEPT", "READ"}


def test_without_a_name_nothing_is_bound():
    here = context(NAMED)
    here.bind(None, KEY, here.run.script.steps[0])
    assert here.run.names.target("it", here.view) is None


@pytest.mark.parametrize(
    ("steps", "at", "expected"),
    [
        ("- wait: 1s\n- expect: {close: 4401}", 0, True),
        ("- wait: 1s\n- expect: {close: 4401}", 1, True),
        ("- wait: 1s\n- type:\n- expect: {close: any}", 0, False),
        ("- wait: 1s\n- expect: {not: {close: any}, for: 2s}", 0, False),
    ],
    ids=["the next step", "this step", "the one after that", "that it stays"],
)
def test_a_close_is_expected_by_this_step_or_the_next(steps, at, expected):
    here = context(f"steps:\n{steps}\n")
    assert close_expected(here.run, here.run.script.steps[at], here.consumer) is expected


def test_before_the_first_step_the_first_one_is_the_next():
    here = context("steps:\n- expect: {close: 4401}\n")
    assert close_expected(here.run, None, here.consumer)


def test_a_failure_carries_what_was_seen():
    failed = StepFailed("no", ("frame 1: …",))
    assert (failed.sentence, failed.shown, str(failed)) == ("no", ("frame 1: …",), "no")
