"""Conversations, their dialogs, and how the service tells of them.

A dialog has one counter, from 0, for everything in it that takes a number: messages and receipts of
every status and every participant. Chat states take none and are not kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Json = dict[str, Any]

# Seconds in which an agent is expected to answer, by name. 600 for PRIORITIZED and 300 for URGENT stand
# in every published example; nothing is published for NORMAL.
ANSWER_WITHIN_S = {"URGENT": 300, "PRIORITIZED": 600, "NORMAL": 1200}


class Participant(NamedTuple):
    """Somebody in a conversation. ``role``: CONSUMER, ASSIGNED_AGENT, …"""

    participant: str
    role: str


class Published(NamedTuple):
    """One event in a dialog. ``sequence`` and ``server_ms`` are None for a chat state."""

    dialog_id: str
    conversation_id: str
    author: Participant
    event: Json
    sequence: int | None
    server_ms: int | None
    metadata: list[Any] | None


@dataclass(slots=True)
class Dialog:
    """One dialog. ``published`` is its history: everything that took a number, in order.

    ``next_sequence`` is kept beside it because numbers may be taken by what this consumer never sees.
    ``suggested`` are agents who were asked to join and have not accepted yet.
    """

    dialog_id: str
    conversation_id: str
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
    published: list[Published] = field(default_factory=list)

    def history(self, from_sequence: float) -> list[Published]:
        """Everything kept, from that number on."""
        return [one for one in self.published if one.sequence is not None and one.sequence >= from_sequence]


@dataclass(slots=True)
class Conversation:
    """One conversation of one consumer. ``updated_ms`` grows with every change, never stands still.

    ``asked`` is what the consumer asked for (campaign, context, skill); it is told back unchanged.
    ``number``: which of the consumer's it is, from 1; ``consumer_name``: as the token calls them, if it does.
    """

    conversation_id: str
    account: str
    consumer: Participant
    started_ms: int
    updated_ms: int
    asked: Json
    ttr: Json
    dialogs: dict[str, Dialog] = field(default_factory=dict)
    agent: Participant | None = None
    is_open: bool = True
    close_reason: str | None = None
    csat: Json | None = None
    number: int = 1
    consumer_name: str | None = None

    @property
    def main(self) -> Dialog:
        """The dialog that consumer and agent talk in; it has the conversation's own id."""
        return self.dialogs[self.conversation_id]

    def participants(self) -> list[Participant]:
        """Everybody in it, each once, in the order they came."""
        return list(dict.fromkeys(who for dialog in self.dialogs.values() for who in dialog.participants))


def open_conversation(
    conversation_id: str, *, account: str, consumer: Participant, asked: Json, now_ms: int
) -> Conversation:
    """Return a new conversation with its MAIN dialog, in which there is only the consumer."""
    ttr_type = asked.get("ttrDefName") or "PRIORITIZED"
    conversation = Conversation(
        conversation_id=conversation_id,
        account=account,
        consumer=consumer,
        started_ms=now_ms,
        updated_ms=now_ms,
        asked=asked,
        ttr={"ttrType": ttr_type, "value": ANSWER_WITHIN_S[ttr_type]},
    )
    conversation.dialogs[conversation_id] = Dialog(
        dialog_id=conversation_id,
        conversation_id=conversation_id,
        type="MAIN",
        created_ms=now_ms,
        updated_ms=now_ms,
        participants=[consumer],
    )
    return conversation


def publish(
    dialog: Dialog, author: Participant, event: Json, *, metadata: list[Any] | None, now_ms: int
) -> Published:
    """Give ``event`` the dialog's next number and keep it in its history."""
    published = Published(
        dialog.dialog_id, dialog.conversation_id, author, event, dialog.next_sequence, now_ms, metadata
    )
    dialog.next_sequence += 1
    dialog.published.append(published)
    return published


def remark(dialog: Dialog, author: Participant, event: Json, *, metadata: list[Any] | None) -> Published:
    """Return ``event`` as something said in the dialog that takes no number: a chat state."""
    return Published(dialog.dialog_id, dialog.conversation_id, author, event, None, None, metadata)


def touch(conversation: Conversation, now_ms: int) -> int:
    """Return the time to stamp a change with: now, but always after the change before.

    Clients are told to drop the older of two snapshots by this time, so two must never share one.
    """
    conversation.updated_ms = max(now_ms, conversation.updated_ms + 1)
    return conversation.updated_ms


