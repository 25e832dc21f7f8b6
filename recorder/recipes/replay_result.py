"""The result of a replay: its steps, its messages, and whether it failed."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from recorder.counted import counted
from recorder.errors import CannotConnect, ExpectationFailed, RecordingIncomplete
from recorder.receipts.queries import MessageView
from recorder.receipts.self_facts import KnownPeople
from recorder.replay.run.outcome import NOT_REACHED, OK, STOPPED, ReceiptSent, ScriptOutcome, StepResult
from recorder.report.replay_target import ReplayTarget
from recorder.report.steps import ReceiptReport, StepReport, lateness_line

from .queries import Notify

_DEFAULT_TARGET = ReplayTarget(None, "default")


@dataclass(frozen=True, slots=True)
class Played:
    """The result of a replay.

    Attributes:
        session: id of the recorded session.
        messages: its messages with their receipts, folded from the recorded frames.
        outcome: step by step, as far as it came.
        script: the name of the script; ``file``: its path.
        began_s: when the session began, by the clock of the outcome's times.
        tolerance_s: how late a receipt may leave; None: that does not matter.
        refused: why a consumer was without a connection at the end: not let in, or put out later.
        started_at_us: when the session began, microseconds since the epoch, UTC.
        cut_short: why it ended before its end, in one sentence; None if it did not.
        incomplete: what is missing of the recorded session; None if nothing is known to be.
        target: where it was played, and who chose that.
        people: everybody as the recording knows them, with roles and names.
    """

    session: str
    messages: list[MessageView]
    outcome: ScriptOutcome
    script: str = ""
    file: str = ""
    began_s: float = 0.0
    tolerance_s: float | None = None
    refused: CannotConnect | RecordingIncomplete | None = field(default=None, compare=False)
    started_at_us: int | None = None
    cut_short: str | None = None
    incomplete: str | None = None
    target: ReplayTarget = _DEFAULT_TARGET
    people: KnownPeople = field(default_factory=dict)

    @property
    def late(self) -> str | None:
        """The first receipt that left later than it may, in one sentence; None if none did."""
        if self.tolerance_s is None:
            return None
        for receipt in self.outcome.receipts:
            if receipt.late_s > self.tolerance_s:
                due_s, sent_s = receipt.due_s - self.began_s, receipt.sent_s - self.began_s
                return (
                    f"{receipt.status} for #{receipt.sequence} (frame {receipt.frame}) was planned for"
                    f" +{due_s:.6f}s and left at +{sent_s:.6f}s: {receipt.late_s * 1e3:.2f} ms late,"
                    f" {self.tolerance_s * 1e3:g} ms are tolerated"
                )
        return None

    @property
    def problems(self) -> list[str]:
        """What went wrong and belongs to no step."""
        late = [] if self.late is None else [self.late]
        return [*self.outcome.problems, *late]

    def raise_if_failed(self) -> None:
        """Return if everything came out as the script says, and on time; or if it was cut short.

        Raises:
            CannotConnect: a consumer was not let in, and the script failed over it.
            ExpectationFailed: it came out otherwise; says what was seen instead.
            RecordingIncomplete: the service ended a consumer's connection for its token, and the script
                failed over it; or something of the session is missing, such as the end of a frame.
        """
        if self.cut_short is not None:
            return
        if self.outcome.failure is not None and self.refused is not None:
            raise self.refused
        sentence = self.outcome.failure or self.late
        if sentence is not None:
            hint = f"the session is recorded: recorder message list {self.session}"
            raise ExpectationFailed(sentence, hint=hint)
        if self.incomplete is not None:
            raise RecordingIncomplete(f"{self.incomplete}; what came is recorded")


OnEnd = Callable[[Played], None]
"""Called with the result of a replay, however it ended, before anything is raised over it."""


def ignore_result(_played: Played) -> None:
    """The default of ``on_end``."""


def step_line(result: StepResult) -> str:
    """One line about a step that is over."""
    took_s = (result.ended_s or 0.0) - (result.began_s or 0.0)
    sentence = f": {result.sentence}" if result.sentence else ""
    return f"step {result.number} {result.verb} {result.outcome} after {took_s:.3f}s{sentence}"


def report(outcome: ScriptOutcome, say: Notify) -> None:
    """Say the result in sentences, with the transcript around failed and stopped steps."""
    passed = sum(result.outcome == OK for result in outcome.results)
    say(
        f"{passed} of {counted(len(outcome.results), 'step')} came out as written,"
        f" {counted(len(outcome.receipts), 'receipt')} sent"
    )
    late = outcome.lateness()
    if late.samples:
        say(lateness_line(late.samples, late.p50_s, late.p99_s, late.max_s))
    for note in outcome.notes:
        say(note)
    for result in outcome.results:
        if result.outcome == STOPPED:
            say(step_line(result))
        for line in result.shown:
            say(f"  {line}")


# --- for reports ----------------------------------------------------------------------------------------


def step_reports(played: Played) -> list[StepReport]:
    """One per step, in order; times count from the beginning of the session.

    A receipt stands with the step that asked for it, one of the standing rule with the step during which
    it left, or the last one before that.
    """
    outcome = played.outcome
    with_step = _receipts_by_step(outcome, played.began_s)
    return [
        StepReport(
            step=result.number,
            verb=result.verb,
            file=result.file or played.file,
            line=result.line,
            consumer=result.consumer,
            round=result.round,
            outcome=result.outcome,
            sentence=result.sentence,
            began_s=_since(result.began_s, played.began_s),
            ended_s=_since(result.ended_s, played.began_s),
            receipts=tuple(with_step.get(result.number, ())),
            shown=result.shown,
        )
        for result in outcome.results
    ]


def _receipts_by_step(outcome: ScriptOutcome, began_s: float) -> dict[int, list[ReceiptReport]]:
    started = sorted(
        (result.began_s or 0.0, result.number) for result in outcome.results if result.outcome != NOT_REACHED
    )
    by_step: dict[int, list[ReceiptReport]] = {}
    for receipt in outcome.receipts:
        number = receipt.step if receipt.step is not None else _under_way(started, receipt)
        told = ReceiptReport(
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


def _under_way(started: list[tuple[float, int]], receipt: ReceiptSent) -> int:
    """The step that had begun last when this receipt left; ``started``: when each began, in order."""
    place = bisect_right(started, (receipt.sent_s, math.inf))
    return started[max(place - 1, 0)][1]


def _since(moment_s: float | None, began_s: float) -> float | None:
    return None if moment_s is None else moment_s - began_s
