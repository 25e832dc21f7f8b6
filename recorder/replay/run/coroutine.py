"""Courses under way side by side: the script's own, and one for each connection that is being mended."""

from __future__ import annotations

from enum import Enum
from typing import Any

from . import describe
from .actions import Abort, Connect, HangUp, Send, SendBytes, SendFrame, Upload
from .consumer import Part
from .step_context import Course, HandOver, Join, Leave, Rest, StepFailed, Tell, TellRaw, Until, Want


class Went(Enum):
    """What came of looking after a strand."""

    ON = "it went on, and wants something else now"
    NOWHERE = "it still wants what it wanted"


Doing = Connect | Send | SendFrame | SendBytes | Upload | HangUp | Abort


class Strand:
    """A course, and what it wants at the moment.

    Attributes:
        mends: whose connection it mends; None: it is the script itself.
        want: None before it began, and once it is over.
        under_way: whether the driver is busy with what it wants, and will tell what came of it.
        failed: why it ended, where it ended with a failure.
    """

    def __init__(self, course: Course[Any], *, mends: Part | None = None) -> None:
        self._course = course
        self.mends = mends
        self.want: Want | None = None
        self.under_way = False
        self.over = False
        self.failed: StepFailed | None = None

    def resume(self, value: object) -> None:
        """It gets what it wanted."""
        self.under_way = False
        try:
            self.want = self._course.send(value)
        except StopIteration:
            self._end(None)
        except StepFailed as failed:
            self._end(failed)

    def fail(self, failed: StepFailed) -> None:
        """It does not get what it wanted."""
        self.under_way = False
        try:
            self.want = self._course.throw(failed)
        except StopIteration:
            self._end(None)
        except StepFailed as again:
            self._end(again)

    def _end(self, failed: StepFailed | None) -> None:
        self.over, self.want, self.failed = True, None, failed

    def look_after(self, now_s: float) -> tuple[Doing, Part] | Went:
        """Something to do for it, and on whose side; or whether it went on."""
        match self.want:
            case None:
                self.resume(None)
            case Tell(part) | TellRaw(part):
                return self._let_tell(part, now_s)
            case Until():
                return self._let_wait(self.want, now_s)
            case Rest(until_s):
                if now_s < until_s:
                    return Went.NOWHERE
                self.resume(None)
            case Leave(part) if part.connection is None:
                self.resume(part.ended)
            case _:
                return self._begin()
        return Went.ON

    def wakes_at_s(self) -> float | None:
        """When it goes on even if nothing is heard; None: never."""
        match self.want:
            case Until(_, deadline_s):
                return deadline_s
            case Rest(until_s):
                return until_s
            case Tell(part) | TellRaw(part) if self._is_paced(part):
                return part.free_at_s
            case _:
                return None

    @property
    def part(self) -> Part | None:
        """Whose connection its want is about; None if about none."""
        return getattr(self.want, "part", None)

    @property
    def rests(self) -> bool:
        """Whether nothing but time makes it go on."""
        match self.want:
            case Rest():
                return True
            case Tell(part) | TellRaw(part):
                return self._is_paced(part)
            case _:
                return False

    def _is_paced(self, part: Part) -> bool:
        return self.mends is None and part.settled

    def _let_tell(self, part: Part, now_s: float) -> tuple[Doing, Part] | Went:
        if part.over:
            self.fail(StepFailed(f"the connection is over: {part.over_says}"))
            return Went.ON
        if part.connection is None or (part.mending is not None and self.mends is not part):
            return Went.NOWHERE
        if self._is_paced(part) and now_s < part.free_at_s:
            return Went.NOWHERE
        match self.want:
            case Tell(_, text):
                return Send(text, None, part.connection), part
            case TellRaw(_, action):
                return action._replace(connection=part.connection), part
        return Went.NOWHERE

    def _let_wait(self, want: Until, now_s: float) -> Went:
        try:
            value = want.found()
        except StepFailed as failed:
            self.fail(failed)
            return Went.ON
        if value is not None or (want.deadline_s is not None and now_s >= want.deadline_s):
            self.resume(value)
            return Went.ON
        if want.part is not None and want.part.over:
            shown = describe.lines(want.part.known.transcript)
            self.fail(StepFailed(f"the connection is over: {want.part.over_says}", shown))
            return Went.ON
        return Went.NOWHERE

    def _begin(self) -> tuple[Doing, Part] | Went:
        """Hand over what takes the driver a while."""
        if self.under_way:
            return Went.NOWHERE
        match self.want:
            case Join(part, fresh_token):
                return Connect(part.name, fresh_token), part
            case Leave(part, action):
                part.leaving = True
                return action, part
            case HandOver(part, upload):
                return upload, part
        return Went.NOWHERE