def join(conversation: Conversation, agent: Participant, *, now_ms: int) -> None:
    """Assign ``agent`` to the conversation and its main dialog; nobody is suggested any more."""
    conversation.agent = agent
    conversation.main.suggested.clear()
    conversation.main.participants.append(agent)
    conversation.main.updated_ms = touch(conversation, now_ms)


def suggest(conversation: Conversation, agent: Participant, *, now_ms: int) -> None:
    """Ask ``agent`` to join: shown in the main dialog as SUGGESTED, in the conversation not at all."""
    conversation.main.suggested.append(agent)
    conversation.main.updated_ms = touch(conversation, now_ms)


def leave(conversation: Conversation, *, skill: str | None, now_ms: int) -> None:
    """The assigned agent is assigned no more; ``skill`` is what the conversation waits for now."""
    main = conversation.main
    main.participants = [who for who in main.participants if who != conversation.agent]
    conversation.agent = None
    if skill is not None:
        conversation.asked = conversation.asked | {"skillId": skill}
    main.updated_ms = touch(conversation, now_ms)


def close_dialog(
    conversation: Conversation, dialog: Dialog, *, by: str, cause: str | None, now_ms: int
) -> bool:
    """Close one dialog; with the last one the conversation closes. False if it was closed before.

    ``by`` is the role that closes it as the service words it: CONSUMER, AGENT.
    """
    if not dialog.is_open:
        return False
    at_ms = touch(conversation, now_ms)
    dialog.is_open = False
    dialog.ended_ms = dialog.updated_ms = at_ms
    dialog.closed_by, dialog.closed_cause = by, cause
    conversation.close_reason = conversation.close_reason or by
    conversation.is_open = any(other.is_open for other in conversation.dialogs.values())
    return True


def close_conversation(conversation: Conversation, *, by: str, now_ms: int) -> bool:
    """Close all its dialogs. False if it was closed before."""
    dialogs = list(conversation.dialogs.values())
    closed = [close_dialog(conversation, one, by=by, cause=None, now_ms=now_ms) for one in dialogs]
    return any(closed)


def change(published: Published, *, live: bool) -> Json:
    """One element of a messaging event notification's ``changes``.

    A live one names its conversation; in a history the published examples leave that out.
    """
    told: Json = {} if published.sequence is None else {"sequence": published.sequence}
    told["originatorId"] = published.author.participant
    told["originatorMetadata"] = {"id": published.author.participant, "role": published.author.role}
    if published.server_ms is not None:
        told["serverTimestamp"] = published.server_ms
    told["event"] = published.event
    if live:
        told["conversationId"] = published.conversation_id
    told["dialogId"] = published.dialog_id
    if published.metadata is not None:
        told["metadata"] = published.metadata
    return told


def snapshot(conversation: Conversation) -> Json:
    """The whole conversation as it stands: the ``result`` of one change of a conversation notification."""
    told: Json = {
        "convId": conversation.conversation_id,
        "effectiveTTR": _answer_due_ms(conversation),
        "conversationDetails": _details(conversation),
    }
    last = _last_content(conversation)
    if last is not None:
        told["lastContentEventNotification"] = change(last, live=True)
    return told


def _details(conversation: Conversation) -> Json:
    asked = conversation.asked
    told: Json = {
        "skillId": str(asked.get("skillId", "-1")),
        "participants": [{"id": who.participant, "role": who.role} for who in conversation.participants()],
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
        "campaignInfo": asked.get("campaignInfo"),
        "context": asked.get("conversationContext"),
    }
    return _without_none(told)


def _dialog(dialog: Dialog) -> Json:
    return _without_none(
        {
            "dialogId": dialog.dialog_id,
            "participantsDetails": [
                {"id": who.participant, "role": who.role, "state": state}
                for people, state in ((dialog.participants, "ACTIVE"), (dialog.suggested, "SUGGESTED"))
                for who in people
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


def _answer_due_ms(conversation: Conversation) -> int:
    """When the agent's answer is due; -1 while it is the consumer's turn, or nobody's."""
    last = _last_content(conversation)
    if not conversation.main.is_open or last is None or last.author.role != "CONSUMER":
        return -1
    return (last.server_ms or 0) + int(conversation.ttr["value"]) * 1000


def _last_content(conversation: Conversation) -> Published | None:
    history = reversed(conversation.main.published)
    return next((one for one in history if one.event["type"] != "AcceptStatusEvent"), None)


def _open_or_close(is_open: bool) -> str:
    return "OPEN" if is_open else "CLOSE"


def _without_none(told: Json) -> Json:
    return {key: value for key, value in told.items() if value is not None}
