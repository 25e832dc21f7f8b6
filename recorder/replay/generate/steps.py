"""The ``steps:`` of one recorded consumer, timed from the messages it awaits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from recorder.messaging import typenames

from ..language.verbs import CHAT_STATES
from ..run.receipt_batches import MessageId
from .literal import literal_steps, raw_step, sent_step
from .pacing import NOTICED_S, as_duration
from .placement import (
    SAME_TIME_S,
    STATUS_WORDS,
    ConsumerReceipt,
    awaits_by_index,
    is_same_time,
    receipts_by_index,
    receipts_to_expect,
    resumed_from,
)
from .script_names import ScriptNames, pattern_of
from .step_lines import StepLines
from .timeline_events import (
    AGENT_ROLES,
    WHOLE_CONVERSATION,
    Connected,
    Disconnected,
    MessageArrived,
    RawPayloadSent,
    ReceiptArrived,
    RequestSent,
    ResponseReceived,
    SecondConnectionOpened,
    TimelineEvent,
)

_Sent = RequestSent | RawPayloadSent | Disconnected

TTRS = ("NORMAL", "URGENT", "PRIORITIZED")


class StepWriter:
    """Writes one consumer's steps, event by event.

    Args:
        events: all of this consumer's.
        name: the steps' ``consumer:``; None: the script's first one.
        will_arrive: whether a message will arrive again when the script is played against the simulator.

    Attributes:
        opened: ids of the conversations that its steps open, in order.
    """

    def __init__(
        self,
        events: Sequence[TimelineEvent],
        names: ScriptNames,
        lines: StepLines,
        *,
        name: str | None = None,
        will_arrive: Callable[[MessageArrived], bool] = lambda arrived: True,
    ) -> None:
        self._events = events
        self._names = names
        self._lines = lines
        self._name = name
        self._will_arrive = will_arrive
        self.opened: list[str] = []
        self._next = 0
        self._awaited_s: float | None = None
        self._awaited_requests: set[int] = set()
        self._last_receipt_s: float | None = None
        self._last_given_s: float | None = None
        self._same_time_count = 0
        self._has_unawaited_answer = False
        self._has_subscribed = False
        self._is_disconnected = False
        self._subscriptions: dict[str, int] = {}
        self._absent: set[MessageId] = set()
        self._literal_receipts: dict[int, str] = {}
        keeps_time = lines.timeline.pace.keeps_time
        self._arrivals_at = awaits_by_index(events, names, keeps_time=keeps_time)
        self._receipts_at = receipts_by_index(events, names, in_place=not keeps_time)
        self._expected = receipts_to_expect(events, names)

    def write_next(self, *, more_follows: bool) -> None:
        """Write the next event. ``more_follows``: whether any consumer sends anything after it."""
        index = self._next
        self._next += 1
        event = self._events[index]
        match event:
            case RequestSent():
                self._request(event)
            case RawPayloadSent():
                self._raw_payload(event)
            case ResponseReceived():
                self._response(event)
            case ReceiptArrived():
                self._expect(index, event)
            case Connected():
                self._connected(index, event)
            case SecondConnectionOpened():
                self._second_connection(event)
            case Disconnected():
                self._disconnected(event, more_follows=more_follows)
            case _:
                pass
        for arrived in self._arrivals_at.get(index, ()):
            self._await(arrived)
        for receipt in self._receipts_at.get(index, ()):
            self._receipt(receipt)

    # --- steps ---

    def _try(self, verb: str, arguments: dict[str, Any]) -> str | None:
        """Add a step of this consumer's, if it loads; else return why it does not."""
        consumer = {} if self._name is None else {"consumer": self._name}
        return self._lines.step(verb, {**arguments, **consumer})

    def _step(self, verb: str, arguments: dict[str, Any]) -> None:
        if (problem := self._try(verb, arguments)) is not None:
            self._lines.note(f"{verb} is left out here: {problem}")

    def _timed_step(self, sent: _Sent, verb: str, arguments: dict[str, Any] | None = None) -> None:
        """A step that begins when the consumer did it, not when something arrived."""
        timed = self._lines.timed(sent.at_s, verb, arguments or {}, since_s=self._awaited_s)
        if isinstance(sent, RequestSent):
            if (problem := self._try(verb, timed)) is not None:
                self._send_literally(sent, problem, timed)
        else:
            self._step(verb, timed)
        self._lines.advance_to(sent.at_s)

    def _send_literally(self, sent: RequestSent, problem: str, timed: dict[str, Any]) -> None:
        """Send a request as it was recorded, since no step with names can stand for it."""
        self._awaited_requests.discard(sent.frame)
        self._lines.note_literal(sent.frame, problem)
        timing = {key: held for key, held in timed.items() if key == "after"}
        for verb, arguments in literal_steps(sent, self._names):
            if self._try(verb, {**arguments, **timing}) is None:
                break

    # --- sent by the consumer ---

    def _request(self, sent: RequestSent) -> None:
        if sent.frame in self._names.refused and sent.request.type != typenames.INIT_CONNECTION:
            self._send(sent)  # a verb's step would fail if it is refused again
            return
        self._join(sent, sent.dialog_id)
        if sent.receipt is not None and sent.receipt.sequences:
            self._last_receipt_s = sent.at_s  # written where the message it is for arrived
            if sent.frame in self._literal_receipts:
                self._receipt_literally(sent, self._literal_receipts[sent.frame])
        elif sent.text is not None:
            self._say(sent, sent.text)
        elif sent.chat_state is not None and sent.chat_state.state in CHAT_STATES:
            where = self._names.in_dialog(sent.chat_state.dialog_id)
            self._timed_step(sent, "type", {"state": sent.chat_state.state, **where})
        else:
            _WRITERS.get(sent.request.type, StepWriter._send)(self, sent)

    def _request_step(self, sent: RequestSent, verb: str, arguments: dict[str, Any] | None = None) -> None:
        """A timed step that waits for the answer to its request."""
        self._awaited_requests.add(sent.frame)
        self._timed_step(sent, verb, arguments)

    def _say(self, sent: RequestSent, text: str) -> None:
        arguments: dict[str, Any] = {"text": self._names.text(text), **self._names.in_dialog(sent.dialog_id)}
        key = self._names.key_of.get(sent.frame)
        if key is not None and key in self._names.referenced:
            arguments["as"] = self._names.name(key)
        self._request_step(sent, "say", arguments)

    def _nothing(self, sent: RequestSent) -> None:
        """The player sends InitConnection by itself."""

    def _subscribe_conversations(self, sent: RequestSent) -> None:
        if self._has_subscribed or self._names.opens_later(sent.frame):
            return
        self._has_subscribed = True
        self._request_step(sent, "subscribe", {"dialog": "conversations"})

    def _subscribe_messages(self, sent: RequestSent) -> None:
        body = sent.body
        dialog_id = str(body.get("dialogId") or body.get("conversationId") or "")
        first = body.get("fromSeq")
        conversation_id = self._names.conversation_of(dialog_id)
        if conversation_id not in self.opened:
            self._subscribe_other(sent, dialog_id)
            return
        again = self._subscriptions.setdefault(dialog_id, sent.connection) != sent.connection
        if again or (dialog_id == conversation_id and not first):
            return  # open_conversation and reconnect subscribe by themselves
        where = self._names.in_dialog(dialog_id)
        start = {"from_sequence": first} if isinstance(first, int) and first > 0 else {}
        self._request_step(sent, "subscribe", {**where, **start})

    def _subscribe_other(self, sent: RequestSent, dialog_id: str) -> None:
        """Subscribe to a conversation the recording did not open: open one instead, if it is used."""
        if self._names.conversation_of(dialog_id) in self._names.begun or not (
            self.opened or self._names.opens_later(sent.frame)
        ):
            self._join(sent, dialog_id)
        else:
            self._send(sent)

    def _join(self, event: RequestSent | MessageArrived, dialog_id: str | None) -> None:
        """Open a conversation that the recording did not open itself."""
        conversation_id = None if dialog_id is None else self._names.conversation_of(dialog_id)
        if conversation_id is None or conversation_id in self.opened:
            return
        self._lines.note(
            f"the recording joined conversation {conversation_id}, which was there already;"
            f" against the real service write subscribe: {{dialog: {conversation_id}}} instead"
        )
        arguments = self._open_arguments(conversation_id)
        timed = self._lines.timed(event.at_s, "open_conversation", arguments, since_s=self._awaited_s)
        self._step("open_conversation", timed)
        self._lines.advance_to(event.at_s)

    def _open_arguments(self, conversation_id: str) -> dict[str, str]:
        self.opened.append(conversation_id)
        self._names.current = conversation_id
        alias = self._names.aliases.get(conversation_id)
        return {} if alias is None else {"as": alias}

    def _open_conversation(self, sent: RequestSent) -> None:
        given = {"skill": sent.body.get("skillId"), "ttr": sent.body.get("ttrDefName")}
        arguments: dict[str, Any] = {
            key: self._names.text(value) for key, value in given.items() if isinstance(value, str) and value
        }
        if arguments.get("ttr") not in TTRS:
            arguments.pop("ttr", None)
        conversation_id = self._names.opened_by.get(sent.frame)
        if conversation_id is not None:
            arguments |= self._open_arguments(conversation_id)
        self._has_subscribed = True
        self._request_step(sent, "open_conversation", arguments)

    def _keep_alive(self, sent: RequestSent) -> None:
        self._request_step(sent, "keep_alive")

    def _update_conversation(self, sent: RequestSent) -> None:
        conversation_id = sent.body.get("conversationId")
        if len(sent.changes) != 1 or not sent.closings or not self._names.is_current(conversation_id):
            self._send(sent)
            return
        self._lines.advance_to(self._last_receipt_s)  # the close verbs wait for planned receipts
        (closed,) = sent.closings
        if closed == WHOLE_CONVERSATION:
            self._request_step(sent, "close_conversation")
        else:
            self._request_step(sent, "close_dialog", self._names.in_dialog(closed))

    def _send(self, sent: RequestSent) -> None:
        if sent.request.type == typenames.UPLOAD_URL:
            self._lines.note("a file is announced below as it was; the file itself is in no frame")
        self._timed_step(sent, *sent_step(sent, self._names))

    def _raw_payload(self, sent: RawPayloadSent) -> None:
        self._timed_step(sent, *raw_step(sent, self._names))

    # --- received by the consumer ---

    def _response(self, response: ResponseReceived) -> None:
        if response.request_frame in self._awaited_requests:
            self._lines.advance_to(response.at_s)
        else:
            self._has_unawaited_answer = True
        if response.request_frame in self._names.refused:
            self._lines.note(
                f"frame {response.request_frame} was answered with {response.code} (frame {response.frame})"
            )

    def _await(self, arrived: MessageArrived) -> None:
        self._join(arrived, arrived.key.dialog_id)
        message = arrived.message
        if not self._will_arrive(arrived):
            self._lines.note(
                f"frame {arrived.frame} brought {message.type} by {message.role or 'nobody known'}, which"
                " does not come again here"
            )
            self._absent.add(arrived.key)
            return
        description: dict[str, Any] = {}
        if message.role in AGENT_ROLES:
            description["from"] = "agent"
        text = arrived.text
        if text is not None and not self._names.holds_secret(text):
            description["matching"] = self._names.plain(pattern_of(text))
        elif text is None:
            description["type"] = message.type
        description.update(self._names.in_dialog(arrived.key.dialog_id))
        arguments: dict[str, Any] = {"message": description, **self._lines.within(arrived.at_s)}
        if arrived.key in self._names.referenced:
            arguments["as"] = self._names.name(arrived.key)
        self._step("await", arguments)
        self._lines.advance_to(arrived.at_s)
        self._awaited_s = arrived.at_s

    def _expect(self, index: int, receipt: ReceiptArrived) -> None:
        if index not in self._expected:
            return
        word = STATUS_WORDS.get(receipt.status)
        expected: dict[str, Any] = (
            {"receipt": {"status": receipt.status}} if word is None else {"status": word}
        )
        arguments = {
            "message": self._names.own_message(receipt.key),
            **expected,
            **self._lines.within(receipt.at_s),
        }
        self._step("expect", arguments)
        self._lines.advance_to(receipt.at_s)

    def _receipt(self, receipt: ConsumerReceipt) -> None:
        problem = self._receipt_problem(receipt) or self._give(receipt)
        sent = receipt.request
        if problem is None or sent is None:
            return
        if self._events[self._next - 1] is sent:
            self._receipt_literally(sent, problem)
        else:
            self._literal_receipts[sent.frame] = problem

    def _receipt_problem(self, receipt: ConsumerReceipt) -> str | None:
        """Why no step with names can give this receipt; None: one may."""
        if any(one in self._absent for one in receipt.messages):
            return "the message its receipt is for does not come again here"
        numbered = any(isinstance(one, int) for one in receipt.messages)
        if numbered and not self._names.is_current(receipt.dialog_id):
            return "its receipt is for a message of another conversation that was not seen"
        return None

    def _receipt_literally(self, sent: RequestSent, problem: str) -> None:
        timed = self._lines.timed(sent.at_s, "send", {}, since_s=self._awaited_s)
        self._send_literally(sent, problem, timed)
        self._lines.advance_to(sent.at_s)

    def _give(self, receipt: ConsumerReceipt) -> str | None:
        """Add the step that gives this receipt, if it loads; else return why it does not."""
        messages = [one if isinstance(one, int) else self._names.name(one) for one in receipt.messages]
        arguments: dict[str, Any] = {"message": messages[0] if len(messages) == 1 else messages}
        since_s = self._lines.reached_s if receipt.arrived_s is None else receipt.arrived_s
        delay_s = self._lines.timeline.between_s(since_s, receipt.at_s)
        self._same_time_count = (
            self._same_time_count + 1 if is_same_time(self._last_given_s, receipt.at_s) else 0
        )
        self._last_given_s = receipt.at_s
        if delay_s >= NOTICED_S:  # receipts due at the same time stay in order
            arguments["after"] = as_duration(delay_s + self._same_time_count * SAME_TIME_S)
        if receipt.metadata is not None:
            arguments["metadata"] = self._names.envelope(receipt.metadata)
        if receipt.status in STATUS_WORDS and not receipt.again and receipt.metadata is None:
            return self._try(receipt.status.lower(), arguments)
        return self._try("receipt", {"status": receipt.status, **arguments})

    # --- connections ---

    def _connected(self, index: int, connected: Connected) -> None:
        if not self._is_disconnected:
            return
        self._is_disconnected = False
        pause_s = self._lines.timeline.between_s(self._lines.reached_s, connected.at_s)
        arguments: dict[str, Any] = {"from_sequence": resumed_from(self._events, index)}
        if pause_s >= NOTICED_S:
            arguments["after"] = as_duration(pause_s)
        self._step("reconnect", arguments)
        self._lines.advance_to(connected.at_s)

    def _second_connection(self, second: SecondConnectionOpened) -> None:
        self._lines.note(
            f"connection {second.connection} is a second one of the same consumer;"
            " what was done there is done on the first one here"
        )

    def _disconnected(self, disconnected: Disconnected, *, more_follows: bool) -> None:
        if not more_follows:
            return
        self._is_disconnected = True
        if self._has_unawaited_answer and not self._lines.timeline.pace.keeps_time:
            self._step("keep_alive", {})  # its answer comes after those that no step waits for
            self._has_unawaited_answer = False
        if disconnected.by_client is False:
            self._lines.note(f"here the service closed the connection, with code {disconnected.code}")
        self._timed_step(disconnected, "disconnect", {} if disconnected.by_client else {"how": "abort"})


_WRITERS: dict[str, Callable[[StepWriter, RequestSent], None]] = {
    typenames.INIT_CONNECTION: StepWriter._nothing,
    typenames.SUBSCRIBE_CONVERSATIONS: StepWriter._subscribe_conversations,
    typenames.SUBSCRIBE_MESSAGES: StepWriter._subscribe_messages,
    typenames.REQUEST_CONVERSATION: StepWriter._open_conversation,
    typenames.GET_CLOCK: StepWriter._keep_alive,
    typenames.KEEP_ALIVE: StepWriter._keep_alive,
    typenames.UPDATE_CONVERSATION: StepWriter._update_conversation,
}
