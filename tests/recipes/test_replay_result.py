"""What came of a replay: what fails it, what does not, and how it is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recorder import recipes
from recorder.errors import ExpectationFailed
from recorder.recipes.replay_result import Played, report, step_line
from recorder.replay.run.outcome import ReceiptSent, ScriptOutcome, StepResult

LATE = ReceiptSent("d", 2, "READ", None, 12.0, 12.025, 26)
IN_TIME = LATE._replace(frame=24, sent_s=12.001)


def played(*receipts, tolerance_s, problems=()):
    outcome = ScriptOutcome((), receipts, problems, (), None)
    return Played("abc", [], outcome, began_s=10.0, tolerance_s=tolerance_s)


def test_a_receipt_that_is_later_than_tolerated_fails_and_is_named():
    with pytest.raises(ExpectationFailed) as caught:
        played(IN_TIME, LATE, tolerance_s=0.02).raise_if_failed()
    assert str(caught.value) == (
        "READ for #2 (frame 26) was planned for +2.000000s and left at +2.025000s: 25.00 ms late, "
        "20 ms are tolerated"
    )


@pytest.mark.parametrize("tolerance_s", [None, 0.025000001, 1.0])
def test_what_is_tolerated_does_not_fail(tolerance_s):
    played(IN_TIME, LATE, tolerance_s=tolerance_s).raise_if_failed()


def test_what_failed_the_script_goes_before_what_was_late():
    with pytest.raises(ExpectationFailed, match="refused"):
        played(LATE, tolerance_s=0.0, problems=("it was refused",)).raise_if_failed()


def test_what_was_cut_short_has_no_verdict():
    told = played(LATE, tolerance_s=0.0, problems=("it was refused",))
    with pytest.raises(ExpectationFailed):
        told.raise_if_failed()
    Played("abc", [], told.outcome, cut_short="stopped").raise_if_failed()


STOPPED = StepResult(3, "wait", 4, "stopped", "the disk is full", began_s=1.0, ended_s=3.5, shown=("#0",))


def test_a_step_is_told_in_a_line():
    assert step_line(STOPPED) == "step 3 wait stopped after 2.500s: the disk is full"


def test_the_report_tells_the_step_it_was_stopped_in_with_the_transcript_around_it():
    said = []
    passed = StepResult(2, "say", 3, "ok", "frame 3", began_s=0.0, ended_s=1.0)
    report(ScriptOutcome((passed, STOPPED), (), (), ("a note",), None), said.append)
    assert said == [
        "1 of 2 steps came out as written, 0 receipts sent",
        "a note",
        "step 3 wait stopped after 2.500s: the disk is full",
        "  #0",
    ]


# --- steps for reports ---

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
def played_script(archive, tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(SCRIPT)
    return recipes.replay(file, archive=archive, clock="virtual")


def test_a_receipt_stands_with_its_step_or_with_the_one_it_left_in(played_script):
    steps = recipes.step_reports(played_script)
    told = {
        step.step: [(receipt.status, receipt.due_s, receipt.sent_s) for receipt in step.receipts]
        for step in steps
        if step.receipts
    }
    assert told == {3: [("READ", 0.5, 0.5)], 4: [("ACCEPT", 0.1, 0.1)]}


def test_every_step_is_told_whether_it_was_reached_or_not(played_script):
    steps = recipes.step_reports(played_script)
    assert [step.outcome for step in steps] == ["ok"] * 6 + ["failed", "not reached"]
    assert [step.line for step in steps] == list(range(4, 12))
    assert steps[4].began_s == 0.2
    assert steps[7].began_s is None
    assert all(step.file.endswith("s.yaml") for step in steps)


def test_a_step_that_was_stopped_keeps_its_receipts(played_script):
    results = played_script.outcome.results
    stopped = played_script.outcome._replace(
        results=(*results[:4], results[4]._replace(outcome="stopped"), *results[5:])
    )
    steps = recipes.step_reports(replace(played_script, outcome=stopped))
    assert [step.outcome for step in steps][3:6] == ["ok", "stopped", "ok"]
    assert [len(step.receipts) for step in steps][2:4] == [1, 1]
