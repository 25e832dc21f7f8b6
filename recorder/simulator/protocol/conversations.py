"""The simulated conversations and their dialogs: state, changes, and their JSON in notifications.

A dialog has one counter, from 0, for everything in it that takes a sequence: messages and receipts of
every status and every participant. Chat states take none and are not stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from recorder.messaging.events import Participant
from recorder.messaging.requests import Json

# Time to respond, by ttrType. 600 for PRIORITIZED and 300 for URGENT stand in every published example;
# nothing is published for NORMAL.
TTR_S = {"URGENT": 300, "PRIORITIZED": 600, "NORMAL": 1200}


class PublishedEvent(NamedTuple):
    """One event of a dialog. ``sequence`` and ``server_ms`` are None for a chat state."""

    dialog_id: str
    conversation_id: str
    author: Participant
    event: Json
    sequence: int | None
    server_ms: int | None
    metadata: list[Any] | None


@dataclass(slots=True)
class SimulatedDialog:
    """One dialog of a conversation.

    Attributes:
        published: its history: everything that took a sequence, in order.
        next_sequence: more than ``len(published)`` where private messages took sequences.
        suggested: agents who were asked to join and have not accepted yet.
    """

    dialog_id: str
    conversation: SimulatedConversation = field(repr=False, compare=False)
    type: str
    created_ms: int
    updated_ms: int
    participants: list[Participant]
    is_open: bool = True
    ended_ms: int | None = None
    closed_by: str | None = None
    closed_cause: str | None = None
    next_sequence: int = 0
    suggested: list[Participant] = field(default_factory=list)
    published: list[PublishedEvent] = field(default_factory=list)

    def publish(
        self, author: Participant, event: Json, *, metadata: list[Any] | None, now_ms: int
    ) -> PublishedEvent:
        """Give ``event`` the next sequence and append it to the history; a chat state gets neither."""
        ids = self.dialog_id, self.conversation.conversation_id
        if event["type"] == "ChatStateEvent":
            return PublishedEvent(*ids, author, event, None, None, metadata)
        published = PublishedEvent(*ids, author, event, self.next_sequence, now_ms, metadata)
        self.next_sequence += 1
        self.published.append(published)
        return published

    def close(self, *, by: str, cause: str | None = None, now_ms: int) -> bool:
        """Close it; with its last dialog the conversation closes. False if it was closed before.

        ``by`` is the snapshot's ``closedBy``: CONSUMER, AGENT, SYSTEM.
        """
        if not self.is_open:
            return False
        conversation = self.conversation
        self.is_open = False
        self.ended_ms = self.updated_ms = conversation.touch(now_ms)
        self.closed_by, self.closed_cause = by, cause
        conversation.close_reason = conversation.close_reason or by
        conversation.is_open = any(other.is_open for other in conversation.dialogs.values())
        return True

    def history(self, from_sequence: float) -> list[PublishedEvent]:
        """The published events from that sequence on."""
        return [one for one in self.published if one.sequence is not None and one.sequence >= from_sequence]


@dataclass(slots=True)
class SimulatedConversation:
    """One conversation of one consumer.

    Attributes:
        updated_ms: grows with every change; no two changes share one.
        request_body: the body of ConsumerRequestConversation (campaign, context, skill), echoed in snapshots.
        number: which of the consumer's conversations it is, from 1.
        consumer_name: the ``name`` claim of the consumer's token, if it has one.
    """

    conversation_id: str
    account: str
    consumer: Participant
    started_ms: int
    updated_ms: int
    request_body: Json
    ttr: Json
    dialogs: dict[str, SimulatedDialog] = field(default_factory=dict)
    agent: Participant | None = None
    is_open: bool = True
    close_reason: str | None = None
    csat: Json | None = None
    number: int = 1
    consumer_name: str | None = None

    @property
    def main(self) -> SimulatedDialog:
        """The MAIN dialog, in which consumer and agent talk; it has the conversation's own id."""
        return self.dialogs[self.conversation_id]

    def touch(self, now_ms: int) -> int:
        """Return the time to stamp a change with: now, but always after the change before.

        Clients are told to drop the older of two snapshots by this time, so two must never share one.
        """
        self.updated_ms = max(now_ms, self.updated_ms + 1)
        return self.updated_ms

    def join(self, agent: Participant, *, now_ms: int) -> None:
        """Assign ``agent`` to the conversation and its MAIN dialog; pending suggestions are dropped."""
        self.agent = agent
        self.main.suggested.clear()
        self.main.participants.append(agent)
        self.main.updated_ms = self.touch(now_ms)

    def suggest(self, agent: Participant, *, now_ms: int) -> None:
        """Ask ``agent`` to join: SUGGESTED in the MAIN dialog, absent from the participants."""
        self.main.suggested.append(agent)
        self.main.updated_ms = self.touch(now_ms)

    def leave(self, *, skill: str | None, now_ms: int) -> None:
        """Unassign the agent; ``skill``, if given, becomes the conversation's skill."""
        self.main.participants = [member for member in self.main.participants if member != self.agent]
        self.agent = None
        if skill is not None:
            self.request_body = self.request_body | {"skillId": skill}
        self.main.updated_ms = self.touch(now_ms)

    def close(self, *, by: str, now_ms: int) -> bool:
        """Close all dialogs. False if they were closed before."""
        closed = [dialog.close(by=by, now_ms=now_ms) for dialog in self.dialogs.values()]
        return any(closed)


