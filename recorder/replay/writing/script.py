"""A recording made into a script: what the consumer did, waiting for what it waited for.

Ids become names that are bound when the script runs, pauses become waits from the last thing that
happened, receipts are timed from the message they are for, and secrets become variables.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from typing import Any

from recorder.documents.writing import comment, entry
from recorder.messaging import typenames

from .agent import agent_lines
from .pacing import NOTICED_S, Pace, as_duration
from .receipts import Given, final_receipts, receipts_by_place
from .recollection import (
    WHOLE,
    Answered,
    Arrived,
    Asked,
    Beside,
    Connected,
    Happening,
    Left,
    Moment,
    Receipted,
    Shown,
    Uttered,
    recollect,
)
from .wording import Wording, pattern_of

USUAL_WITHIN_S = 10.0
NOTHING = (comment("the recorded consumer did nothing"), "- wait: 0s")
RUNGS = {"ACCEPT": "accepted", "READ": "read"}


def write_script(happenings: Iterable[Happening], *, name: str, pace: Pace = Pace()) -> str:  # noqa: B008 - immutable
    """A script in YAML that does what was recorded; the simulator's agent is in it too.

    ``happenings`` are the session's payloads and connections in order. Never raises, whatever is in them.
    """
    moments = recollect(happenings)
    wording = Wording(moments)
    steps = _Steps(moments, wording, pace)
    steps.write()
    lines = [
        comment(f"Written from the recorded session {name}. Edit it as you like: nothing refers to it."),
        entry("name", wording.plain(name)),
        *_consumer(moments),
        "steps:",
        *[f"  {line}" for line in steps.lines or NOTHING],
        *agent_lines(moments, wording, pace),
    ]
    return "\n".join(lines) + "\n"


def _consumer(moments: list[Moment]) -> list[str]:
    asked = {one.request.type for one in moments if isinstance(one, Asked)}
    lines = [
        comment("Against a real service: --url script, with these two in the environment."),
        "consumer:",
        '  url: "${UMS_URL}"',
        '  token: "${UMS_JWT}"',
    ]
    return [*lines, "  init_connection: true"] if typenames.INIT_CONNECTION in asked else lines


class _Steps:
    """Writes the consumer's side, moment by moment."""

    def __init__(self, moments: list[Moment], wording: Wording, pace: Pace) -> None:
        self._moments = moments
        self._wording = wording
        self._pace = pace
        self.lines: list[str] = []
        self._anchor_s: float | None = None
        self._heard_last = False
        self._asked_in_steps: set[int] = set()
        self._last_receipt_s: float | None = None
        self._listened = False
        self._opened: set[str] = set()
        self._away = False
        self._receipts_at = receipts_by_place(moments, wording)
        self._expected = final_receipts(moments, wording)

    def write(self) -> None:
        for place, moment in enumerate(self._moments):
            match moment:
                case Asked():
                    self._asked(moment)
                case Uttered():
                    self._act(moment.at_s, "send_frame" if moment.binary else "send", _uttered(moment))
                case Answered():
                    self._answered(moment)
                case Arrived():
                    self._arrived(moment)
                case Receipted():
                    self._receipted(place, moment)
                case Shown():
                    self._wording.learn(moment.conversation)
                case Connected():
                    self._connected(place, moment)
                case Beside():
                    self._beside(moment)
                case Left():
                    self._left(place, moment)
                case _:
                    pass
            for given in self._receipts_at.get(place, ()):
                self._receipt(given)

    # --- what is written ---

    def _line(self, verb: str, value: Any = None) -> None:
        self.lines.append(f"- {entry(verb, value)}")

    def _note(self, text: str) -> None:
        self.lines.append(comment(text))

    def _act(self, at_s: float | None, verb: str, value: Any = None) -> None:
        """Something the consumer did of itself, as long after what went before."""
        pause_s = self._pause_s(at_s)
        if pause_s >= NOTICED_S:
            self._line("wait", as_duration(pause_s))
        self._line(verb, value)
        self._reach(at_s)

    def _pause_s(self, at_s: float | None) -> float:
        return self._pace.between_s(self._anchor_s, at_s) if self.lines else 0.0

    def _utter(self, at_s: float | None, verb: str, short: str, value: dict[str, Any]) -> None:
        """Something said or shown: after what was heard last, if that is what came before it."""
        pause_s = self._pause_s(at_s)
        if pause_s >= NOTICED_S and self._heard_last:
            self._line(verb, {**value, "after": as_duration(pause_s)})
            self._reach(at_s)
        else:
            self._act(at_s, verb, value if len(value) > 1 else value[short])

    def _reach(self, at_s: float | None, *, heard: bool = False) -> None:
        self._heard_last = heard
        if at_s is not None:
            self._anchor_s = at_s if self._anchor_s is None else max(self._anchor_s, at_s)

    def _within(self, at_s: float | None) -> dict[str, str]:
        """How long to wait for what came ``at_s``, if that is longer than usual."""
        took_s = 0.0 if at_s is None or self._anchor_s is None else at_s - self._anchor_s
        return {"within": f"{math.ceil(2 * took_s)}s"} if took_s * 2 > USUAL_WITHIN_S else {}

    # --- what the consumer did ---

    def _asked(self, asked: Asked) -> None:
        if asked.receipt is not None and asked.receipt.sequences:
            self._join(asked.at_s, asked.dialog_id)
            self._last_receipt_s = asked.at_s  # written where the message it is for arrived
            return
        self._asked_in_steps.add(asked.frame)
        self._join(asked.at_s, asked.dialog_id)
        if asked.text is not None:
            self._say(asked, asked.text)
        elif asked.chat_state is not None and asked.chat_state.state in STATES:
            value = {"state": asked.chat_state.state, **self._wording.in_dialog(asked.chat_state.dialog_id)}
            self._utter(asked.at_s, "type", "state", value)
        else:
            _WRITERS.get(asked.request.type, _Steps._raw)(self, asked)

    def _say(self, asked: Asked, said: str) -> None:
        text = self._wording.text(said)
        beside: dict[str, Any] = self._wording.in_dialog(asked.dialog_id)
        key = self._wording.key_of.get(asked.frame)
        if key is not None and key in self._wording.wanted:
            beside["as"] = self._wording.name(key)
        self._utter(asked.at_s, "say", "text", {"text": text, **beside})

    def _introduced(self, asked: Asked) -> None:
        self._asked_in_steps.discard(asked.frame)

    def _subscribed_to_conversations(self, asked: Asked) -> None:
        if self._listened or self._wording.opens_later(asked.frame):
            self._asked_in_steps.discard(asked.frame)
            return
        self._listened = True
        self._act(asked.at_s, "subscribe", "conversations")

    def _subscribed_to_messages(self, asked: Asked) -> None:
        body = asked.request.body if isinstance(asked.request.body, dict) else {}
        dialog_id = str(body.get("dialogId") or body.get("conversationId") or "")
        first = body.get("fromSeq")
        known = dialog_id in self._opened
        self._asked_in_steps.discard(asked.frame)
        if known and not isinstance(first, int):
            return  # what open_conversation and reconnect do by themselves
        if known and (first == 0 or asked.connection > 1):
            return
        if not self._opened:
            self._asked_in_steps.add(asked.frame)
            self._join(asked.at_s, dialog_id)
            return
        where = self._wording.in_dialog(dialog_id)
        start = {"from_sequence": first} if isinstance(first, int) and first > 0 else {}
        self._asked_in_steps.add(asked.frame)
        self._act(asked.at_s, "subscribe", {**where, **start} or None)
        self._opened.add(dialog_id)

    def _join(self, at_s: float | None, dialog_id: str | None) -> None:
        """What the recording did not open itself must be opened all the same."""
        if self._opened or dialog_id is None:
            return
        conversation_id = self._wording.conversation_of(dialog_id)
        self._note(
            f"the recording joined conversation {conversation_id}, which was there already;"
            f" against the real service write subscribe: {{dialog: {conversation_id}}} instead"
        )
        self._opened.add(conversation_id)
        self._wording.turn_to(conversation_id)
        self._act(at_s, "open_conversation")

    def _opening(self, asked: Asked) -> None:
        body = asked.request.body if isinstance(asked.request.body, dict) else {}
        wishes = {"skill": body.get("skillId"), "ttr": body.get("ttrDefName")}
        value: dict[str, Any] = {key: wish for key, wish in wishes.items() if isinstance(wish, str) and wish}
        if value.get("ttr") not in TTRS:
            value.pop("ttr", None)
        conversation_id = self._wording.opened_by.get(asked.frame)
        if conversation_id is not None:
            self._opened.add(conversation_id)
            self._wording.turn_to(conversation_id)
            if (alias := self._wording.alias(conversation_id)) is not None:
                value["as"] = alias
        self._listened = True
        self._act(asked.at_s, "open_conversation", value or None)

    def _clock(self, asked: Asked) -> None:
        self._act(asked.at_s, "keep_alive")

    def _updating(self, asked: Asked) -> None:
        self._reach(self._last_receipt_s)  # closing waits for receipts by itself
        if len(asked.changes) != 1 or not asked.closings:
            self._raw(asked)
            return
        (closed,) = asked.closings
        if closed == WHOLE:
            self._act(asked.at_s, "close_conversation")
        else:
            self._act(asked.at_s, "close_dialog", self._wording.in_dialog(closed).get("dialog"))

    def _raw(self, asked: Asked) -> None:
        envelope = self._wording.envelope(asked.request.raw)
        if asked.request.id is not None:
            envelope["id"] = f"recorded-{asked.request.id}"  # beside the numbers the player gives
        self._act(asked.at_s, "send", envelope)

    # --- what the consumer heard ---

    def _answered(self, answered: Answered) -> None:
        if answered.ask in self._asked_in_steps:
            self._reach(answered.at_s)
        if answered.code is not None and answered.code >= 400:
            self._note(f"frame {answered.ask} was answered with {answered.code} (frame {answered.frame})")

    def _arrived(self, arrived: Arrived) -> None:
        self._join(arrived.at_s, arrived.key.dialog_id)
        wanted: dict[str, Any] = {}
        message = arrived.message
        if message.role in ("ASSIGNED_AGENT", "AGENT", "MANAGER"):
            wanted["from"] = "agent"
        if message.text is not None and not self._wording.holds_secret(message.text):
            wanted["matching"] = pattern_of(message.text)
        elif message.text is None:
            wanted["type"] = message.type
        wanted.update(self._wording.in_dialog(arrived.key.dialog_id))
        value: dict[str, Any] = {"message": wanted, **self._within(arrived.at_s)}
        if arrived.key in self._wording.wanted:
            value["as"] = self._wording.name(arrived.key)
        self._line("await", value)
        self._reach(arrived.at_s, heard=True)

    def _receipted(self, place: int, receipted: Receipted) -> None:
        if self._expected.get(receipted.key) != place:
            return
        value = {
            "message": self._wording.name(receipted.key),
            "status": RUNGS[receipted.status],
            **self._within(receipted.at_s),
        }
        self._line("expect", value)
        self._reach(receipted.at_s)

    def _receipt(self, given: Given) -> None:
        names = [one if isinstance(one, int) else self._wording.name(one) for one in given.messages]
        value: dict[str, Any] = {"message": names[0] if len(names) == 1 else names}
        delay_s = self._pace.between_s(given.arrived_s, given.at_s)
        if delay_s >= NOTICED_S:
            value["after"] = as_duration(delay_s)
        ladder = given.status in RUNGS and not given.again and given.metadata is None
        if given.metadata is not None:
            value["metadata"] = self._wording.envelope(given.metadata)
        self._line(
            given.status.lower() if ladder else "receipt",
            value if ladder else {"status": given.status, **value},
        )

    # --- connections ---

    def _connected(self, place: int, connected: Connected) -> None:
        if not self._away:
            self._reach(connected.at_s)
            return
        self._away = False
        pause_s = self._pace.between_s(self._anchor_s, connected.at_s)
        value: dict[str, Any] = {"from_sequence": _resumed_from(self._moments, place)}
        if pause_s >= NOTICED_S:
            value["after"] = as_duration(pause_s)
        self._line("reconnect", value if len(value) > 1 else value["from_sequence"])
        self._reach(connected.at_s)

    def _beside(self, beside: Beside) -> None:
        self._note(
            f"connection {beside.connection} is beside the others from here on; if that is another consumer,"
            " name it in consumers: and give its steps consumer:"
        )

    def _left(self, place: int, left: Left) -> None:
        if not any(isinstance(later, Connected) for later in self._moments[place:]):
            return
        self._away = True
        if left.by_client is False:
            self._note(f"here the service closed the connection, with code {left.code}")
        self._act(left.at_s, "disconnect", None if left.by_client else "abort")


STATES = ("ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE", "BACKGROUND")
TTRS = ("NORMAL", "URGENT", "PRIORITIZED")

_WRITERS = {
    typenames.INIT_CONNECTION: _Steps._introduced,
    typenames.SUBSCRIBE_CONVERSATIONS: _Steps._subscribed_to_conversations,
    typenames.SUBSCRIBE_MESSAGES: _Steps._subscribed_to_messages,
    typenames.REQUEST_CONVERSATION: _Steps._opening,
    typenames.GET_CLOCK: _Steps._clock,
    typenames.KEEP_ALIVE: _Steps._clock,
    typenames.UPDATE_CONVERSATION: _Steps._updating,
}


def _uttered(uttered: Uttered) -> Any:
    if uttered.binary:
        return {"opcode": "binary", "data": base64.b64encode(uttered.data).decode()}
    return uttered.data.decode("utf-8", "backslashreplace").replace("${", "$${")


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
