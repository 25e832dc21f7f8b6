"""What one recorded consumer did, as steps: waiting for what it waited for, and timed from that."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

from recorder.messaging import typenames

from ..language.verb_model import is_status
from ..language.verbs_publish import CHAT_STATES
from .awaits import arrivals_by_place
from .pacing import NOTICED_S, as_duration
from .quoting import Wording, pattern_of
from .receipts import SAME_TIME_S, Given, at_once, final_receipts, receipts_by_place
from .step_lines import Sheet
from .timeline_events import (
    WHOLE,
    Answered,
    Arrived,
    Asked,
    Beside,
    Connected,
    Left,
    Moment,
    Receipted,
    Uttered,
)

RUNGS = {"ACCEPT": "accepted", "READ": "read"}
TTRS = ("NORMAL", "URGENT", "PRIORITIZED")


class Steps:
    """Writes one consumer's side, moment by moment.

    Args:
        moments: all of this consumer's.
        name: who does it; None where there is only one.
        comes: whether a message comes again when the script is played against the simulator.

    Attributes:
        opened: the conversations that its steps open, in that order.
    """

    def __init__(
        self,
        moments: Sequence[Moment],
        wording: Wording,
        sheet: Sheet,
        *,
        name: str | None = None,
        comes: Callable[[Arrived], bool] = lambda arrived: True,
    ) -> None:
        self._moments = moments
        self._wording = wording
        self._sheet = sheet
        self._name = name
        self._comes = comes
        self.opened: list[str] = []
        self._awaited_s: float | None = None
        self._waited_for: set[int] = set()
        self._last_receipt_s: float | None = None
        self._given_s: float | None = None
        self._together = 0
        self._answered_beside = False
        self._listened = False
        self._away = False
        self._listening: dict[str, int] = {}
        timeline = sheet.timeline
        keeps_time = timeline.pace.keeps_time
        self._arrivals_at = arrivals_by_place(moments, wording, keeps_time=keeps_time)
        self._receipts_at = receipts_by_place(moments, wording, in_place=not keeps_time)
        self._expected = final_receipts(moments, wording)

    def take(self, place: int, *, going_on: bool) -> None:
        """Write the moment at this index. ``going_on``: whether anybody does anything afterwards."""
        moment = self._moments[place]
        match moment:
            case Asked():
                self._asked(moment)
            case Uttered():
                self._uttered(moment)
            case Answered():
                self._answered(moment)
            case Receipted():
                self._receipted(place, moment)
            case Connected():
                self._connected(place, moment)
            case Beside():
                self._beside(moment)
            case Left():
                self._left(moment, going_on=going_on)
            case _:
                pass
        for arrived in self._arrivals_at.get(place, ()):
            self._arrived(arrived)
        for given in self._receipts_at.get(place, ()):
            self._receipt(given)

    # --- what is written ---

    def _step(self, verb: str, says: dict[str, Any]) -> None:
        who = {} if self._name is None else {"consumer": self._name}
        self._sheet.step(verb, {**says, **who})

    def _act(self, at_s: float | None, verb: str, says: dict[str, Any] | None = None) -> None:
        """Something the consumer did of itself, when it did it."""
        self._step(verb, self._sheet.timed(at_s, verb, says or {}, since_s=self._awaited_s))
        self._sheet.reach(at_s)

    # --- what the consumer did ---

    def _asked(self, asked: Asked) -> None:
        if asked.frame in self._wording.refused and asked.request.type != typenames.INIT_CONNECTION:
            self._raw(asked)  # a step would fail as it did; what is only sent may be refused again
            return
        if asked.receipt is not None and asked.receipt.sequences:
            self._join(asked.at_s, asked.dialog_id)
            self._last_receipt_s = asked.at_s  # written where the message it is for arrived
            return
        self._join(asked.at_s, asked.dialog_id)
        if asked.text is not None:
            self._say(asked, asked.text)
        elif asked.chat_state is not None and asked.chat_state.state in CHAT_STATES:
            where = self._wording.in_dialog(asked.chat_state.dialog_id)
            self._act(asked.at_s, "type", {"state": asked.chat_state.state, **where})
        else:
            _WRITERS.get(asked.request.type, Steps._raw)(self, asked)

    def _act_and_wait(self, asked: Asked, verb: str, says: dict[str, Any] | None = None) -> None:
        """The same, of a request whose answer its step waits for."""
        self._waited_for.add(asked.frame)
        self._act(asked.at_s, verb, says)

    def _say(self, asked: Asked, said: str) -> None:
        says: dict[str, Any] = {"text": self._wording.text(said), **self._wording.in_dialog(asked.dialog_id)}
        key = self._wording.key_of.get(asked.frame)
        if key is not None and key in self._wording.wanted:
            says["as"] = self._wording.name(key)
        self._act_and_wait(asked, "say", says)

    def _introduced(self, asked: Asked) -> None:
        """What its connection begins with by itself."""

    def _subscribed_to_conversations(self, asked: Asked) -> None:
        if self._listened or self._wording.opens_later(asked.frame):
            return
        self._listened = True
        self._act_and_wait(asked, "subscribe", {"dialog": "conversations"})

    def _subscribed_to_messages(self, asked: Asked) -> None:
        body = asked.request.body if isinstance(asked.request.body, dict) else {}
        dialog_id = str(body.get("dialogId") or body.get("conversationId") or "")
        first = body.get("fromSeq")
        conversation_id = self._wording.conversation_of(dialog_id)
        if conversation_id not in self.opened:
            self._listened_to_another(asked, dialog_id)
            return
        again = self._listening.setdefault(dialog_id, asked.connection) != asked.connection
        if again or (dialog_id == conversation_id and not first):
            return  # what open_conversation and reconnect do by themselves
        where = self._wording.in_dialog(dialog_id)
        start = {"from_sequence": first} if isinstance(first, int) and first > 0 else {}
        self._act_and_wait(asked, "subscribe", {**where, **start})

    def _listened_to_another(self, asked: Asked, dialog_id: str) -> None:
        """A conversation that was there already: opened anew, if anything comes of it."""
        if self._wording.conversation_of(dialog_id) in self._wording.begun or not (
            self.opened or self._wording.opens_later(asked.frame)
        ):
            self._join(asked.at_s, dialog_id)
        else:
            self._raw(asked)

    def _join(self, at_s: float | None, dialog_id: str | None) -> None:
        """What the recording did not open itself must be opened all the same."""
        conversation_id = None if dialog_id is None else self._wording.conversation_of(dialog_id)
        if conversation_id is None or conversation_id in self.opened:
            return
        self._sheet.note(
            f"the recording joined conversation {conversation_id}, which was there already;"
            f" against the real service write subscribe: {{dialog: {conversation_id}}} instead"
        )
        self._act(at_s, "open_conversation", self._opens(conversation_id))

    def _opens(self, conversation_id: str) -> dict[str, str]:
        self.opened.append(conversation_id)
        self._wording.turn_to(conversation_id)
        alias = self._wording.alias(conversation_id)
        return {} if alias is None else {"as": alias}

    def _opening(self, asked: Asked) -> None:
        body = asked.request.body if isinstance(asked.request.body, dict) else {}
        wishes = {"skill": body.get("skillId"), "ttr": body.get("ttrDefName")}
        says: dict[str, Any] = {
            key: self._wording.text(wish) for key, wish in wishes.items() if isinstance(wish, str) and wish
        }
        if says.get("ttr") not in TTRS:
            says.pop("ttr", None)
        conversation_id = self._wording.opened_by.get(asked.frame)
        if conversation_id is not None:
            says |= self._opens(conversation_id)
        self._listened = True
        self._act_and_wait(asked, "open_conversation", says)

    def _clock(self, asked: Asked) -> None:
        self._act_and_wait(asked, "keep_alive")

    def _updating(self, asked: Asked) -> None:
        body = asked.request.body if isinstance(asked.request.body, dict) else {}
        conversation_id = body.get("conversationId")
        if len(asked.changes) != 1 or not asked.closings or not self._wording.is_current(conversation_id):
            self._raw(asked)
            return
        self._sheet.reach(self._last_receipt_s)  # closing waits for receipts by itself
        (closed,) = asked.closings
        if closed == WHOLE:
            self._act_and_wait(asked, "close_conversation")
        else:
            self._act_and_wait(asked, "close_dialog", self._wording.in_dialog(closed))

    def _raw(self, asked: Asked) -> None:
        if asked.request.type == typenames.UPLOAD_URL:
            self._sheet.note("a file is announced below as it was; the file itself is in no frame")
        envelope = self._wording.envelope(asked.request.raw)
        if asked.request.id is not None:
            envelope["id"] = (
                f"recorded-{self._wording.plain(asked.request.id)}"  # beside the numbers the player gives
            )
        self._act(asked.at_s, "send", {"envelope": envelope})

    def _uttered(self, uttered: Uttered) -> None:
        if uttered.binary:
            data = base64.b64encode(uttered.data).decode()
            self._act(uttered.at_s, "send_frame", {"opcode": "binary", "data": data})
            return
        text = uttered.data.decode("utf-8", "backslashreplace")
        self._act(uttered.at_s, "send", {"envelope": self._wording.text(text)})

    # --- what the consumer heard ---

    def _answered(self, answered: Answered) -> None:
        if answered.ask in self._waited_for:
            self._sheet.reach(answered.at_s)
        else:
            self._answered_beside = True
        if answered.ask in self._wording.refused:
            self._sheet.note(
                f"frame {answered.ask} was answered with {answered.code} (frame {answered.frame})"
            )

    def _arrived(self, arrived: Arrived) -> None:
        self._join(arrived.at_s, arrived.key.dialog_id)
        message = arrived.message
        if not self._comes(arrived):
            self._sheet.note(
                f"frame {arrived.frame} brought {message.type} by {message.role or 'nobody known'}, which"
                " does not come again here"
            )
            return
        wanted: dict[str, Any] = {}
        if message.role in ("ASSIGNED_AGENT", "AGENT", "MANAGER"):
            wanted["from"] = "agent"
        if message.text is not None and not self._wording.holds_secret(message.text):
            wanted["matching"] = self._wording.plain(pattern_of(message.text))
        elif message.text is None:
            wanted["type"] = message.type
        wanted.update(self._wording.in_dialog(arrived.key.dialog_id))
        says: dict[str, Any] = {"message": wanted, **self._sheet.within(arrived.at_s)}
        if arrived.key in self._wording.wanted:
            says["as"] = self._wording.name(arrived.key)
        self._step("await", says)
        self._sheet.reach(arrived.at_s)
        self._awaited_s = arrived.at_s

    def _receipted(self, place: int, receipted: Receipted) -> None:
        if place not in self._expected or not is_status(receipted.status):
            return
        rung = RUNGS.get(receipted.status)
        what: dict[str, Any] = {"receipt": {"status": receipted.status}} if rung is None else {"status": rung}
        says = {"message": self._wording.own(receipted.key), **what, **self._sheet.within(receipted.at_s)}
        self._step("expect", says)
        self._sheet.reach(receipted.at_s)

    def _receipt(self, given: Given) -> None:
        if not is_status(given.status):
            self._sheet.note(f"a receipt of status {given.status} is left out: no step gives such a one")
            return
        numbered = any(isinstance(one, int) for one in given.messages)
        if numbered and not self._wording.is_current(given.dialog_id):
            self._sheet.note(f"a {given.status} for {given.messages} in {given.dialog_id} is left out")
            return
        names = [one if isinstance(one, int) else self._wording.name(one) for one in given.messages]
        says: dict[str, Any] = {"message": names[0] if len(names) == 1 else names}
        since_s = self._sheet.reached_s if given.arrived_s is None else given.arrived_s
        delay_s = self._sheet.timeline.between_s(since_s, given.at_s)
        self._together = self._together + 1 if at_once(self._given_s, given.at_s) else 0
        self._given_s = given.at_s
        if delay_s >= NOTICED_S:  # times that are added up anew are never quite the same
            says["after"] = as_duration(delay_s + self._together * SAME_TIME_S)
        if given.metadata is not None:
            says["metadata"] = self._wording.envelope(given.metadata)
        if given.status in RUNGS and not given.again and given.metadata is None:
            self._step(given.status.lower(), says)
        else:
            self._step("receipt", {"status": given.status, **says})

    # --- connections ---

    def _connected(self, place: int, connected: Connected) -> None:
        if not self._away:
            return
        self._away = False
        pause_s = self._sheet.timeline.between_s(self._sheet.reached_s, connected.at_s)
        says: dict[str, Any] = {"from_sequence": _resumed_from(self._moments, place)}
        if pause_s >= NOTICED_S:
            says["after"] = as_duration(pause_s)
        self._step("reconnect", says)
        self._sheet.reach(connected.at_s)

    def _beside(self, beside: Beside) -> None:
        self._sheet.note(
            f"connection {beside.connection} is a second one of the same consumer;"
            " what was done there is done on the first one here"
        )

    def _left(self, left: Left, *, going_on: bool) -> None:
        if not going_on:
            return
        self._away = True
        if self._answered_beside and not self._sheet.timeline.pace.keeps_time:
            self._step("keep_alive", {})  # its answer comes behind those that nobody waits for
            self._answered_beside = False
        if left.by_client is False:
            self._sheet.note(f"here the service closed the connection, with code {left.code}")
        self._act(left.at_s, "disconnect", {} if left.by_client else {"how": "abort"})


_WRITERS: dict[str, Callable[[Steps, Asked], None]] = {
    typenames.INIT_CONNECTION: Steps._introduced,
    typenames.SUBSCRIBE_CONVERSATIONS: Steps._subscribed_to_conversations,
    typenames.SUBSCRIBE_MESSAGES: Steps._subscribed_to_messages,
    typenames.REQUEST_CONVERSATION: Steps._opening,
    typenames.GET_CLOCK: Steps._clock,
    typenames.KEEP_ALIVE: Steps._clock,
    typenames.UPDATE_CONVERSATION: Steps._updating,
}


def _resumed_from(moments: Sequence[Moment], place: int) -> int | str:
    """Where the history began that was asked for after coming back; "last" if none was."""
    for later in moments[place + 1 :]:
        if isinstance(later, Connected):
            break
        if isinstance(later, Asked) and later.request.type == typenames.SUBSCRIBE_MESSAGES:
            body = later.request.body if isinstance(later.request.body, dict) else {}
            first = body.get("fromSeq", 0)
            return first if isinstance(first, int) and not isinstance(first, bool) and first >= 0 else 0
    return "last"