def open_conversation(
    conversation_id: str, *, account: str, consumer: Participant, request_body: Json, now_ms: int
) -> SimulatedConversation:
    """Return a new conversation whose MAIN dialog has the consumer as its only participant."""
    ttr_type = request_body.get("ttrDefName") or "PRIORITIZED"
    conversation = SimulatedConversation(
        conversation_id=conversation_id,
        account=account,
        consumer=consumer,
        started_ms=now_ms,
        updated_ms=now_ms,
        request_body=request_body,
        ttr={"ttrType": ttr_type, "value": TTR_S[ttr_type]},
    )
    conversation.dialogs[conversation_id] = SimulatedDialog(
        dialog_id=conversation_id,
        conversation=conversation,
        type="MAIN",
        created_ms=now_ms,
        updated_ms=now_ms,
        participants=[consumer],
    )
    return conversation


def change(published: PublishedEvent, *, live: bool) -> Json:
    """One element of the ``changes`` of a MessagingEventNotification.

    A live one has ``conversationId``; in a history the published examples leave it out.
    """
    fields: Json = {} if published.sequence is None else {"sequence": published.sequence}
    fields["originatorId"] = published.author.participant
    fields["originatorMetadata"] = {"id": published.author.participant, "role": published.author.role}
    if published.server_ms is not None:
        fields["serverTimestamp"] = published.server_ms
    fields["event"] = published.event
    if live:
        fields["conversationId"] = published.conversation_id
    fields["dialogId"] = published.dialog_id
    if published.metadata is not None:
        fields["metadata"] = published.metadata
    return fields


def snapshot(conversation: SimulatedConversation) -> Json:
    """The conversation as the ``result`` of one change of an ExConversationChangeNotification."""
    fields: Json = {
        "convId": conversation.conversation_id,
        "effectiveTTR": _answer_due_ms(conversation),
        "conversationDetails": _details(conversation),
    }
    last = _last_content(conversation)
    if last is not None:
        fields["lastContentEventNotification"] = change(last, live=True)
    return fields


def _details(conversation: SimulatedConversation) -> Json:
    request_body = conversation.request_body
    joined = (member for dialog in conversation.dialogs.values() for member in dialog.participants)
    fields: Json = {
        "skillId": str(request_body.get("skillId", "-1")),
        "participants": [{"id": member.participant, "role": member.role} for member in dict.fromkeys(joined)],
        "dialogs": [_dialog(dialog) for dialog in conversation.dialogs.values()],
        "brandId": conversation.account,
        "state": _open_or_close(conversation.main.is_open),
        "stage": _open_or_close(conversation.is_open),
        "closeReason": conversation.close_reason,
        "startTs": conversation.started_ms,
        "endTs": None if conversation.is_open else conversation.updated_ms,
        "metaDataLastUpdateTs": conversation.updated_ms,
        "ttr": conversation.ttr,
        "csat": conversation.csat,
        "campaignInfo": request_body.get("campaignInfo"),
        "context": request_body.get("conversationContext"),
    }
    return _without_none(fields)


def _dialog(dialog: SimulatedDialog) -> Json:
    return _without_none(
        {
            "dialogId": dialog.dialog_id,
            "participantsDetails": [
                {"id": member.participant, "role": member.role, "state": state}
                for people, state in ((dialog.participants, "ACTIVE"), (dialog.suggested, "SUGGESTED"))
                for member in people
            ],
            "dialogType": dialog.type,
            "channelType": "MESSAGING",
            "state": _open_or_close(dialog.is_open),
            "creationTs": dialog.created_ms,
            "endTs": dialog.ended_ms,
            "metaDataLastUpdateTs": dialog.updated_ms,
            "closedBy": dialog.closed_by,
            "closedCause": dialog.closed_cause,
        }
    )


def _answer_due_ms(conversation: SimulatedConversation) -> int:
    """``effectiveTTR``: when the agent's answer is due; -1 while no message of the consumer waits for one."""
    last = _last_content(conversation)
    if not conversation.main.is_open or last is None or last.author.role != "CONSUMER":
        return -1
    return (last.server_ms or 0) + int(conversation.ttr["value"]) * 1000


def _last_content(conversation: SimulatedConversation) -> PublishedEvent | None:
    history = reversed(conversation.main.published)
    return next((one for one in history if one.event["type"] != "AcceptStatusEvent"), None)


def _open_or_close(is_open: bool) -> str:
    return "OPEN" if is_open else "CLOSE"


def _without_none(fields: Json) -> Json:
    return {key: value for key, value in fields.items() if value is not None}
