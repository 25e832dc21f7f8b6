"""Rules about subscriptions: a dialog that was announced, and whose messages nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recorder.messaging import typenames
from recorder.messaging.events import Evidence, RequestMade

from .announced_dialogs import AnnouncedDialog
from .dependencies import Kind
from .findings import SATISFIED, Observation, OpenSentence, Placeholder, Severity, not_observable, violated
from .observation import watched_since
from .rule import Rule
from .session_index import SessionIndex

_FIRST_REQUESTS = frozenset(
    {
        typenames.SUBSCRIBE_CONVERSATIONS,
        typenames.REQUEST_CONVERSATION,
        typenames.AGENT_REQUEST_CONVERSATION,
        typenames.SUBSCRIBE_ROUTING,
    }
)
"""Requests that come before a dialog is known: a recording with none of them may have begun late."""


def _never_subscribed(session: SessionIndex, dialog_id: str) -> Iterator[Observation]:
    announced = session.announced_dialogs.of.get(dialog_id)
    if announced is None:
        return
    requests = _requests(session, dialog_id, announced)
    codes = [session.code_of(each.evidence.frame) for each in requests]
    # The service subscribes by itself, too, so events may come whoever asked for them.
    if dialog_id in session.with_events or any(code is None or code < 400 for code in codes):
        yield SATISFIED
    else:
        yield _unsubscribed(session, dialog_id, announced, requests)


def _requests(session: SessionIndex, dialog_id: str, announced: AnnouncedDialog) -> list[RequestMade]:
    """The requests for the messages of a dialog, or of its whole conversation."""
    named = [dialog_id] if announced.conversation_id is None else [dialog_id, announced.conversation_id]
    return [request for each in named for request in session.subscriptions.get(each) or ()]


def _unsubscribed(
    session: SessionIndex, dialog_id: str, announced: AnnouncedDialog, requests: Sequence[RequestMade]
) -> Observation:
    frames = [announced.evidence.frame, *(each.evidence.frame for each in requests)]
    said = f"{announced.name}, and nobody subscribed to its messages"
    if requests:
        code = session.code_of(requests[0].evidence.frame)
        said = f"{announced.name}, and the subscription to its messages was refused ({code})"
    unknown = _unobservable(session, said, dialog_id, announced.evidence)
    if unknown is not None:
        return not_observable(unknown, *frames, dialog=dialog_id)
    return violated(f"{said}, so none could come", *frames, dialog=dialog_id)


def _unobservable(
    session: SessionIndex, said: str, dialog_id: str, announced: Evidence
) -> str | OpenSentence | None:
    """Why it cannot be known that no message could come; None if it can."""
    if session.facts.get("v2"):
        return f"{said}; on v2 events come without a subscription"
    if not any(session.facts.get(f"asked {each}") for each in _FIRST_REQUESTS):
        return f"{said}; the recording may have begun after the subscription"
    if dialog_id in session.published_into:
        return None
    patience_s = session.limits.answer_patience_s
    watched = watched_since(session, announced, dialog_id, patience_s)
    if watched.seconds is None:
        return f"{said}; nothing was published into it, and the capture tells no times"
    if watched.seconds < patience_s:
        return watched.sentence(f"{said}; there were only ", Placeholder.SECONDS, " until ", Placeholder.END)
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
        looks=((Kind.ANNOUNCED_DIALOG, _never_subscribed),),
    ),
)  # fmt: skip
