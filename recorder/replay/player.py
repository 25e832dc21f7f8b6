"""Decides what a scripted consumer does next. Pure: time and everything heard are handed in.

::

    player = Player(script, token=token)
    action = player.next_action(now_s)      # Send, WakeAt, AwaitMessage, HangUp or Done
    player.sent(stamp, now_s)               # after a Send was carried out
    player.heard(data, stamp, now_s)        # whenever a payload came
    player.connection_ended("…", now_s)     # once, whoever ended it
    player.outcome()                        # after Done

Receipts run beside the steps: whatever a step waits for, a receipt that is due goes out first. After the
last step the player waits for the receipts still planned and the answers still missing, then hangs up;
after a failed step it hangs up at once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from recorder.messaging import requests
from recorder.messaging.envelopes import dump, parse
from recorder.messaging.events import Event, ReceiptRefused, ReceiptReported, Stamp
from recorder.messaging.interpreter import Interpreter

from . import seen, verbs
from .actions import Action, AwaitMessage, Done, HangUp, Send, WakeAt
from .known import Known
from .outcome import FAILED, NOT_REACHED, OK, Outcome, ReceiptSent, StepResult
from .receipts_plan import MessageKey, Planned, ReceiptsPlan
from .scene import Rest, Scene, StepFailed, Tell, Until, Want, ask
from .script import Script, Step
from .steps import perform

ANSWERS_AWAITED_S = 10.0
"""How long answers that no step waited for are waited for at the end."""


class _Goodbye(NamedTuple):
    """The wish to hang up."""


class Player:
    """Plays one script on one connection.

    Args:
        token: the JWT we connect with; tells who we are. None if there is none.
        init_connection: whether to hand it over in an InitConnection request instead of a header.
        on_step: called with the result of each step as it ends.
    """

    def __init__(
        self,
        script: Script,
        *,
        token: str | None = None,
        init_connection: bool = False,
        on_step: Callable[[StepResult], None] = lambda result: None,
    ) -> None:
        self._script = script
        self._token = token
        self._init_connection = init_connection
        self._on_step = on_step
        self._interpreter = Interpreter()
        self._connections: list[int] = []
        self._known = Known()
        self._plan = ReceiptsPlan(script.receipts.delays_s())
        self._scene = Scene(script, self._known, self._plan)
        self._results: list[StepResult] = []
        self._receipts: list[ReceiptSent] = []
        self._troubles: list[str] = []
        self._notes: list[str] = list(script.notes)
        self._asked_by: dict[int, int | None] = {}
        self._outgoing: tuple[Send, Planned | None] | None = None
        self._course = self._whole()
        self._want: Want | _Goodbye | None = None
        self._ended: str | None = None
        self._playing = True
        self._done = False

    @property
    def known(self) -> Known:
        """The live transcript and the names in it; to look at, not to change."""
        return self._known

    # --- what the driver calls ---

    def next_action(self, now_s: float) -> Action:
        """What to do now. Asking again before doing it gives the same answer."""
        self._scene.now_s = now_s
        if self._outgoing is not None and self._ended is None:
            return self._outgoing[0]
        return self._go_on(now_s)

    def sent(self, stamp: Stamp, now_s: float) -> None:
        """The text of the last ``Send`` went out in the frame that ``stamp`` names."""
        if self._outgoing is None:
            return
        (action, receipt), self._outgoing = self._outgoing, None
        self._scene.now_s = now_s
        if receipt is None:
            self._take_in(action.text.encode(), stamp, now_s, from_client=True)
            self._resume(stamp.frame)
        else:
            self._asked_by[stamp.frame] = receipt.step
            dialog_id, sequence = receipt.key
            self._receipts.append(
                ReceiptSent(
                    dialog_id, sequence, receipt.status, receipt.step, receipt.at_s, now_s, stamp.frame
                )
            )
            self._take_in(action.text.encode(), stamp, now_s, from_client=True)

    def heard(self, data: bytes, stamp: Stamp, now_s: float, *, binary: bool = False) -> None:
        """A payload came. Never raises, whatever is in it."""
        self._scene.now_s = now_s
        self._take_in(data, stamp, now_s, from_client=False, binary=binary)

    def connection_ended(self, how: str, now_s: float) -> None:
        """The connection is over; ``how`` says it in a few words ("closed by the service, 4401")."""
        if self._ended is not None:
            return
        self._ended, self._scene.now_s = how, now_s
        if self._outgoing is not None and (unsent := self._outgoing[1]) is not None:
            self._troubles.append(
                f"{unsent.status} for #{unsent.key.sequence} could not go out: the connection is over: {how}"
            )
        self._outgoing = None
        for connection in self._connections:
            self._learn(self._interpreter.connection_ended(connection), now_s)

    def outcome(self) -> Outcome:
        """What came of it so far; steps not begun are "not reached"."""
        begun = {result.number for result in self._results}
        missing = [
            StepResult(step.number, step.verb, step.line, NOT_REACHED, "")
            for step in self._script.steps
            if step.number not in begun
        ]
        return Outcome(
            results=(*self._results, *missing),
            receipts=tuple(self._receipts),
            troubles=tuple(self._troubles),
            notes=tuple(self._notes),
            ended=self._ended,
        )

    # --- taking in ---

    def _take_in(
        self, data: bytes, stamp: Stamp, now_s: float, *, from_client: bool, binary: bool = False
    ) -> None:
        if stamp.connection not in self._connections:
            self._connections.append(stamp.connection)
            token = None if self._init_connection else self._token
            self._learn(
                self._interpreter.connection_opened(stamp.connection, token=token, stamp=stamp), now_s
            )
        envelope = parse(data, from_client=from_client, binary=binary)
        self._learn(self._interpreter.feed(envelope, stamp), now_s)

    def _learn(self, events: list[Event], now_s: float) -> None:
        new = self._known.learn(events, now_s)
        # First what was given already: a history brings messages and our old receipts for them together.
        for event in events:
            if isinstance(event, ReceiptReported):
                self._note_receipt(event)
            elif isinstance(event, ReceiptRefused):
                self._note_refusal(event)
        for heard in new:
            if not self._known.is_ours(heard.key):
                self._plan.arrived(heard.key, heard.at_s)

    def _note_receipt(self, event: ReceiptReported) -> None:
        if event.mine or self._known.is_us(event.participant, event.role):
            for sequence in event.sequences:
                self._plan.given(MessageKey(event.dialog_id, sequence), event.status)

    def _note_refusal(self, event: ReceiptRefused) -> None:
        named = ", ".join(f"#{sequence}" for sequence in event.sequences)
        says = (
            f"{event.status} for {named} (frame {event.ask}) was answered with {event.code}"
            f" (frame {event.evidence.frame})"
        )
        step = self._asked_by.get(event.ask)
        if step is None:
            self._notes.append(says)
            return
        self._results = [
            result._replace(outcome=FAILED, says=says) if result.number == step else result
            for result in self._results
        ]

    # --- going on ---

    def _send(self, text: str, receipt: Planned | None) -> Send:
        action = Send(text, receipt.at_s if receipt is not None else None)
        self._outgoing = (action, receipt)
        return action

    def _receipt(self, due: Planned) -> str:
        dialog_id, sequence = due.key
        return dump(
            requests.publish_receipt(
                self._scene.next_id(),
                dialog_id,
                due.status,
                [sequence],
                conversation_id=self._known.conversation_of(dialog_id),
            )
        )

    def _go_on(self, now_s: float) -> Action:
        """Let the course run until it wants something that takes time, or is over."""
        if self._want is None and not self._done:
            self._resume(None)
        while not self._done:
            if (due := self._due(now_s)) is not None:
                return self._send(self._receipt(due), due)
            match self._want:
                case Tell(text) if self._ended is None:
                    return self._send(text, None)
                case Until(found, deadline_s):
                    if (action := self._wait_until(found, deadline_s, now_s)) is not None:
                        return action
                case Rest(until_s) if now_s < until_s:
                    return WakeAt(self._earlier(until_s) or until_s)
                case Rest():
                    self._resume(None)
                case _Goodbye() if self._ended is None:
                    return HangUp()
                case _Goodbye():
                    self._resume(None)
                case _:
                    self._fail(StepFailed(f"the connection is over: {self._ended}"))
        return Done()

    def _due(self, now_s: float) -> Planned | None:
        return self._plan.take_due(now_s) if self._playing and self._ended is None else None

    def _wait_until(self, found: Any, deadline_s: float | None, now_s: float) -> Action | None:
        """The action to wait with; None if there is nothing to wait for any more."""
        try:
            value = found()
        except StepFailed as failed:
            self._fail(failed)
            return None
        if value is not None or (deadline_s is not None and now_s >= deadline_s):
            self._resume(value)
            return None
        if self._ended is not None:
            shown = seen.lines(self._known.transcript)
            self._fail(StepFailed(f"the connection is over: {self._ended}", shown))
            return None
        return AwaitMessage(self._earlier(deadline_s))

    def _earlier(self, at_s: float | None) -> float | None:
        receipt_s = self._plan.next_at_s() if self._playing and self._ended is None else None
        return min((moment for moment in (at_s, receipt_s) if moment is not None), default=None)

    def _resume(self, value: object) -> None:
        try:
            self._want = self._course.send(value)
        except StopIteration:
            self._done = True

    def _fail(self, failed: StepFailed) -> None:
        try:
            self._want = self._course.throw(failed)
        except StopIteration:
            self._done = True

    # --- the course of the whole script ---

    def _whole(self) -> Generator[Want | _Goodbye, Any, None]:
        if (yield from self._all_steps()):
            yield from self._last_things()
        self._playing = False
        yield _Goodbye()

    def _all_steps(self) -> Generator[Want, Any, bool]:
        if self._init_connection:
            introduction = Step(0, "init_connection", 1, verbs.Verb())
            if not (yield from self._one(introduction)):
                return False
        for step in self._script.steps:
            if not (yield from self._one(step)):
                return False
        return True

    def _one(self, step: Step) -> Generator[Want, Any, bool]:
        began_s = self._scene.now_s
        outcome, says = OK, ""
        shown: tuple[str, ...] = ()
        try:
            says = yield from self._introduce() if step.number == 0 else perform(self._scene, step)
        except StepFailed as failed:
            outcome, says, shown = FAILED, failed.says, failed.shown
        result = StepResult(
            step.number, step.verb, step.line, outcome, says, began_s, self._scene.now_s, shown
        )
        self._results.append(result)
        self._on_step(result)
        return outcome == OK

    def _introduce(self) -> Generator[Want, Any, str]:
        wish = requests.init_connection(self._scene.next_id(), self._token or "")
        yield from ask(self._scene, wish, ANSWERS_AWAITED_S)
        return "let in"

    def _last_things(self) -> Generator[Want, Any, None]:
        self._plan.close()
        try:
            yield Until(lambda: True if self._plan.next_at_s() is None else None, None)
            deadline_s = self._scene.now_s + ANSWERS_AWAITED_S
            yield Until(lambda: True if not self._known.unanswered or self._ended else None, deadline_s)
        except StepFailed as failed:
            self._troubles.append(f"receipts are left that could not go out: {failed.says}")
        if self._known.unanswered:
            frames = ", ".join(str(frame) for frame in sorted(self._known.unanswered))
            self._notes.append(f"no answer came to frame {frames}")
