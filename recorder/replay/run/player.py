"""Decides what scripted consumers do next. Pure: time and every payload are handed in.

::

    player = Player(script)
    action = player.next_action(now_s)      # one of ``actions``; Connect for each consumer comes first
    player.connected("consumer", 1, now_s, token=token, init_connection=False)
    player.sent(stamp, now_s)               # after a Send was carried out
    player.received(data, stamp, now_s)     # whenever a payload came
    player.connection_ended(1, ended, now_s)
    player.outcome()                        # after Done

Until an action is reported as carried out, the same one is given again. Connect, CloseConnection, Abort and
Upload may take a while: once they are reported as ``begun``, the player continues with other actions.

Receipts are independent of the steps: whatever a step waits for, a receipt that is due is sent first. After
the last step the player waits for the receipts still planned and the answers still missing, then closes the
connections; after a failed step it closes them at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from recorder.messaging import requests
from recorder.messaging.envelopes import dump
from recorder.messaging.events import Stamp

from ..language.script import Consumer, Script
from .actions import (
    Abort,
    AwaitMessage,
    CloseConnection,
    Connect,
    Done,
    DriverAction,
    Ended,
    PlayerAction,
    Send,
    SendRawFrame,
    Upload,
    WakeAt,
)
from .connect import reconnect_automatically
from .consumer import ConsumerState, RefusedReceipts
from .consumer_view import ConsumerView
from .coroutine import Coroutine, CoroutineState
from .names import Names
from .outcome import ConnectionEnd, ScriptOutcome, StepResult
from .receipt_batches import DueReceipts
from .receipt_plan import MERGED, ReceiptPlans
from .reconnect_policy import PolicyName
from .runner import ScriptRunner
from .step_context import RunState, StepContext, StepFailed, close_expected

_TEXT = 0x1


class _Outgoing(NamedTuple):
    """The action the driver carries out now: of a coroutine, or receipts that are due."""

    action: DriverAction
    consumer: ConsumerState
    coroutine: Coroutine | None
    due: DueReceipts | None


class Player:
    """Plays one script, on one connection per consumer at a time.

    Args:
        seed: what varying delays are drawn with; the same seed and the same payloads give the same delays.
        on_step: called with the result of each step as it ends.
        on_receipts: called with status and lateness (seconds) of each frame of receipts as it leaves.
        reconnect: when consumers connect again by themselves; None: as the script says.
        plan: takes what came of each planned receipt; None: nobody keeps it.
    """

    def __init__(
        self,
        script: Script,
        *,
        seed: int = 0,
        on_step: Callable[[StepResult], None] = lambda result: None,
        on_receipts: Callable[[str, float], None] = lambda status, late_s: None,
        reconnect: PolicyName | None = None,
        plan: ReceiptPlans | None = None,
    ) -> None:
        self._seed, self._plan = seed, plan
        self._on_receipts = on_receipts
        self._run = RunState(script, random.Random(seed))  # noqa: S311 - delays, not secrets
        self._run.notes += script.notes
        self._contexts = {
            name: StepContext(self._run, self._new_consumer(name, script.consumers[name], reconnect))
            for name in script.acting
        }
        for context in self._contexts.values():
            context.view.other_consumers = tuple(
                other.view for other in self._contexts.values() if other is not context
            )
        self._runner = ScriptRunner(self._run, self._contexts, on_step)
        self._main = Coroutine(self._runner.coroutine())
        self._reconnects: dict[str, Coroutine] = {}
        self._consumer_of: dict[int, ConsumerState] = {}
        self._outgoing: _Outgoing | None = None
        self._endings: list[ConnectionEnd] = []

    def _new_consumer(self, name: str, consumer: Consumer, reconnect: PolicyName | None) -> ConsumerState:
        script = self._run.script
        return ConsumerState(
            name,
            consumer,
            script.rule(name),
            rng=self._run.rng,
            policy=reconnect or consumer.reconnect or "never",
            jitter=random.Random(f"{self._seed} {name}"),  # noqa: S311 - waits, not secrets
            spacing_s=script.spacing,
            plans=None if self._plan is None else self._plan.of(name),
        )

    @property
    def view(self) -> ConsumerView:
        """The view of the first consumer; read only."""
        return next(iter(self._contexts.values())).view

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self._main.over

    @property
    def names(self) -> Names:
        """What the script's names refer to; read only."""
        return self._run.names

    # --- what the driver calls ---

    def next_action(self, now_s: float) -> PlayerAction:
        """The next action; the same one until it is reported as carried out."""
        self._run.now_s = now_s
        if self._outgoing is not None:
            return self._outgoing.action
        while not self._main.over:
            receipts = self._due_receipts(now_s)
            action = receipts if receipts is not None else self._advance_coroutines(now_s)
            if action is not CoroutineState.RESUMED:
                return self._waiting() if isinstance(action, CoroutineState) else action
        return Done()

    def begun(self, action: PlayerAction, now_s: float) -> None:
        """A Connect, CloseConnection, Abort or Upload is under way; its result is reported later."""
        outgoing, self._outgoing = self._outgoing, None
        if outgoing is not None and outgoing.coroutine is not None:
            outgoing.coroutine.under_way = True

    def connected(
        self, name: str, connection: int, now_s: float, token: str | None, init_connection: bool
    ) -> None:
        """A Connect was carried out. ``token`` is the JWT of the consumer; its ``sub`` is its id.

        ``init_connection``: whether the token is still to be sent in an InitConnection request.
        """
        self._run.now_s = now_s
        consumer = self._contexts[name].consumer
        self._consumer_of[connection] = consumer
        consumer.connected(connection, token=token, init_connection=init_connection)
        for coroutine in self._waiting_for(consumer, Connect):
            coroutine.resume(None)

    def not_connected(self, name: str, sentence: str, now_s: float) -> None:
        """A Connect failed; ``sentence`` says why, in one sentence."""
        self._run.now_s = now_s
        for coroutine in self._waiting_for(self._contexts[name].consumer, Connect):
            coroutine.fail(StepFailed(sentence))

    def sent(self, stamp: Stamp, now_s: float) -> None:
        """The text of the last ``Send`` was sent in the frame that ``stamp`` names."""
        outgoing, self._outgoing = self._outgoing, None
        self._run.now_s = now_s
        if outgoing is None or not isinstance(outgoing.action, Send):
            return
        text = outgoing.action.text
        if outgoing.due is not None:
            outgoing.consumer.receipts_sent(outgoing.due, text, stamp, now_s)
            self._on_receipts(outgoing.due.status, now_s - outgoing.due.at_s)
            return
        self._note(outgoing.consumer.observe(text.encode(), stamp, now_s, from_client=True))
        self._frame_left(outgoing, stamp.frame, now_s)

    def sent_raw(self, stamp: Stamp | None, now_s: float) -> None:
        """A frame or bytes were sent. ``stamp`` names the frame; None: they completed none.

        Also called, with None, after a ``Send`` whose text became part of an unfinished frame.
        """
        outgoing, self._outgoing = self._outgoing, None
        self._run.now_s = now_s
        if outgoing is None:
            return
        action = outgoing.action
        if isinstance(action, Send):
            self._fail_merged_text(outgoing)
            return
        if isinstance(action, SendRawFrame) and stamp is not None and _is_payload(action):
            self._note(outgoing.consumer.observe(action.payload, stamp, now_s, from_client=True))
        self._frame_left(outgoing, None if stamp is None else stamp.frame, now_s)

    def received(self, data: bytes, stamp: Stamp, now_s: float, *, binary: bool = False) -> None:
        """A payload arrived. Never raises, whatever is in it."""
        self._run.now_s = now_s
        self._run.search_time.reset()
        consumer = self._consumer_of.get(stamp.connection)
        if consumer is not None:
            self._note(consumer.observe(data, stamp, now_s, from_client=False, binary=binary))

    def uploaded(self, now_s: float, *, note: str | None = None) -> None:
        """The Upload was carried out; or skipped, and ``note`` says why."""
        self._run.now_s = now_s
        if note is not None:
            self._run.notes.append(note)
        for coroutine in self._waiting_for(None, Upload):
            coroutine.resume(None)

    def not_uploaded(self, sentence: str, now_s: float) -> None:
        """The Upload failed; ``sentence`` says why, in one sentence."""
        self._run.now_s = now_s
        for coroutine in self._waiting_for(None, Upload):
            coroutine.fail(StepFailed(sentence))

    def connection_ended(self, connection: int, ended: Ended, now_s: float) -> None:
        """A connection is over, whoever ended it. Everything that came before was handed in."""
        consumer = self._consumer_of.get(connection)
        if consumer is None or consumer.connection != connection:
            return
        self._run.now_s = now_s
        self._return_outgoing(consumer)
        consumer.connection_ended(ended, now_s)
        self._endings.append(ConnectionEnd(consumer.name, connection, ended, now_s))
        self._reconnects.pop(consumer.name, None)
        consumer.next_attempt = None
        if self._may_reconnect(consumer):
            consumer.next_attempt = consumer.reconnect_policy.after_end(ended, now_s)
        if consumer.next_attempt is not None:
            self._reconnects[consumer.name] = Coroutine(
                reconnect_automatically(self._contexts[consumer.name]), reconnects=consumer
            )
        for coroutine in self._waiting_for(consumer, CloseConnection, Abort):
            coroutine.resume(ended)

    def outcome(self) -> ScriptOutcome:
        """The outcome so far; steps not begun are "not reached"."""
        receipts = [receipt for context in self._contexts.values() for receipt in context.consumer.receipts]
        first = next(iter(self._contexts))
        ends = [end.ended.description for end in self._endings if end.consumer == first]
        return ScriptOutcome(
            results=self._runner.all_results(),
            receipts=tuple(sorted(receipts, key=lambda receipt: receipt.frame)),
            problems=tuple(self._run.problems),
            notes=tuple(self._run.notes),
            ended=ends[-1] if ends else None,
            endings=tuple(self._endings),
            seed=self._seed,
        )

    # --- coroutines ---

    def _advance_coroutines(self, now_s: float) -> PlayerAction | CoroutineState:
        """The next action of a coroutine; or whether one of them was resumed."""
        for coroutine in self._coroutines():
            result = coroutine.advance(now_s)
            if not isinstance(result, CoroutineState):
                return self._hand_out(*result, coroutine)
            if result is CoroutineState.RESUMED:
                self._drop_finished_reconnects(coroutine)
                return result
        return CoroutineState.BLOCKED

    def _coroutines(self) -> list[Coroutine]:
        return [*self._reconnects.values(), self._main]

    def _drop_finished_reconnects(self, coroutine: Coroutine) -> None:
        """Drop reconnects that are over, or that a step of the script has replaced."""
        consumer = coroutine.reconnects
        if consumer is None:
            self._reconnects = {
                name: one
                for name, one in self._reconnects.items()
                if self._contexts[name].consumer.next_attempt is not None
            }
        elif coroutine.over:
            self._reconnects.pop(consumer.name, None)
            consumer.next_attempt = None
            if coroutine.failed is not None:
                self._run.problems.append(coroutine.failed.sentence)

    def _hand_out(
        self,
        action: DriverAction,
        consumer: ConsumerState,
        coroutine: Coroutine | None,
        due: DueReceipts | None = None,
    ) -> PlayerAction:
        self._outgoing = _Outgoing(action, consumer, coroutine, due)
        return action

    def _frame_left(self, outgoing: _Outgoing, frame: int | None, now_s: float) -> None:
        if outgoing.coroutine is None:
            return
        if outgoing.coroutine is self._main and outgoing.consumer.ready:
            outgoing.consumer.frame_of_step_left(now_s)
        outgoing.coroutine.resume(frame)
        self._drop_finished_reconnects(outgoing.coroutine)

    def _return_outgoing(self, consumer: ConsumerState) -> None:
        """The connection ended before the present action was carried out."""
        if self._outgoing is None or self._outgoing.consumer is not consumer:
            return
        if self._outgoing.due is not None:
            consumer.schedule.return_due(self._outgoing.due)
        self._outgoing = None

    def _may_reconnect(self, consumer: ConsumerState) -> bool:
        if not self._runner.sending_receipts or consumer.leaving:
            return False
        return not close_expected(self._run, self._runner.current, consumer)

    def _waiting_for(self, consumer: ConsumerState | None, *kinds: type) -> list[Coroutine]:
        """The coroutines that wait for the driver to connect, to close or to upload."""
        waiting = [one for one in self._coroutines() if isinstance(one.action, kinds)]
        waiting = [one for one in waiting if consumer is None or one.consumer is consumer]
        if self._outgoing is not None and self._outgoing.coroutine in waiting:
            self._outgoing = None
        return waiting

    def _fail_merged_text(self, outgoing: _Outgoing) -> None:
        """The text became part of a frame that a step left unfinished; the service cannot read it."""
        sentence = "went into the frame that was left unfinished before it; it arrived as no frame of its own"
        if outgoing.coroutine is not None:
            outgoing.coroutine.fail(StepFailed(f"what was sent {sentence}"))
            self._drop_finished_reconnects(outgoing.coroutine)
        elif outgoing.due is not None:
            named = ", ".join(f"#{key.sequence}" for key in outgoing.due.keys)
            self._run.problems.append(f"{outgoing.due.status} for {named} {sentence}")
            if outgoing.consumer.plans is not None:
                outgoing.consumer.plans.not_sent(outgoing.due, MERGED)

    def _waiting(self) -> PlayerAction:
        coroutines = list(self._coroutines())
        moments = [coroutine.wakes_at_s() for coroutine in coroutines]
        moments += [consumer.schedule.next_at_s() for consumer in self._sending()]
        until_s = min((moment for moment in moments if moment is not None), default=None)
        if until_s is not None and all(coroutine.is_sleeping for coroutine in coroutines):
            return WakeAt(until_s)
        return AwaitMessage(until_s)

    # --- receipts ---

    def _sending(self) -> list[ConsumerState]:
        """The consumers that may send receipts now."""
        if not self._runner.sending_receipts:
            return []
        return [context.consumer for context in self._contexts.values() if context.consumer.ready]

    def _due_receipts(self, now_s: float) -> PlayerAction | None:
        dues = [
            (at_s, consumer)
            for consumer in self._sending()
            if (at_s := consumer.schedule.next_at_s()) is not None
        ]
        if not dues:
            return None
        _, consumer = min(dues, key=lambda due: due[0])
        due = consumer.schedule.take_due(now_s)
        if due is None:
            return None
        text = dump(
            requests.publish_receipt(
                consumer.next_id(),
                due.dialog_id,
                due.status,
                [key.sequence for key in due.keys],
                conversation_id=consumer.view.conversation_of(due.dialog_id),
                metadata=due.metadata,
            )
        )
        return self._hand_out(Send(text, due.at_s, consumer.connection or 0), consumer, None, due)

    def _note(self, refused: list[RefusedReceipts]) -> None:
        for one in refused:
            if not one.steps:
                self._run.notes.append(one.sentence)
            for step in one.steps:
                self._runner.fail_step(step, one.sentence)


def _is_payload(frame: SendRawFrame) -> bool:
    return frame.opcode == _TEXT and frame.fin and not frame.rsv
