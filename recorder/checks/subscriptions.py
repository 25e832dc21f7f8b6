"""Rules about subscriptions: a dialog that was announced, and whose messages nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from recorder.messaging import typenames
from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    ConversationOpened,
    ConversationTaken,
    Dialog,
    Evidence,
    MessagePublished,
    Proof,
    ReceiptReported,
    RequestMade,
)

from .findings import SATISFIED, Observation, Severity, not_observable, span, violated
from .observation import watched_since
from .session_index import Rule, SessionIndex

_CLOSED = "CLOSE"
_MESSAGING = "MESSAGING"
_FIRST_REQUESTS = frozenset(
    {
        typenames.SUBSCRIBE_CONVERSATIONS,
        typenames.REQUEST_CONVERSATION,
        typenames.AGENT_REQUEST_CONVERSATION,
        typenames.SUBSCRIBE_ROUTING,
    }
)
"""Requests that come before a dialog is known: a recording with none of them may have begun late."""


class _AnnouncedDialog(NamedTuple):
    """A dialog that was open when it was first heard of. ``name`` says which, in words.

    ``conversation_id`` is that of its conversation where no dialog goes by it: a subscription to it is one
    to all of its dialogs.
    """

    name: str
    evidence: Evidence
    conversation_id: str | None = None


def _never_subscribed(session: SessionIndex) -> Iterator[Observation]:
    with_events = _dialogs_with_events(session)
    for dialog_id, announced in _announced_dialogs(session).items():
        requests = _requests(session, dialog_id, announced)
        codes = [session.code_of(each.evidence.frame) for each in requests]
        if dialog_id in with_events or any(code is None or code < 400 for code in codes):
            yield SATISFIED
        else:
            yield _unsubscribed(session, dialog_id, announced)


def _requests(session: SessionIndex, dialog_id: str, announced: _AnnouncedDialog) -> list[RequestMade]:
    """The requests for the messages of a dialog, or of its whole conversation."""
    named = [dialog_id] if announced.conversation_id is None else [dialog_id, announced.conversation_id]
    return [request for each in named for request in session.subscriptions.get(each, ())]


def _dialogs_with_events(session: SessionIndex) -> set[str | None]:
    """The dialogs of which events came, whoever asked for them: the service subscribes by itself, too."""
    events: list[MessagePublished | ReceiptReported | ChatStateReported] = [
        *session.of(MessagePublished),
        *session.of(ReceiptReported),
        *session.of(ChatStateReported),
    ]
    return {event.dialog_id for event in events if event.evidence.proof is Proof.ANNOUNCED}


def _announced_dialogs(session: SessionIndex) -> dict[str, _AnnouncedDialog]:
    """The open dialogs of our own conversations, by id, in the order in which they were heard of."""
    announced = dict[str, _AnnouncedDialog]()
    for opened in session.of(ConversationOpened):
        name = f"conversation {opened.conversation_id[:64]} was opened"
        announced.setdefault(opened.conversation_id, _AnnouncedDialog(name, opened.evidence))
    for taken in session.of(ConversationTaken):
        name = f"conversation {taken.conversation_id[:64]} was accepted"
        announced.setdefault(taken.conversation_id, _AnnouncedDialog(name, taken.evidence))
    for change in session.of(ConversationChanged):
        if change.left_subscription or not _is_ours(session, change):
            continue
        apart = all(each.dialog_id != change.conversation_id for each in change.dialogs)
        whole = change.conversation_id if change.dialogs and apart else None
        for dialog in _messaging_dialogs(change):
            name = f"dialog {dialog.dialog_id[:64]} was announced"
            announced.setdefault(dialog.dialog_id, _AnnouncedDialog(name, change.evidence, whole))
        if whole is not None:
            announced.pop(change.conversation_id, None)  # its main dialog goes by another id
    return announced


def _messaging_dialogs(change: ConversationChanged) -> list[Dialog]:
    dialogs = change.dialogs or (Dialog(change.conversation_id, None, None, change.state),)
    return [each for each in dialogs if each.state != _CLOSED and each.channel in (None, _MESSAGING)]


def _is_ours(session: SessionIndex, change: ConversationChanged) -> bool:
    """Whether we take part, as far as that is known: managers hear of conversations that are not theirs."""
    present = {each.participant for each in change.participants if each.state != "SUGGESTED"}
    return not session.selves.ids or not present or bool(session.selves.ids & present)


def _unsubscribed(session: SessionIndex, dialog_id: str, announced: _AnnouncedDialog) -> Observation:
    requests = _requests(session, dialog_id, announced)
    frames = [announced.evidence.frame, *(each.evidence.frame for each in requests)]
    said = f"{announced.name}, and nobody subscribed to its messages"
    if requests:
        code = session.code_of(requests[0].evidence.frame)
        said = f"{announced.name}, and the subscription to its messages was refused ({code})"
    unknown = _unobservable(session, dialog_id, announced.evidence)
    if unknown is not None:
        return not_observable(f"{said}; {unknown}", *frames, dialog=dialog_id)
    return violated(f"{said}, so none could come", *frames, dialog=dialog_id)


def _unobservable(session: SessionIndex, dialog_id: str, announced: Evidence) -> str | None:
    """Why it cannot be known that no message could come; None if it can."""
    asked = session.asked.values()
    if any(each.generation == 2 for each in asked):
        return "on v2 events come without a subscription"
    if not any(each.type in _FIRST_REQUESTS for each in asked):
        return "the recording may have begun after the subscription"
    if any(each.dialog_id == dialog_id and each.type == typenames.PUBLISH for each in asked):
        return None
    watched, why = watched_since(session, announced, dialog_id)
    if watched is None:
        return "nothing was published into it, and the capture tells no times"
    if watched < session.limits.answer_patience_s:
        return f"there were only {span(max(watched, 0.0))} until {why}"
    return None


RULES = (
    Rule(
        "never-subscribed",
        Severity.WARNING,
        "Somebody subscribes to the messages of every open dialog",
        "Looks for open dialogs of your own conversations, as requests, snapshots and accepted rings name "
        "them, without a SubscribeMessagingEvents or QueryMessages that was not refused: then no message can "
        "come, and a bot stays silent. A subscription that names the conversation alone counts. A ring that "
        "nobody accepted does not: it may go to another agent. A dialog whose messages, receipts or chat "
        "states came all the same is satisfied: the service may subscribe by itself. Not observable on v2, "
        "which sends events without a subscription; where the recording began later than the subscription to "
        "conversations; and where it ended within 10 s and nothing was published into the dialog.",
        _never_subscribed,
    ),
)  # fmt: skip
