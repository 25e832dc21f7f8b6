"""Runs step coroutines side by side: the script's own, and one for each automatic reconnect."""

from __future__ import annotations

from enum import Enum
from typing import Any

from . import describe
from .actions import Abort, CloseConnection, DriverAction, Send, SendBytes, SendRawFrame
from .consumer import ConsumerState
from .step_context import Command, ConsumerAction, SleepUntil, StepCoroutine, StepFailed, WaitFor

SentAction = Send | SendRawFrame | SendBytes


class CoroutineState(Enum):
    """The result of advancing a coroutine that gave no action."""

    RESUMED = "its command is done; it may have another one"
    BLOCKED = "its command is not done yet"


class Coroutine:
    """A step coroutine and the command it yielded last.

    Attributes:
        reconnects: the consumer it reconnects; None: it is the script itself.
        command: None before it began, and once it is over.
        under_way: whether the driver carries out the command, and will report the result.
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
        """Continue it with the result of its command."""
        self.under_way = False
        try:
            self.command = self._coroutine.send(value)
        except StopIteration:
            self._end(None)
        except StepFailed as failed:
            self._end(failed)

    def fail(self, failed: StepFailed) -> None:
        """Continue it with the failure of its command."""
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
        """An action for the driver and the consumer it is for; or whether the coroutine was resumed."""
        match self.command:
            case None:
                self.resume(None)
            case WaitFor():
                return self._try_wait(self.command, now_s)
            case SleepUntil(until_s):
                if now_s < until_s:
                    return CoroutineState.BLOCKED
                self.resume(None)
            case ConsumerAction(consumer, Send() | SendRawFrame() | SendBytes() as action):
                return self._try_send(consumer, action, now_s)
            case ConsumerAction(consumer, CloseConnection() | Abort()) if consumer.connection is None:
                self.resume(consumer.ended)
            case ConsumerAction(consumer, action):
                return self._begin(consumer, action)
        return CoroutineState.RESUMED

    def wakes_at_s(self) -> float | None:
        """When it continues even without a payload; None: never."""
        match self.command:
            case WaitFor(_, deadline_s):
                return deadline_s
            case SleepUntil(until_s):
                return until_s
            case ConsumerAction(consumer) if self._is_paced(consumer):
                return consumer.free_at_s
            case _:
                return None

    @property
    def consumer(self) -> ConsumerState | None:
        """The consumer its command is for; None: no one in particular."""
        return getattr(self.command, "consumer", None)

    @property
    def action(self) -> DriverAction | None:
        """The action its command is; None: it waits."""
        return getattr(self.command, "action", None)

    @property
    def is_sleeping(self) -> bool:
        """Whether only time makes it continue."""
        match self.command:
            case SleepUntil():
                return True
            case ConsumerAction(consumer):
                return self._is_paced(consumer)
            case _:
                return False

    def _is_paced(self, consumer: ConsumerState) -> bool:
        """Whether it is to send a frame of a step, which may have to wait for the spacing."""
        return isinstance(self.action, SentAction) and self.reconnects is None and consumer.ready

    def _try_send(
        self, consumer: ConsumerState, action: SentAction, now_s: float
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
        return action._replace(connection=consumer.connection), consumer

    def _try_wait(self, command: WaitFor, now_s: float) -> CoroutineState:
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

    def _begin(
        self, consumer: ConsumerState, action: DriverAction
    ) -> tuple[DriverAction, ConsumerState] | CoroutineState:
        """The action for a command that takes the driver some time."""
        if self.under_way:
            return CoroutineState.BLOCKED
        if isinstance(action, CloseConnection | Abort) and consumer.connection is not None:
            consumer.leaving = True
            action = action._replace(connection=consumer.connection)
        return action, consumer
