"""The course of a whole script: everybody arrives, the steps in their order, the last things, goodbye."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..language import verbs
from ..language.script import Step
from . import describe
from .actions import HangUp
from .connect import LET_IN_WITHIN_S, introduce, tell_profile
from .consumer import Part
from .outcome import FAILED, NOT_REACHED, OK, STOPPED, StepResult
from .step_context import AnswerLost, Course, Join, Leave, Scene, Stage, StepFailed, Until
from .verb_table import perform

ANSWERS_AWAITED_S = LET_IN_WITHIN_S
"""How long answers that no step waited for are waited for at the end."""

_SHOWN = 10


class Performance:
    """What the script itself does.

    Attributes:
        results: of the steps that are over.
        current: the step under way; None before the first.
        playing: whether receipts still go out: until the goodbye.
    """

    def __init__(
        self, stage: Stage, scenes: Mapping[str, Scene], on_step: Callable[[StepResult], None]
    ) -> None:
        self._stage = stage
        self._scenes = scenes
        self._on_step = on_step
        self.results: list[StepResult] = []
        self.current: Step | None = None
        self.playing = True
        self._under_way: tuple[Step, Scene, float] | None = None

    @property
    def _parts(self) -> list[Part]:
        return [scene.part for scene in self._scenes.values()]

    def course(self) -> Course[None]:
        """All of it. Fails never: what failed stands in ``results``."""
        if (yield from self._all_steps()):
            yield from self._last_things()
        self.playing = False
        for part in self._parts:
            part.mending = None
            if part.connection is not None:
                yield Leave(part, HangUp(connection=part.connection))

    def all_results(self) -> tuple[StepResult, ...]:
        """Also of the step under way, if there is one, and of those that were not reached."""
        over = (*self.results, *self._cut_short())
        begun = {result.number for result in over}
        missing = (
            _result(step, NOT_REACHED, "") for step in self._stage.script.steps if step.number not in begun
        )
        return (*over, *missing)

    def _cut_short(self) -> tuple[StepResult, ...]:
        if self._under_way is None:
            return ()
        step, scene, began_s = self._under_way
        shown = describe.lines(scene.known.transcript)
        result = _result(step, STOPPED, "")
        return (result._replace(began_s=began_s, ended_s=self._stage.now_s, shown=shown),)

    def fail_step(self, number: int, says: str) -> None:
        """A step that is over turns out to have failed."""
        self.results = [
            result._replace(outcome=FAILED, says=says) if result.number == number else result
            for result in self.results
        ]

    # --- the steps ---

    def _all_steps(self) -> Course[bool]:
        for scene in self._scenes.values():
            if not (yield from self._one(_before("connect", scene), scene, _join(scene), quietly=True)):
                return False
        for scene in self._scenes.values():
            if not (yield from self._let_in(scene)):
                return False
        for step in self._stage.script.steps:
            scene = self._scenes[step.consumer]
            if not (yield from self._one(step, scene, perform(scene, step))):
                return False
        return True

    def _let_in(self, scene: Scene) -> Course[bool]:
        part = scene.part
        if part.init_connection:
            step = _before("init_connection", scene)
            if not (yield from self._one(step, scene, _introduced(scene))):
                return False
        part.settle(self._stage.now_s)
        if part.consumer.properties is not None:
            return (yield from self._one(_before("properties", scene), scene, tell_profile(scene)))
        return True

    def _one(self, step: Step, scene: Scene, course: Course[str], *, quietly: bool = False) -> Course[bool]:
        """Play one step; ``quietly``: nothing is told of it if it does not fail."""
        self.current = step
        began_s = self._stage.now_s
        self._under_way = (step, scene, began_s)
        outcome, says = OK, ""
        shown: tuple[str, ...] = ()
        try:
            says = yield from course
        except StepFailed as failed:
            outcome, says = FAILED, failed.says
            shown = failed.shown or describe.lines(scene.known.transcript)
        self._under_way = None
        if outcome == OK and quietly:
            return True
        result = _result(step, outcome, says)._replace(
            began_s=began_s, ended_s=self._stage.now_s, shown=shown
        )
        self.results.append(result)
        self._on_step(result)
        return outcome == OK

    # --- the last things ---

    def _last_things(self) -> Course[None]:
        for part in self._parts:
            part.plan.close()
        yield Until(self._receipts_out, None, None)
        yield Until(self._all_answered, self._stage.now_s + ANSWERS_AWAITED_S, None)
        for part in self._parts:
            self._note_missed(part)
            self._note_stranded(part)
        self._note_unanswered()

    def _receipts_out(self) -> bool | None:
        """Whether no receipt is left that could still go out."""
        return all(part.over or part.plan.next_at_s() is None for part in self._parts) or None

    def _all_answered(self) -> bool | None:
        return not any(part.known.unanswered for part in self._parts) or None

    def _note_missed(self, part: Part) -> None:
        missed = [f"{due.status} for #{key.sequence}" for due in part.plan.missed() for key in due.keys]
        if not missed:
            return
        who = f"{part.name}: " if len(self._scenes) > 1 else ""
        says = f"{who}{_listed(missed)} could not go out: the connection is over: {part.over_says}"
        # Whom the script itself disconnects was not to send them.
        (self._stage.notes if part.leaving else self._stage.troubles).append(says)

    def _note_stranded(self, part: Part) -> None:
        for leader, planned in part.plan.stranded():
            named = ", ".join(f"#{key.sequence}" for key in planned.keys)
            says = (
                f"{planned.status} for {named} was to go out with that for #{leader.sequence},"
                " which never went out"
            )
            self.fail_step(planned.step or 0, says)

    def _note_unanswered(self) -> None:
        unanswered = sorted(frame for part in self._parts for frame in part.known.unanswered)
        if unanswered:
            self._stage.notes.append(f"no answer came to frame {_listed(map(str, unanswered))}")
        lost = sorted(frame for part in self._parts for frame in part.known.lost)
        if lost:
            self._stage.notes.append(
                f"the connection was over before an answer came to frame {_listed(map(str, lost))}"
            )


def _join(scene: Scene) -> Course[str]:
    yield Join(scene.part)
    return ""


def _introduced(scene: Scene) -> Course[str]:
    """Let in; or, where the token is refused and may be replaced, let in with the next one."""
    part = scene.part
    try:
        return (yield from introduce(scene))
    except StepFailed as failed:
        if not part.reconnecting.asks_again:
            raise
        # The service ends the connection; then it is mended, and whoever mends it introduces us.
        deadline_s = None if isinstance(failed, AnswerLost) else scene.now_s + LET_IN_WITHIN_S
        if (yield Until(lambda: part.settled or None, deadline_s, part)) is None:
            raise
        return "let in at the second attempt"


def _before(verb: str, scene: Scene) -> Step:
    """What goes before the first step, written as one."""
    return Step(0, verb, 1, verbs.Verb(), consumer=scene.part.name)


def _result(step: Step, outcome: str, says: str) -> StepResult:
    return StepResult(
        step.number,
        step.verb,
        step.line,
        outcome,
        says,
        consumer=step.consumer,
        round=step.round,
        file=step.file,
    )


def _listed(named: Iterable[Any]) -> str:
    """The first few of them, and how many more."""
    all_of_them = list(named)
    more = len(all_of_them) - _SHOWN
    shown = ", ".join(all_of_them[:_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown
