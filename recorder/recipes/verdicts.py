"""What came of a replay, step by step, with each receipt at the step it belongs to."""

from __future__ import annotations

from recorder.replay.run.outcome import NOT_REACHED, ReceiptSent, ScriptOutcome, StepResult
from recorder.report.steps import ReceiptTold, StepTold

from .replay_result import Played


def steps_told(played: Played) -> list[StepTold]:
    """One per step, in order; times count from the beginning of the session.

    A receipt stands with the step that asked for it, one of the standing rule with the step during which
    it left, or the last one before that.
    """
    outcome = played.outcome
    with_step = _receipts_by_step(outcome, played.began_s)
    return [
        StepTold(
            step=result.number,
            verb=result.verb,
            file=result.file or played.file,
            line=result.line,
            consumer=result.consumer,
            round=result.round,
            outcome=result.outcome,
            says=result.sentence,
            began_s=_since(result.began_s, played.began_s),
            ended_s=_since(result.ended_s, played.began_s),
            receipts=tuple(with_step.get(result.number, ())),
            shown=result.shown,
        )
        for result in outcome.results
    ]


def _receipts_by_step(outcome: ScriptOutcome, began_s: float) -> dict[int, list[ReceiptTold]]:
    started = [result for result in outcome.results if result.outcome != NOT_REACHED]
    by_step: dict[int, list[ReceiptTold]] = {}
    for receipt in outcome.receipts:
        number = receipt.step if receipt.step is not None else _under_way(started, receipt)
        told = ReceiptTold(
            consumer=receipt.consumer,
            dialog=receipt.dialog_id,
            sequence=receipt.sequence,
            status=receipt.status,
            frame=receipt.frame,
            due_s=receipt.due_s - began_s,
            sent_s=receipt.sent_s - began_s,
        )
        by_step.setdefault(number, []).append(told)
    return by_step


def _under_way(started: list[StepResult], receipt: ReceiptSent) -> int:
    """The step that had begun last when this receipt left."""
    before = [step for step in started if step.began_s is not None and step.began_s <= receipt.sent_s]
    last = max(before or started[:1], key=lambda step: (step.began_s or 0.0, step.number))
    return last.number


def _since(moment_s: float | None, began_s: float) -> float | None:
    return None if moment_s is None else moment_s - began_s
