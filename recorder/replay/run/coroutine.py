"""Courses under way side by side: the script's own, and one for each connection that is being mended."""

from __future__ import annotations

from enum import Enum
from typing import Any

from . import describe
from .actions import Abort, CloseConnection, Connect, Send, SendBytes, SendRawFrame, Upload
from .consumer import ConsumerState
from .step_context import (
    Command,
    EndConnection,
    OpenConnection,
    SendRaw,
    SendText,
    SleepUntil,
    StepCoroutine,
    StepFailed,
    UploadFile,
    WaitFor,
)


class CoroutineState(Enum):
    """What came of looking after a strand."""

    RESUMED = "it went on, and wants something else now"
    BLOCKED = "it still wants what it wanted"


DriverAction = Connect | Send | SendRawFrame | SendBytes | Upload | CloseConnection | Abort


class Coroutine:
    """A course, and what it wants at the moment.

    Attributes:
        mends: whose connection it mends; None: it is the script itself.
        want: None before it began, and once it is over.
        under_way: whether the driver is busy with what it wants, and will tell what came of it.
        failed: why it ended, where it ended with a failure.
    """

    def __init__(self, coroutine: StepCoroutine[Any], *, reconnects: ConsumerState | None = None) -> None:
        self._coroutine = coroutine
        self.reconnects = reconnects
        self.command: Command | None = None
        self.under_way = False
        self.over = False
        self.failed: StepFailed | None = None

    def resume(self, value: object) -> None:
        """It gets what it wanted."""
        self.under_way = False
        try:
            self.command = self._coroutine.send(value)
        except StopIteration:
            self._end(None)
        except StepFailed as failed:
            self._end(failed)

    def fail(self, failed: StepFailed) -> None:
        """It does not get what it wanted."""
        self.under_way = False
        try:
            self.command = self._coroutine.throw(failed)
        except StopIteration:
            self._end(None)
        except StepFailed as again:
            self._end(again)

    def _end(self, failed: StepFailed | None) -> None:
        self.over, self.command, self.failed = True, None, failed

    def advance(self, now_s: float) -> tuple[DriverAction, ConsumerState] | CoroutineState:
        """Something to do for it, and on whose side; or whether it went on."""
        match self.command:
            case None:
                self.resume(None)
            case SendText(consumer) | SendRaw(consumer):
                return self._let_tell(consumer, now_s)
            case WaitFor():
                return self._let_wait(self.command, now_s)
            case SleepUntil(until_s):
                if now_s < until_s:
                    return CoroutineState.BLOCKED
                self.resume(None)
            case EndConnection(consumer) if consumer.connection is None:
                self.resume(consumer.ended)
            case _:
                return self._begin()
        return CoroutineState.RESUMED

    def wakes_at_s(self) -> float | None:
        """When it goes on even if nothing is heard; None: never."""
        match self.command:
            case WaitFor(_, deadline_s):
                return deadline_s
            case SleepUntil(until_s):
                return until_s
            case SendText(consumer) | SendRaw(consumer) if self._is_paced(consumer):
                return consumer.free_at_s
            case _:
                return None

    @property
    def consumer(self) -> ConsumerState | None:
        """Whose connection its want is about; None if about none."""
        return getattr(self.command, "consumer", None)

    @property
    def rests(self) -> bool:
        """Whether nothing but time makes it go on."""
        match self.command:
            case SleepUntil():
                return True
            case SendText(consumer) | SendRaw(consumer):
                return self._is_paced(consumer)
            case _:
                return False

    def _is_paced(self, consumer: ConsumerState) -> bool:
        return self.reconnects is None and consumer.ready

    def _let_tell(
        self, consumer: ConsumerState, now_s: float
    ) -> tuple[DriverAction, ConsumerState] | CoroutineState:
        if consumer.disconnected:
            self.fail(StepFailed(f"the connection is over: {consumer.end_sentence}"))
            return CoroutineState.RESUMED
        if consumer.connection is None or (
            consumer.next_attempt is not None and self.reconnects is not consumer
        ):
            return CoroutineState.BLOCKED
        if self._is_paced(consumer) and now_s < consumer.free_at_s:
            return CoroutineState.BLOCKED
        match self.command:
            case SendText(_, text):
                return Send(text, None, consumer.connection), consumer
            case SendRaw(_, action):
                return action._replace(connection=consumer.connection), consumer
        return CoroutineState.BLOCKED

    def _let_wait(self, command: WaitFor, now_s: float) -> CoroutineState:
        try:
            value = command.found()
        except StepFailed as failed:
            self.fail(failed)
            return CoroutineState.RESUMED
        if value is not None or (command.deadline_s is not None and now_s >= command.deadline_s):
            self.resume(value)
            return CoroutineState.RESUMED
        if command.consumer is not None and command.consumer.disconnected:
            shown = describe.lines(command.consumer.view.transcript)
            self.fail(StepFailed(f"the connection is over: {command.consumer.end_sentence}", shown))
            return CoroutineState.RESUMED
        return CoroutineState.BLOCKED

    def _begin(self) -> tuple[DriverAction, ConsumerState] | CoroutineState:
        """Hand over what takes the driver a while."""
        if self.under_way:
            return CoroutineState.BLOCKED
        match self.command:
            case OpenConnection(consumer, fresh_token):
                return Connect(consumer.name, fresh_token), consumer
            case EndConnection(consumer, action):
                consumer.leaving = True
                return action, consumer
            case UploadFile(consumer, upload):
                return upload, consumer
        return CoroutineState.BLOCKED
