"""Decides what scripted consumers do next. Pure: time and everything heard are handed in.

::

    player = Player(script)
    action = player.next_action(now_s)      # one of ``actions``; Connect for each consumer comes first
    player.connected("consumer", 1, now_s, token=token, init_connection=False)
    player.sent(stamp, now_s)               # after a Send was carried out
    player.heard(data, stamp, now_s)        # whenever a payload came
    player.connection_ended(1, ended, now_s)
    player.outcome()                        # after Done

Until an action is reported as carried out, the same one is given again. Connect, HangUp, Abort and Upload
may take a while: once they are reported as ``begun``, the player goes on with what else there is.

Receipts run beside the steps: whatever a step waits for, a receipt that is due goes out first. After the
last step the player waits for the receipts still planned and the answers still missing, then hangs up;
after a failed step it hangs up at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from recorder.messaging import requests
from recorder.messaging.envelopes import dump
from recorder.messaging.events import Stamp

from ..language.script import Consumer, Script
from .actions import Action, AwaitMessage, Done, Ended, Send, SendFrame, WakeAt
from .connect import mend
from .consumer import Part, Refused
from .consumer_view import Known
from .coroutine import Doing, Strand, Went
from .names import Names
from .outcome import ConnectionEnd, Outcome, ReceiptSent, StepResult
from .receipt_schedule import Due
from .reconnect_policy import Policy
from .runner import Performance
from .step_context import HandOver, Join, Leave, Scene, Stage, StepFailed, close_expected

_TEXT = 0x1


class _Outgoing(NamedTuple):
    """What was handed to the driver: for a strand, or receipts."""

    action: Doing
    part: Part
    strand: Strand | None
    due: Due | None


class Player:
    """Plays one script, on one connection per consumer at a time.

    Args:
        seed: what varying delays are drawn with; the same seed and the same course give the same delays.
        on_step: called with the result of each step as it ends.
        on_receipts: called with status and lateness (seconds) of each frame of receipts as it leaves.
        reconnect: when to connect again by oneself; None: as the script says.
    """

    def __init__(
        self,
        script: Script,
        *,
        seed: int = 0,
        on_step: Callable[[StepResult], None] = lambda result: None,
        on_receipts: Callable[[str, float], None] = lambda status, late_s: None,
        reconnect: Policy | None = None,
    ) -> None:
        self._seed = seed
        self._on_receipts = on_receipts
        self._stage = Stage(script, random.Random(seed))  # noqa: S311 - delays, not secrets
        self._stage.notes += script.notes
        self._scenes = {
            name: Scene(self._stage, self._part(name, script.consumers[name], reconnect))
            for name in _acting(script)
        }
        for scene in self._scenes.values():
            scene.known.fellows = tuple(other.known for other in self._scenes.values() if other is not scene)
        self._performance = Performance(self._stage, self._scenes, on_step)
        self._main = Strand(self._performance.course())
        self._mending: dict[str, Strand] = {}
        self._part_of: dict[int, Part] = {}
        self._outgoing: _Outgoing | None = None
        self._endings: list[ConnectionEnd] = []

    def _part(self, name: str, consumer: Consumer, reconnect: Policy | None) -> Part:
        script = self._stage.script
        return Part(
            name,
            consumer,
            script.rule(name),
            rng=self._stage.rng,
            policy=reconnect or consumer.reconnect or "never",
            jitter=random.Random(f"{self._seed} {name}"),  # noqa: S311 - waits, not secrets
            spacing_s=script.spacing,
        )

    @property
    def known(self) -> Known:
        """What the first consumer knows; to look at, not to change."""
        return next(iter(self._scenes.values())).known

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self._main.over

    @property
    def names(self) -> Names:
        """What the script's names stand for; to look at, not to change."""
        return self._stage.names

    # --- what the driver calls ---

    def next_action(self, now_s: float) -> Action:
        """What to do now; see above for what comes again when asked again."""
        self._stage.now_s = now_s
        if self._outgoing is not None:
            return self._outgoing.action
        while not self._main.over:
            receipts = self._due_receipts(now_s)
            action = receipts if receipts is not None else self._look_after(now_s)
            if action is not Went.ON:
                return self._waiting() if isinstance(action, Went) else action
        return Done()

    def begun(self, action: Action, now_s: float) -> None:
        """This Connect, HangUp, Abort or Upload is under way; what comes of it will be told later."""
        outgoing, self._outgoing = self._outgoing, None
        if outgoing is not None and outgoing.strand is not None:
            outgoing.strand.under_way = True

    def connected(
        self, consumer: str, connection: int, now_s: float, token: str | None, init_connection: bool
    ) -> None:
        """A Connect was carried out. ``token`` is the JWT it was opened with; it tells who we are.

        ``init_connection``: whether the token is still to be handed over, in an InitConnection request.
        """
        self._stage.now_s = now_s
        part = self._scenes[consumer].part
        self._part_of[connection] = part
        part.connected(connection, token=token, init_connection=init_connection)
        for strand in self._wanting(part, Join):
            strand.resume(None)

    def not_connected(self, consumer: str, says: str, now_s: float) -> None:
        """A Connect failed; ``says`` why, in one sentence."""
        self._stage.now_s = now_s
        for strand in self._wanting(self._scenes[consumer].part, Join):
            strand.fail(StepFailed(says))

    def sent(self, stamp: Stamp, now_s: float) -> None:
        """The text of the last ``Send`` went out in the frame that ``stamp`` names."""
        outgoing, self._outgoing = self._outgoing, None
        self._stage.now_s = now_s
        if outgoing is None or not isinstance(outgoing.action, Send):
            return
        text = outgoing.action.text
        if outgoing.due is not None:
            outgoing.part.receipts_left(outgoing.due, text, stamp, now_s)
            self._on_receipts(outgoing.due.status, now_s - outgoing.due.at_s)
            return
        self._note(outgoing.part.take_in(text.encode(), stamp, now_s, from_client=True))
        self._frame_left(outgoing, stamp.frame, now_s)

    def sent_raw(self, stamp: Stamp | None, now_s: float) -> None:
        """The frame or the bytes went out. ``stamp`` names the frame; None where they made none.

        Also, with None, after a ``Send`` whose text fell into a frame that was left unfinished.
        """
        outgoing, self._outgoing = self._outgoing, None
        self._stage.now_s = now_s
        if outgoing is None:
            return
        action = outgoing.action
        if isinstance(action, Send):
            self._swallowed(outgoing)
            return
        if isinstance(action, SendFrame) and stamp is not None and _is_payload(action):
            self._note(outgoing.part.take_in(action.payload, stamp, now_s, from_client=True))
        self._frame_left(outgoing, None if stamp is None else stamp.frame, now_s)

    def heard(self, data: bytes, stamp: Stamp, now_s: float, *, binary: bool = False) -> None:
        """A payload came. Never raises, whatever is in it."""
        self._stage.now_s = now_s
        part = self._part_of.get(stamp.connection)
        if part is not None:
            self._note(part.take_in(data, stamp, now_s, from_client=False, binary=binary))

    def uploaded(self, now_s: float, *, note: str | None = None) -> None:
        """The Upload was carried out; or was not, and ``note`` says why that does no harm."""
        self._stage.now_s = now_s
        if note is not None:
            self._stage.notes.append(note)
        for strand in self._wanting(None, HandOver):
            strand.resume(None)

    def not_uploaded(self, says: str, now_s: float) -> None:
        """The Upload failed; ``says`` why, in one sentence."""
        self._stage.now_s = now_s
        for strand in self._wanting(None, HandOver):
            strand.fail(StepFailed(says))

    def connection_ended(self, connection: int, ended: Ended, now_s: float) -> None:
        """A connection is over, whoever ended it. Everything that came before was handed in."""
        part = self._part_of.get(connection)
        if part is None or part.connection != connection:
            return
        self._stage.now_s = now_s
        self._take_back(part)
        part.connection_ended(ended, now_s)
        self._endings.append(ConnectionEnd(part.name, connection, ended, now_s))
        self._mending.pop(part.name, None)
        part.mending = None
        if self._is_to_be_mended(part):
            part.mending = part.reconnecting.after_end(ended, now_s)
        if part.mending is not None:
            self._mending[part.name] = Strand(mend(self._scenes[part.name]), mends=part)
        for strand in self._wanting(part, Leave):
            strand.resume(ended)

    def outcome(self) -> Outcome:
        """What came of it so far; steps not begun are "not reached"."""
        receipts = [receipt for scene in self._scenes.values() for receipt in scene.part.receipts]
        first = next(iter(self._scenes))
        return Outcome(
            results=self._performance.all_results(),
            receipts=tuple(sorted(receipts, key=_frame)),
            troubles=tuple(self._stage.troubles),
            notes=tuple(self._stage.notes),
            ended=next(
                (end.ended.says or end.ended.how for end in reversed(self._endings) if end.consumer == first),
                None,
            ),
            endings=tuple(self._endings),
            seed=self._seed,
        )

    # --- going on ---

    def _look_after(self, now_s: float) -> Action | Went:
        """Something to do for the strands; or whether one of them went on."""
        for strand in self._strands():
            result = strand.look_after(now_s)
            if not isinstance(result, Went):
                return self._hand_out(*result, strand)
            if result is Went.ON:
                self._clear_away(strand)
                return result
        return Went.NOWHERE

    def _strands(self) -> list[Strand]:
        return [*self._mending.values(), self._main]

    def _clear_away(self, strand: Strand) -> None:
        """A connection is mended, or never will be; or the script itself took it in hand."""
        part = strand.mends
        if part is None:
            self._mending = {
                name: one
                for name, one in self._mending.items()
                if self._scenes[name].part.mending is not None
            }
        elif strand.over:
            self._mending.pop(part.name, None)
            part.mending = None
            if strand.failed is not None:
                self._stage.troubles.append(strand.failed.says)

    def _hand_out(self, action: Doing, part: Part, strand: Strand | None, due: Due | None = None) -> Action:
        self._outgoing = _Outgoing(action, part, strand, due)
        return action

    def _frame_left(self, outgoing: _Outgoing, frame: int | None, now_s: float) -> None:
        if outgoing.strand is None:
            return
        if outgoing.strand is self._main and outgoing.part.settled:
            outgoing.part.frame_of_step_left(now_s)
        outgoing.strand.resume(frame)
        self._clear_away(outgoing.strand)

    def _take_back(self, part: Part) -> None:
        """What was handed out for this connection did not leave."""
        if self._outgoing is None or self._outgoing.part is not part:
            return
        if self._outgoing.due is not None:
            part.plan.put_back(self._outgoing.due)
        self._outgoing = None

    def _is_to_be_mended(self, part: Part) -> bool:
        if not self._performance.playing or part.leaving:
            return False
        return not close_expected(self._stage, self._performance.current, part)

    def _wanting(self, part: Part | None, kind: type) -> list[Strand]:
        """The strands that wait for the driver to connect, to hang up or to upload."""
        waiting = [one for one in self._strands() if isinstance(one.want, kind)]
        waiting = [one for one in waiting if part is None or one.part is part]
        if self._outgoing is not None and self._outgoing.strand in waiting:
            self._outgoing = None
        return waiting

    def _swallowed(self, outgoing: _Outgoing) -> None:
        """The text went into a frame that a step left unfinished: nobody will read it as one."""
        says = "went into the frame that was left unfinished before it; it arrived as no frame of its own"
        if outgoing.strand is not None:
            outgoing.strand.fail(StepFailed(f"what was sent {says}"))
            self._clear_away(outgoing.strand)
        elif outgoing.due is not None:
            named = ", ".join(f"#{key.sequence}" for key in outgoing.due.keys)
            self._stage.troubles.append(f"{outgoing.due.status} for {named} {says}")

    def _waiting(self) -> Action:
        strands = list(self._strands())
        moments = [strand.wakes_at_s() for strand in strands]
        moments += [part.plan.next_at_s() for part in self._sending()]
        until_s = min((moment for moment in moments if moment is not None), default=None)
        if until_s is not None and all(strand.rests for strand in strands):
            return WakeAt(until_s)
        return AwaitMessage(until_s)

    # --- receipts ---

    def _sending(self) -> list[Part]:
        """Who may send receipts now."""
        if not self._performance.playing:
            return []
        return [scene.part for scene in self._scenes.values() if scene.part.settled]

    def _due_receipts(self, now_s: float) -> Action | None:
        dues = [(at_s, part) for part in self._sending() if (at_s := part.plan.next_at_s()) is not None]
        if not dues:
            return None
        _, part = min(dues, key=lambda due: due[0])
        due = part.plan.take_due(now_s)
        if due is None:
            return None
        text = dump(
            requests.publish_receipt(
                part.next_id(),
                due.dialog_id,
                due.status,
                [key.sequence for key in due.keys],
                conversation_id=part.known.conversation_of(due.dialog_id),
                metadata=due.metadata,
            )
        )
        return self._hand_out(Send(text, due.at_s, part.connection or 0), part, None, due)

    def _note(self, refused: list[Refused]) -> None:
        for one in refused:
            if not one.steps:
                self._stage.notes.append(one.says)
            for step in one.steps:
                self._performance.fail_step(step, one.says)


def _acting(script: Script) -> list[str]:
    """The consumers that do something, in the script's order."""
    acting = {step.consumer for step in script.steps}
    return [name for name in script.consumers if name in acting] or [*acting]


def _is_payload(frame: SendFrame) -> bool:
    return frame.opcode == _TEXT and frame.fin and not frame.rsv


def _frame(receipt: ReceiptSent) -> int:
    return receipt.frame
