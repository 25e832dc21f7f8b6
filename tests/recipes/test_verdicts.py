"""Verdicts: what came of each step, with the receipts that belong to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recorder import recipes

SCRIPT = """
receipts: {accept: 100ms}
steps:
- open_conversation:
- await: {as: hello}
- read: {message: hello, after: 500ms}
- wait: 200ms
- wait: 1s
- expect: {message: hello, status: read, within: 10ms}
- expect: {answer: 400, within: 10ms}
- wait: 1s
agent: [{on: conversation, do: [{say: hello}]}]
"""


@pytest.fixture
def played(archive, tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(SCRIPT)
    return recipes.replay(file, archive=archive, clock="virtual")


def test_a_receipt_stands_with_its_step_or_with_the_one_it_left_in(played):
    steps = recipes.steps_told(played)
    told = {
        step.step: [(receipt.status, receipt.due_s, receipt.sent_s) for receipt in step.receipts]
        for step in steps
        if step.receipts
    }
    assert told == {3: [("READ", 0.5, 0.5)], 4: [("ACCEPT", 0.1, 0.1)]}


def test_every_step_is_told_whether_it_was_reached_or_not(played):
    steps = recipes.steps_told(played)
    assert [step.outcome for step in steps] == ["ok"] * 6 + ["failed", "not reached"]
    assert [step.line for step in steps] == list(range(4, 12))
    assert steps[4].began_s == 0.2
    assert steps[7].began_s is None
    assert all(step.file.endswith("s.yaml") for step in steps)


def test_a_step_that_was_stopped_keeps_its_receipts(played):
    results = played.outcome.results
    stopped = played.outcome._replace(
        results=(*results[:4], results[4]._replace(outcome="stopped"), *results[5:])
    )
    steps = recipes.steps_told(replace(played, outcome=stopped))
    assert [step.outcome for step in steps][3:6] == ["ok", "stopped", "ok"]
    assert [len(step.receipts) for step in steps][2:4] == [1, 1]
