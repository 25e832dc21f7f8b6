"""What a step can see, and the few things it can want.

A course is a generator. It yields what it wants, is resumed with what came of it, and returns one
sentence; or it raises ``StepFailed``. Nothing here sends, waits, or asks what time it is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, cast

from recorder.messaging.envelopes import Request, dump
from recorder.messaging.events import RequestAnswered

from . import seen, verbs
from .known import Known, Target
from .receipts_plan import MessageKey, ReceiptsPlan
from .script import Script, Step

T = TypeVar("T")


class Tell(NamedTuple):
    """Send this; resumed with the number of the frame it went out in."""

    text: str


class Until(NamedTuple):
    """Wait until ``found`` gives something: resumed with that, or with None once ``deadline_s`` is there."""

    found: Callable[[], object | None]
    deadline_s: float | None


class Rest(NamedTuple):
    """Let time pass until then."""

    until_s: float


Want = Tell | Until | Rest
Course = Generator[Want, Any, T]


class StepFailed(Exception):
    """The step did not come out as written. ``shown`` are lines of what was seen instead."""

    def __init__(self, says: str, shown: tuple[str, ...] = ()) -> None:
        super().__init__(says)
        self.says = says
        self.shown = shown


@dataclass
class Scene:
    """What a step can see and change. ``now_s`` is kept up to date by the player."""

    script: Script
    known: Known
    plan: ReceiptsPlan
    now_s: float = 0.0
    ids: int = 0
    awaited: int = 0
    """How many of ``known.messages`` lie behind the last message that was awaited, that one included."""
    listening: bool = False
    """Whether conversations are subscribed to."""

    def next_id(self) -> str:
        self.ids += 1
        return str(self.ids)

    def following(self, step: Step) -> Step | None:
        """The step after this one."""
        return self.script.steps[step.number] if step.number < len(self.script.steps) else None

    def bind(self, name: str | None, target: Target, step: Step) -> None:
        """Give a message its name. Receipts that later steps send for it are theirs from now on."""
        if name is None:
            return
        self.known.names[name] = target
        if isinstance(target, MessageKey):
            for status in self.script.later_receipts(name, after=step.number):
                self.plan.suspend(target, status)


def tell(scene: Scene, text: str) -> Course[int]:
    """Send; returns the frame."""
    frame = cast(int, (yield Tell(text)))
    scene.known.last_request = frame
    return frame


def until(found: Callable[[], T | None], deadline_s: float | None) -> Course[T | None]:
    """Wait for something, until then."""
    return cast("T | None", (yield Until(found, deadline_s)))


def ask(
    scene: Scene, request: Request, within_s: float, *, refusable: bool = False
) -> Course[RequestAnswered]:
    """Send a request and wait for its answer; a refusal fails the step unless it may be refused."""
    frame = yield from tell(scene, dump(request))
    return (yield from answer_to(scene, frame, request.type, within_s, refusable=refusable))


def answer_to(
    scene: Scene, frame: int, type_name: str, within_s: float, *, refusable: bool
) -> Course[RequestAnswered]:
    """Wait for the answer to the request in this frame."""
    answer = yield from until(lambda: scene.known.answers.get(frame), scene.now_s + within_s)
    if answer is None:
        raise StepFailed(f"no answer to {type_name} (frame {frame}) came within {seen.span(within_s)}")
    if answer.code is not None and answer.code >= 400 and not refusable:
        raise StepFailed(f"{type_name} (frame {frame}) was {answered_with(answer)}")
    return answer


def refusal_expected(scene: Scene, step: Step) -> bool:
    following = scene.following(step)
    return following is not None and isinstance(following.says, verbs.Expect) and following.says.of_a_failure


def dialog_of(scene: Scene, name: str | None) -> str:
    dialog_id = scene.known.dialog(name)
    if dialog_id is None:
        raise StepFailed("there is no conversation yet; open_conversation comes first")
    return dialog_id


def target_of(scene: Scene, reference: str | int) -> Target:
    target = scene.known.target(reference)
    if target is None:
        raise StepFailed(f"there is no message for {reference} yet", seen.lines(scene.known.transcript))
    return target


def answered_with(answer: RequestAnswered) -> str:
    code = "no code" if answer.code is None else str(answer.code)
    return f"answered with {code} (frame {answer.evidence.frame})"
