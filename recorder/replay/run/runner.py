"""Runs a whole script: connect every consumer, play the steps, wait for receipts and answers, disconnect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..language import verbs
from ..language.script import Step
from . import describe
from .actions import CloseConnection
from .connect import LOGIN_TIMEOUT_S, send_init_connection, set_profile
from .consumer import ConsumerState
from .outcome import FAILED, NOT_REACHED, OK, STOPPED, StepResult
from .receipt_plan import DISCONNECTED
from .step_context import (
    AnswerLost,
    ConsumerAction,
    RunState,
    StepContext,
    StepCoroutine,
    StepFailed,
    WaitFor,
    open_connection,
)
from .verb_table import perform

ANSWERS_AWAITED_S = LOGIN_TIMEOUT_S
"""How long to wait at the end for answers that no step waited for."""

_SHOWN = 10


class ScriptRunner:
    """Plays the steps of a script, and collects their results.

    Attributes:
        results: of the steps that are over.
        current: the step under way; None before the first.
        sending_receipts: whether receipts are still sent: until the consumers disconnect.
    """

    def __init__(
        self, run: RunState, contexts: Mapping[str, StepContext], on_step: Callable[[StepResult], None]
    ) -> None:
        self._run = run
        self._contexts = contexts
        self._on_step = on_step
        self.results: list[StepResult] = []
        self._place_of: dict[int, int] = {}
        self.current: Step | None = None
        self.sending_receipts = True
        self._under_way: tuple[Step, StepContext, float] | None = None

    @property
    def _consumers(self) -> list[ConsumerState]:
        return [context.consumer for context in self._contexts.values()]

    def coroutine(self) -> StepCoroutine[None]:
        """The script from beginning to end. Never fails: ``results`` has the failure."""
        if (yield from self._run_steps()):
            yield from self._drain()
        self.sending_receipts = False
        for consumer in self._consumers:
            consumer.next_attempt = None
            if consumer.connection is not None:
                yield ConsumerAction(consumer, CloseConnection())

    def all_results(self) -> tuple[StepResult, ...]:
        """The results of all steps: finished, stopped, not reached."""
        over = (*self.results, *self._cut_short())
        begun = {result.number for result in over}
        missing = (
            _result(step, NOT_REACHED, "") for step in self._run.script.steps if step.number not in begun
        )
        return (*over, *missing)

    def _cut_short(self) -> tuple[StepResult, ...]:
        if self._under_way is None:
            return ()
        step, context, began_s = self._under_way
        shown = describe.lines(context.view.transcript)
        result = _result(step, STOPPED, "")
        return (result._replace(began_s=began_s, ended_s=self._run.now_s, shown=shown),)

    def fail_step(self, number: int, sentence: str) -> None:
        """Mark a finished step as failed: something that it planned was refused."""
        place = self._place_of.get(number)
        if place is not None:
            self.results[place] = self.results[place]._replace(outcome=FAILED, sentence=sentence)

    # --- the steps ---

    def _run_steps(self) -> StepCoroutine[bool]:
        for context in self._contexts.values():
            if not (
                yield from self._run_step(
                    _before("connect", context), context, _connect(context), quietly=True
                )
            ):
                return False
        for context in self._contexts.values():
            if not (yield from self._log_in_consumer(context)):
                return False
        for step in self._run.script.steps:
            context = self._contexts[step.consumer]
            if not (yield from self._run_step(step, context, perform(context, step))):
                return False
        return True

    def _log_in_consumer(self, context: StepContext) -> StepCoroutine[bool]:
        consumer = context.consumer
        if consumer.init_connection:
            step = _before("init_connection", context)
            if not (yield from self._run_step(step, context, _log_in(context))):
                return False
        consumer.become_ready(self._run.now_s)
        if consumer.declaration.properties is not None:
            return (yield from self._run_step(_before("properties", context), context, set_profile(context)))
        return True

    def _run_step(
        self, step: Step, context: StepContext, coroutine: StepCoroutine[str], *, quietly: bool = False
    ) -> StepCoroutine[bool]:
        """Run one step and note its result; ``quietly``: only if it fails."""
        self.current = step
        self._run.search_time.reset()
        began_s = self._run.now_s
        self._under_way = (step, context, began_s)
        outcome, sentence = OK, ""
        shown: tuple[str, ...] = ()
        try:
            sentence = yield from coroutine
        except StepFailed as failed:
            outcome, sentence = FAILED, failed.sentence
            shown = failed.shown or describe.lines(context.view.transcript)
        self._under_way = None
        if outcome == OK and quietly:
            return True
        result = _result(step, outcome, sentence)._replace(
            began_s=began_s, ended_s=self._run.now_s, shown=shown
        )
        self._place_of[step.number] = len(self.results)
        self.results.append(result)
        self._on_step(result)
        return outcome == OK

    # --- after the last step ---

    def _drain(self) -> StepCoroutine[None]:
        for consumer in self._consumers:
            consumer.schedule.close()
        yield WaitFor(self._receipts_out, None, None)
        yield WaitFor(self._all_answered, self._run.now_s + ANSWERS_AWAITED_S, None)
        for consumer in self._consumers:
            self._note_missed(consumer)
            self._note_waiting(consumer)
        self._note_unanswered()

    def _receipts_out(self) -> bool | None:
        """True once no receipt is left that could be sent; else None."""
        return (
            all(
                consumer.disconnected or consumer.schedule.next_at_s() is None for consumer in self._consumers
            )
            or None
        )

    def _all_answered(self) -> bool | None:
        return not any(consumer.view.unanswered for consumer in self._consumers) or None

    def _note_missed(self, consumer: ConsumerState) -> None:
        if consumer.disconnected and consumer.plans is not None:
            consumer.plans.drop_all(DISCONNECTED)
        missed = [
            f"{due.status} for #{key.sequence}" for due in consumer.schedule.remaining() for key in due.keys
        ]
        if not missed:
            return
        who = f"{consumer.name}: " if len(self._contexts) > 1 else ""
        sentence = f"{who}{_listed(missed)} could not go out: the connection is over: {consumer.end_sentence}"
        # A consumer that the script disconnects was not meant to send them.
        (self._run.notes if consumer.leaving else self._run.problems).append(sentence)

    def _note_waiting(self, consumer: ConsumerState) -> None:
        for leader, planned in consumer.schedule.waiting_for_leader():
            named = ", ".join(f"#{key.sequence}" for key in planned.keys)
            sentence = (
                f"{planned.status} for {named} was to go out with that for #{leader.sequence},"
                " which never went out"
            )
            self.fail_step(planned.step or 0, sentence)

    def _note_unanswered(self) -> None:
        unanswered = sorted(frame for consumer in self._consumers for frame in consumer.view.unanswered)
        if unanswered:
            self._run.notes.append(f"no answer came to frame {_listed(map(str, unanswered))}")
        lost = sorted(frame for consumer in self._consumers for frame in consumer.view.lost)
        if lost:
            self._run.notes.append(
                f"the connection was over before an answer came to frame {_listed(map(str, lost))}"
            )


def _connect(context: StepContext) -> StepCoroutine[str]:
    yield from open_connection(context)
    return ""


def _log_in(context: StepContext) -> StepCoroutine[str]:
    """Authenticate; where the token is refused and may be replaced, with the next one."""
    consumer = context.consumer
    try:
        return (yield from send_init_connection(context))
    except StepFailed as failed:
        if not consumer.reconnect_policy.retries_requests:
            raise
        # The service ends the connection; the automatic reconnect authenticates with a fresh token.
        deadline_s = None if isinstance(failed, AnswerLost) else context.now_s + LOGIN_TIMEOUT_S
        if (yield WaitFor(lambda: consumer.ready or None, deadline_s, consumer)) is None:
            raise
        return "let in at the second attempt"


def _before(verb: str, context: StepContext) -> Step:
    """A pseudo step for what goes before the first one."""
    return Step(0, verb, 1, verbs.Verb(), consumer=context.consumer.name)


def _result(step: Step, outcome: str, sentence: str) -> StepResult:
    return StepResult(
        step.number,
        step.verb,
        step.line,
        outcome,
        sentence,
        consumer=step.consumer,
        round=step.round,
        file=step.file,
    )


def _listed(named: Iterable[Any]) -> str:
    """The first ten, and how many more there are."""
    all_of_them = list(named)
    more = len(all_of_them) - _SHOWN
    shown = ", ".join(all_of_them[:_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown
