"""What a step can see, and the few things it can want.

A course is a generator. It yields what it wants, is resumed with what came of it, and returns one
sentence; or it raises ``StepFailed``. Nothing here sends, waits, or asks what time it is.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, cast

from recorder.messaging.envelopes import Request, dump
from recorder.messaging.events import RequestAnswered

from ..language import verbs
from ..language.patterns import check_pattern
from ..language.references import Reference, as_text, fill, fill_value
from ..language.script import Script, Step
from . import describe
from .actions import Abort, Ended, HangUp, SendBytes, SendFrame, Upload
from .consumer import Part
from .consumer_view import Known, Target
from .names import Names, NotThere
from .receipt_schedule import MessageKey, ReceiptsPlan
from .reconnect_policy import THROTTLED

T = TypeVar("T")


class Tell(NamedTuple):
    """Send this text; resumed with the number of the frame it went out in."""

    part: Part
    text: str


class TellRaw(NamedTuple):
    """Send this frame, or these bytes; resumed with the number of the frame, None where it is none."""

    part: Part
    action: SendFrame | SendBytes


class Until(NamedTuple):
    """Wait until ``found`` gives something: resumed with that, or with None once ``deadline_s`` is there.

    It fails when the connection of ``part`` is over; None: it needs none.
    """

    found: Callable[[], object | None]
    deadline_s: float | None
    part: Part | None


class Rest(NamedTuple):
    """Let time pass until then."""

    until_s: float


class Join(NamedTuple):
    """Connect; fails if that cannot be done."""

    part: Part
    fresh_token: bool = False


class Leave(NamedTuple):
    """End the connection like this; resumed with how it ended."""

    part: Part
    action: HangUp | Abort


class HandOver(NamedTuple):
    """Upload a file; fails if it is not taken."""

    part: Part
    action: Upload


Want = Tell | TellRaw | Until | Rest | Join | Leave | HandOver
Course = Generator[Want, Any, T]


class StepFailed(Exception):
    """The step did not come out as written. ``shown`` are lines of what was seen instead."""

    def __init__(self, says: str, shown: tuple[str, ...] = ()) -> None:
        super().__init__(says)
        self.says = says
        self.shown = shown


@dataclass
class Stage:
    """What all consumers of a script share. ``now_s`` is kept up to date by the player."""

    script: Script
    rng: random.Random
    names: Names = field(default_factory=Names)
    now_s: float = 0.0
    notes: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    _following: dict[int, Step] | None = None

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
        statuses = set()
        steps = self.script.steps
        for later in (steps[place] for place in range(step.number, len(steps))):  # no copy of the rest
            if getattr(later.says, "as_", None) == name:
                break
            says = later.says
            about = says.messages if isinstance(says, verbs.Accept | verbs.Read) else ()
            if later.consumer == step.consumer and name in about:
                statuses.add(later.verb.upper())
        return statuses


@dataclass
class Scene:
    """What a step of one consumer can see and change."""

    stage: Stage
    part: Part
    awaited: int = 0
    """How many of ``known.messages`` lie behind the last message that was awaited, that one included."""

    @property
    def known(self) -> Known:
        return self.part.known

    @property
    def plan(self) -> ReceiptsPlan:
        return self.part.plan

    @property
    def now_s(self) -> float:
        return self.stage.now_s

    def bind(self, name: str | None, target: Target, step: Step) -> None:
        """Give a message its name. Receipts that later steps send for it are theirs from now on."""
        if name is None:
            return
        self.stage.names.give(name, target, by=self.known)
        if isinstance(target, MessageKey):
            for status in self.stage.later_receipts(name, step):
                self.plan.suspend(target, status)

    def bind_answer(self, name: str | None, answer: RequestAnswered) -> None:
        """Give an answer its name."""
        if name is not None and answer.ask is not None:
            self.stage.names.give_answer(name, answer.ask, by=self.known)

    def filled(self, step: Step) -> verbs.Verb:
        """What the step says, with what names stand for filled in."""
        if not step.references:
            return step.says

        def find(reference: Reference) -> object:
            try:
                return self.stage.names.find(reference, known=self.known, round_number=step.round)
            except NotThere as nowhere:
                raise StepFailed(str(nowhere), describe.lines(self.known.transcript)) from None

        says = fill(step.says, find)
        changed = {name: _wanted_with(given, find) for name, given in _wanted_in(step.says).items()}
        return says.model_copy(update=changed) if changed else says


def _wanted_in(says: verbs.Verb) -> Mapping[str, verbs.Wanted | verbs.NotExpected]:
    """The fields of a verb that may hold a pattern."""
    given = ((name, getattr(says, name)) for name in says.run_time)
    return {name: one for name, one in given if isinstance(one, verbs.Wanted | verbs.NotExpected)}


def _wanted_with(
    given: verbs.Wanted | verbs.NotExpected, find: Callable[[Reference], object]
) -> verbs.Wanted | verbs.NotExpected:
    """As ``fill``; but in a pattern, what is filled in stands for itself."""
    if isinstance(given, verbs.NotExpected):
        if not isinstance(given.message, verbs.Wanted):
            return given
        return given.model_copy(update={"message": _wanted_with(given.message, find)})
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


# --- what courses are made of ---------------------------------------------------------------------------


def tell(scene: Scene, text: str) -> Course[int]:
    """Send; returns the frame."""
    frame = cast(int, (yield Tell(scene.part, text)))
    scene.known.last_request = frame
    return frame


def until(scene: Scene, found: Callable[[], T | None], deadline_s: float | None) -> Course[T | None]:
    """Wait for something, until then."""
    return cast("T | None", (yield Until(found, deadline_s, scene.part)))


@dataclass(frozen=True)
class _Lost:
    """The connection ended before the answer."""

    ended: Ended | None


def ask(
    scene: Scene,
    wish: Callable[[str], Request],
    within_s: float,
    *,
    refusable: bool = False,
    repeatable: bool = True,
    sent: Callable[[int], None] = lambda frame: None,
) -> Course[RequestAnswered]:
    """Send a request and wait for its answer; a refusal fails the step unless it may be refused.

    ``wish`` makes the request for an id. Where the consumer reconnects by itself, it is asked again
    after an answer 429, until ``within_s`` is over, and, if ``repeatable``, after the connection ended
    before the answer. ``sent`` is told the frame each time.
    """
    deadline_s: float | None = None
    throttled = 0
    while True:
        request = wish(scene.part.next_id())
        frame = yield from tell(scene, dump(request))
        sent(frame)
        deadline_s = scene.now_s + within_s if deadline_s is None else deadline_s
        try:
            answer = yield from answer_to(scene, frame, request.type, within_s, refusable=True)
        except AnswerLost:
            if not repeatable:
                raise
            deadline_s = None
            continue
        throttled += 1
        wait_s = scene.part.reconnecting.throttled_wait_s(throttled)
        if _may_ask_again(scene, answer, refusable=refusable) and scene.now_s + wait_s < deadline_s:
            scene.stage.notes.append(
                f"{request.type} (frame {frame}) was {answered_with(answer)}; asked again"
            )
            yield Rest(scene.now_s + wait_s)
            continue
        _check(request.type, frame, answer, refusable=refusable)
        return answer


def _may_ask_again(scene: Scene, answer: RequestAnswered, *, refusable: bool) -> bool:
    return answer.code == THROTTLED and scene.part.reconnecting.asks_again and not refusable


class AnswerLost(StepFailed):
    """The connection ended first, and another one is there or will be."""


def answer_to(
    scene: Scene, frame: int, type_name: str, within_s: float, *, refusable: bool
) -> Course[RequestAnswered]:
    """Wait for the answer to the request in this frame."""
    known = scene.known

    def found() -> RequestAnswered | _Lost | None:
        if frame in known.lost and not scene.part.over:
            return _Lost(scene.part.ended)
        return known.answers.get(frame)

    waiting: Course[RequestAnswered | _Lost | None] = until(scene, found, scene.now_s + within_s)
    answer = yield from waiting
    if answer is None:
        raise StepFailed(f"no answer to {type_name} (frame {frame}) came within {describe.span(within_s)}")
    if isinstance(answer, _Lost):
        ended = "it ended" if answer.ended is None else answer.ended.says or answer.ended.how
        raise AnswerLost(
            f"the connection was over before {type_name} (frame {frame}) was answered: {ended};"
            " whether it arrived nobody here can know"
        )
    _check(type_name, frame, answer, refusable=refusable)
    return answer


def _check(type_name: str, frame: int, answer: RequestAnswered, *, refusable: bool) -> None:
    if answer.code is not None and answer.code >= 400 and not refusable:
        raise StepFailed(f"{type_name} (frame {frame}) was {answered_with(answer)}")


def refusal_expected(scene: Scene, step: Step) -> bool:
    """Whether the next step is about this one's refusal."""
    following = scene.stage.following(step)
    return following is not None and isinstance(following.says, verbs.Expect) and following.says.of_a_failure


