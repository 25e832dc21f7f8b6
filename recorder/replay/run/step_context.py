"""What a step can see, and the commands it can yield.

A step is a generator. It yields a command, is resumed with the result, and returns one sentence; or it
raises ``StepFailed``. Nothing here sends, waits, or reads a clock.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, cast

from recorder.documents.patterns import SearchTime, check_pattern
from recorder.messaging.envelopes import Request, dump
from recorder.messaging.events import RequestAnswered

from ..language import verbs
from ..language.references import Reference, as_text, fill, fill_value
from ..language.script import Script, Step
from . import describe
from .actions import Connect, DriverAction, Send
from .consumer import ConsumerState
from .consumer_view import ConsumerView, Target
from .names import Names, UnresolvedReference
from .receipt_batches import MessageId
from .receipt_schedule import ReceiptSchedule
from .reconnect_policy import THROTTLED

T = TypeVar("T")


class ConsumerAction(NamedTuple):
    """Carry out the action for this consumer, on its open connection where it is for one; may fail.

    Resumed with the number of the frame that was sent (None: the bytes form none), with ``Ended`` once a
    connection is over, else with None.
    """

    consumer: ConsumerState
    action: DriverAction


class WaitFor(NamedTuple):
    """Wait until ``found`` returns something: resumed with that, or with None at ``deadline_s``.

    It fails when the connection of ``consumer`` is over; None: it needs none.
    """

    found: Callable[[], object | None]
    deadline_s: float | None
    consumer: ConsumerState | None


class SleepUntil(NamedTuple):
    """Continue at ``until_s``."""

    until_s: float


Command = ConsumerAction | WaitFor | SleepUntil
StepCoroutine = Generator[Command, Any, T]


class StepFailed(Exception):
    """The step failed. ``shown`` are lines of the transcript around it."""

    def __init__(self, sentence: str, shown: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.shown = shown


@dataclass
class RunState:
    """What all consumers of a script share. The player sets ``now_s``.

    ``search_time`` is for the patterns tried on one frame, or when a step begins.
    """

    script: Script
    rng: random.Random
    names: Names = field(default_factory=Names)
    now_s: float = 0.0
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    search_time: SearchTime = field(default_factory=SearchTime)
    _following: dict[int, Step] | None = None
    _about: dict[str, list[Step]] | None = None

    def following(self, step: Step) -> Step | None:
        """The step after this one that the same consumer carries out."""
        if self._following is None:
            self._following = {}
            nearest: dict[str, Step] = {}
            for one in reversed(self.script.steps):
                if one.consumer in nearest:
                    self._following[one.number] = nearest[one.consumer]
                nearest[one.consumer] = one
        return self._following.get(step.number)

    def later_receipts(self, name: str, step: Step) -> set[str]:
        """The statuses that later steps of that consumer send for the message that gets its name here."""
        if self._about is None:
            self._about = _steps_by_name(self.script.steps)
        statuses = set()
        steps = self._about.get(name, [])
        first = bisect_right(steps, step.number, key=lambda one: one.number)
        for later in (steps[place] for place in range(first, len(steps))):  # no copy of the rest
            if getattr(later.arguments, "as_", None) == name:
                break
            if later.consumer == step.consumer:
                statuses.add(later.verb.upper())
        return statuses


def _steps_by_name(steps: Iterable[Step]) -> dict[str, list[Step]]:
    """Name → the steps that give it, or that send receipts for the message it stands for, in order."""
    by_name: dict[str, list[Step]] = {}
    for step in steps:
        args = step.arguments
        names = set(args.messages) if isinstance(args, verbs.AcceptVerb | verbs.ReadVerb) else set()
        for name in names | {getattr(args, "as_", None)}:
            if isinstance(name, str):
                by_name.setdefault(name, []).append(step)
    return by_name


@dataclass
class StepContext:
    """What a step of one consumer can see and change."""

    run: RunState
    consumer: ConsumerState
    awaited: int = 0
    """How many of ``view.messages`` were searched by ``await``, the message found last included."""

    @property
    def view(self) -> ConsumerView:
        return self.consumer.view

    @property
    def schedule(self) -> ReceiptSchedule:
        return self.consumer.schedule

    @property
    def now_s(self) -> float:
        return self.run.now_s

    def bind(self, name: str | None, target: Target, step: Step) -> None:
        """Give a message its name. Later steps that name it take over its receipts from the rule."""
        if name is None:
            return
        self.run.names.assign(name, target, by=self.view)
        if isinstance(target, MessageId):
            for status in self.run.later_receipts(name, step):
                self.schedule.suspend(target, status)

    def bind_answer(self, name: str | None, answer: RequestAnswered) -> None:
        """Give an answer its name."""
        if name is not None and answer.request_frame is not None:
            self.run.names.assign_answer(name, answer.request_frame, by=self.view)

    def filled(self, step: Step) -> verbs.Verb:
        """The arguments of the step, with its references filled in."""
        if not step.references:
            return step.arguments

        def find(reference: Reference) -> object:
            try:
                return self.run.names.find(reference, view=self.view, round_number=step.round)
            except UnresolvedReference as nowhere:
                raise StepFailed(str(nowhere), describe.lines(self.view.transcript)) from None

        args = fill(step.arguments, find)
        changed = {name: _filled_filter(given, find) for name, given in _filters_in(step.arguments).items()}
        return args.model_copy(update=changed) if changed else args


def _filters_in(args: verbs.Verb) -> Mapping[str, verbs.MessageFilter | verbs.NotExpected]:
    """The fields of a verb that may hold a pattern."""
    given = ((name, getattr(args, name)) for name in args.run_time)
    return {name: one for name, one in given if isinstance(one, verbs.MessageFilter | verbs.NotExpected)}


def _filled_filter(
    given: verbs.MessageFilter | verbs.NotExpected, find: Callable[[Reference], object]
) -> verbs.MessageFilter | verbs.NotExpected:
    """As ``fill``; but in a pattern, what is filled in stands for itself."""
    if isinstance(given, verbs.NotExpected):
        if not isinstance(given.message, verbs.MessageFilter):
            return given
        return given.model_copy(update={"message": _filled_filter(given.message, find)})
    changes = {name: fill_value(getattr(given, name), find) for name in ("from_", "type", "dialog")}
    as_words = {name: None if found is None else as_text(found) for name, found in changes.items()}
    pattern = given.matching
    if pattern is not None:
        pattern = fill_value(pattern, lambda reference: re.escape(as_text(find(reference))))
        try:
            check_pattern(pattern)
        except ValueError as problem:
            raise StepFailed(str(problem)) from None
    return given.model_copy(update={**as_words, "matching": pattern})


# --- building blocks of steps ---------------------------------------------------------------------------


def open_connection(context: StepContext, *, fresh_token: bool = False) -> StepCoroutine[None]:
    """Connect; fails if nothing can be connected to."""
    yield ConsumerAction(context.consumer, Connect(context.consumer.name, fresh_token))


def send_text(context: StepContext, text: str) -> StepCoroutine[int]:
    """Send a text frame; returns its number."""
    frame = cast(int, (yield ConsumerAction(context.consumer, Send(text))))
    context.view.last_request = frame
    return frame


def wait_for(
    context: StepContext, found: Callable[[], T | None], deadline_s: float | None
) -> StepCoroutine[T | None]:
    """Wait until ``found`` returns something; None at ``deadline_s``."""
    return cast("T | None", (yield WaitFor(found, deadline_s, context.consumer)))


def send_request(
    context: StepContext,
    make_request: Callable[[str], Request],
    within_s: float,
    *,
    refusable: bool = False,
    repeatable: bool = True,
    sent: Callable[[int], None] = lambda frame: None,
) -> StepCoroutine[RequestAnswered]:
    """Send a request and wait for its answer; a refusal fails the step unless ``refusable``.

    ``make_request`` makes the request for an id. Where the consumer reconnects by itself, it is asked again
    after an answer 429, until ``within_s`` is over, and, if ``repeatable``, after the connection ended
    before the answer. ``sent`` is called with the frame each time.
    """
    deadline_s: float | None = None
    throttled = 0
    while True:
        request = make_request(context.consumer.next_id())
        frame = yield from send_text(context, dump(request))
        sent(frame)
        deadline_s = context.now_s + within_s if deadline_s is None else deadline_s
        try:
            answer = yield from wait_for_answer(context, frame, request.type, within_s, refusable=True)
        except AnswerLost:
            if not repeatable:
                raise
            deadline_s = None
            continue
        throttled += 1
        wait_s = context.consumer.reconnect_policy.throttled_wait_s(throttled)
        if _may_ask_again(context, answer, refusable=refusable) and context.now_s + wait_s < deadline_s:
            context.run.notes.append(
                f"{request.type} (frame {frame}) was {answered_with(answer)}; asked again"
            )
            yield SleepUntil(context.now_s + wait_s)
            continue
        _check(request.type, frame, answer, refusable=refusable)
        return answer


def _may_ask_again(context: StepContext, answer: RequestAnswered, *, refusable: bool) -> bool:
    return answer.code == THROTTLED and context.consumer.reconnect_policy.retries_requests and not refusable


class AnswerLost(StepFailed):
    """The connection ended before the answer, and the consumer reconnects."""


def wait_for_answer(
    context: StepContext, frame: int, type_name: str, within_s: float, *, refusable: bool
) -> StepCoroutine[RequestAnswered]:
    """Wait for the answer to the request in this frame."""
    view = context.view

    def found() -> RequestAnswered | None:
        if frame in view.lost and not context.consumer.disconnected:
            raise AnswerLost(
                f"the connection was over before {type_name} (frame {frame}) was answered:"
                f" {context.consumer.end_sentence or 'it ended'}; whether it arrived nobody here can know"
            )
        return view.answers.get(frame)

    answer = yield from wait_for(context, found, context.now_s + within_s)
    if answer is None:
        raise StepFailed(f"no answer to {type_name} (frame {frame}) came within {describe.span(within_s)}")
    _check(type_name, frame, answer, refusable=refusable)
    return answer


def _check(type_name: str, frame: int, answer: RequestAnswered, *, refusable: bool) -> None:
    if answer.code is not None and answer.code >= 400 and not refusable:
        raise StepFailed(f"{type_name} (frame {frame}) was {answered_with(answer)}")


def refusal_expected(context: StepContext, step: Step) -> bool:
    """Whether the next step expects that this one is refused."""
    following = context.run.following(step)
    return (
        following is not None
        and isinstance(following.arguments, verbs.ExpectVerb)
        and following.arguments.expects_failure
    )


def close_expected(run: RunState, step: Step | None, consumer: ConsumerState) -> bool:
    """Whether this step, or the next one of that consumer, waits for the end of its connection."""
    number = 0 if step is None else step.number
    steps = run.script.steps
    rest = (steps[place] for place in range(number, len(steps)))  # no copy of it
    own = (one for one in rest if one.consumer == consumer.name)
    around = (step if step is not None and step.consumer == consumer.name else None, next(own, None))
    return any(
        one is not None and isinstance(one.arguments, verbs.ExpectVerb) and one.arguments.close is not None
        for one in around
    )


def dialog_of(context: StepContext, name: str | None) -> str:
    """A dialog by name; fails if there is none."""
    dialog_id = context.view.dialog(name)
    if dialog_id is not None:
        return dialog_id
    if context.view.conversation() is not None:
        raise StepFailed(f"there is no {name} dialog yet")
    raise StepFailed("there is no conversation yet; open_conversation comes first")


def target_of(context: StepContext, reference: str | int) -> Target:
    """A message by name; fails if there is none."""
    target = context.run.names.target(reference, context.view)
    if target is None:
        raise StepFailed(f"there is no message for {reference} yet", describe.lines(context.view.transcript))
    return target


def answered_with(answer: RequestAnswered) -> str:
    """``answered with 400 (frame 9): "no such dialog"``."""
    code = "no code" if answer.code is None else str(answer.code)
    reason = "" if answer.reason is None else f": {answer.reason}"
    return f"answered with {code} (frame {answer.evidence.frame}){reason}"