def close_expected(stage: Stage, step: Step | None, part: Part) -> bool:
    """Whether this step, or the next one of that consumer, waits for the end of its connection."""
    number = 0 if step is None else step.number
    own = (one for one in stage.script.steps[number:] if one.consumer == part.name)
    around = (step if step is not None and step.consumer == part.name else None, next(own, None))
    return any(
        one is not None and isinstance(one.says, verbs.Expect) and one.says.close is not None
        for one in around
    )


def dialog_of(scene: Scene, name: str | None) -> str:
    """A dialog by name; fails if there is none."""
    dialog_id = scene.known.dialog(name)
    if dialog_id is not None:
        return dialog_id
    if scene.known.conversation() is not None:
        raise StepFailed(f"there is no {name} dialog yet")
    raise StepFailed("there is no conversation yet; open_conversation comes first")


def target_of(scene: Scene, reference: str | int) -> Target:
    """A message by name; fails if there is none."""
    target = scene.stage.names.target(reference, scene.known)
    if target is None:
        raise StepFailed(f"there is no message for {reference} yet", describe.lines(scene.known.transcript))
    return target


def answered_with(answer: RequestAnswered) -> str:
    """``answered with 200 (frame 9)``."""
    code = "no code" if answer.code is None else str(answer.code)
    return f"answered with {code} (frame {answer.evidence.frame})"
