"""Events of our own requests and of their responses.

A response is read by what was requested, never by its numbers: the ``sequence: 0`` that answers a chat state
is not message 0.
"""

from __future__ import annotations

from typing import NamedTuple

from recorder.redaction.tokens import claims_of

from . import typenames
from .changes import (
    CHAT_STATE,
    CONTENT,
    LONG_SEQUENCE,
    RECEIPT,
    RICH_CONTENT,
    audience_of,
    chat_state_event,
    content_of,
    no_dialog,
    note_long_sequences,
    read_changes,
    receipt_event,
    sequence_of,
    shown,
    unknown_event,
)
from .envelopes import Request, Response, id_text, one_or_many
from .events import (
    ChatStateReported,
    ConversationOpened,
    Event,
    Evidence,
    Identified,
    MessagePublished,
    OddityNoticed,
    Proof,
    PublishRefused,
    PublishRequested,
    PublishTaken,
    ReceiptRefused,
    ReceiptReported,
    RequestAnswered,
    Stamp,
    check_layout,
)
from .profiles import RequestedProfile, named_by
from .refusals import refusal_words

check_layout(
    MessagePublished,
    "dialog_id sequence conversation_id author role mine type text request_frame evidence audience",
)
check_layout(
    ReceiptReported, "dialog_id sequences participant role mine status own_sequence request_frame evidence"
)
check_layout(ChatStateReported, "dialog_id participant role mine state evidence")
check_layout(PublishRequested, "dialog_id conversation_id type text author evidence audience")
check_layout(RequestAnswered, "request_frame request_id type code evidence reason")

RequestedEvent = PublishRequested | ReceiptReported | ChatStateReported | None
"""What a publish request asks for; None for requests of any other type."""


_PUBLISHED = f"{typenames.PUBLISH}Response"


# Response type → the request types it answers. "Response" appended to the type of the request needs no entry;
# every request may be answered with a mere text.
_ANSWERS_TO = {
    "cm.RequestConversationResponse": {
        typenames.REQUEST_CONVERSATION,
        typenames.AGENT_REQUEST_CONVERSATION,
    },
    "ms.BaseGenerateURLResponse": {"ms.GenerateURLForUploadFile", "ms.GenerateURLForDownloadFile"},
    "GenericSubscribeResponse": {
        name for name in typenames.REQUEST_TYPES if "ubscri" in name or name == typenames.QUERY_MESSAGES
    },
} | {f"{name}Response": {name} for name in typenames.REQUEST_TYPES}


class PendingRequest(NamedTuple):
    """A request without a response so far, identified by its ``frame``.

    ``event`` is what a publish asks for. ``dialog_id`` is the dialog of a QueryMessages; None for others.
    ``placeholder`` says which placeholder in it nobody filled in, ``profile`` whose profile it is about.
    """

    frame: int
    type: str
    event: RequestedEvent
    dialog_id: str | None = None
    placeholder: str | None = None
    profile: RequestedProfile | None = None


def requested_event(
    request: Request, evidence: Evidence, events: list[Event], *, participant: str | None
) -> RequestedEvent:
    """Append the event of a publish request to ``events``, and return it for its response."""
    body = request.body
    event = body.get("event") if type(body) is dict else None
    if type(body) is not dict or type(event) is not dict:
        events.append(OddityNoticed("malformed-request", "a publish without an event", evidence))
        return None
    kind, dialog_id = event.get("type"), id_text(body.get("dialogId"))
    requested: RequestedEvent = None
    if kind in (CONTENT, RICH_CONTENT):
        content_type, text = content_of(event, evidence, events)
        if dialog_id is None:
            events.append(no_dialog("a publish", evidence))
        conversation_id = id_text(body.get("conversationId"))
        audience = audience_of(body.get("messageAudience"), evidence, events)
        requested = PublishRequested(
            dialog_id, conversation_id, content_type, text, participant, evidence, audience
        )
    elif kind == RECEIPT:
        requested = receipt_event(
            event, dialog_id, participant, None, evidence, events, request_frame=evidence.frame
        )
    elif kind == CHAT_STATE:
        requested = chat_state_event(event, dialog_id, participant, None, evidence, events, mine=True)
    else:
        events.append(unknown_event(kind, evidence))
    if requested is not None:
        events.append(requested)
    return requested


def identified_by(token: str | None, stamp: Stamp) -> Identified | None:
    """Identity from the ``sub`` of a JWT, an Authorization value, or the placeholder of either."""
    claims = None if token is None else claims_of(token)
    if claims is None or claims.sub is None:
        return None
    return Identified(claims.sub, Evidence(Proof.CLAIMED, *stamp))


def token_in(request: Request) -> str | None:
    """The token that an InitConnection request carries, if it does."""
    for header in one_or_many(request.raw.get("headers")):
        token = header.get("jwt") if type(header) is dict else None
        if type(token) is str:
            return token
    return None


def response_events(pending: PendingRequest | None, response: Response, stamp: Stamp) -> list[Event]:
    """Events of a response. ``pending`` is the request it answers, None if there is none."""
    code = response.code
    evidence = Evidence(_proof(code), *stamp)
    request_frame = None if pending is None else pending.frame
    answered = RequestAnswered(request_frame, response.request_id, response.type, code, evidence)
    if evidence.proof is Proof.REFUSED:
        placeholder = None if pending is None else pending.placeholder
        answered = answered._replace(reason=refusal_words(response.body, placeholder=placeholder))
    events: list[Event] = [answered]
    if pending is None:
        detail = f"an answer to {shown(response.request_id)}, which nobody asked or which was answered"
        events.append(OddityNoticed("answer-without-question", detail, evidence))
    elif type(pending.event) is ReceiptReported:
        _add_receipt_result(pending.event, response, answered, events)
        return events
    elif type(pending.event) is PublishRequested:
        _add_publish_result(pending.event, response, answered, events)
    elif evidence.proof is Proof.ACKNOWLEDGED:
        _add_other_result(pending, response, evidence, events)
    elif evidence.proof is Proof.CLAIMED:
        events.append(_no_code(response, evidence))
    if pending is not None and evidence.proof is Proof.ACKNOWLEDGED:
        _check_response_type(pending, response, evidence, events)
    return events


def _check_response_type(
    pending: PendingRequest, response: Response, evidence: Evidence, events: list[Event]
) -> None:
    """Note a response whose type belongs to another kind of request: then the pairing by id is a guess."""
    fitting = _ANSWERS_TO.get(response.type or "")
    if fitting is not None and pending.type in typenames.REQUEST_TYPES and pending.type not in fitting:
        detail = f"the {pending.type} of frame {pending.frame} was answered with {response.type}"
        events.append(OddityNoticed("answer-of-another-type", detail, evidence))


def _proof(code: int | None) -> Proof:
    """Proof level of a response code: 2xx acknowledges, 400 and more refuses, others prove the request."""
    if code is None or code < 200:
        return Proof.CLAIMED
    if code < 300:
        return Proof.ACKNOWLEDGED
    return Proof.REFUSED if code >= 400 else Proof.CLAIMED


def _add_publish_result(
    event: PublishRequested, response: Response, answered: RequestAnswered, events: list[Event]
) -> None:
    request_frame, evidence = event.evidence.frame, answered.evidence
    sequence = _sequence_in(response)
    if response.code is not None and evidence.proof is Proof.REFUSED:
        events.append(PublishRefused(request_frame, response.code, evidence, answered.reason))
    elif evidence.proof is not Proof.ACKNOWLEDGED:
        events.append(_no_code(response, evidence))
    elif sequence is None:
        detail = f"the publish of frame {request_frame} was answered without a sequence"
        events.append(OddityNoticed("answer-without-sequence", detail, evidence))
        events.append(PublishTaken(request_frame, evidence))
    elif event.dialog_id is not None:
        note_long_sequences(LONG_SEQUENCE, (sequence,), evidence, events)
        events.append(
            MessagePublished(
                event.dialog_id,
                sequence,
                event.conversation_id,
                event.author,
                None,
                True,
                event.type,
                event.text,
                request_frame,
                evidence,
                event.audience,
            )
        )


def _add_receipt_result(
    event: ReceiptReported, response: Response, answered: RequestAnswered, events: list[Event]
) -> None:
    evidence = answered.evidence
    dialog_id, sequences, participant, _, _, status, _, _, claim = event
    if response.code is not None and evidence.proof is Proof.REFUSED:
        events.append(
            ReceiptRefused(
                dialog_id,
                sequences,
                participant,
                status,
                claim.frame,
                response.code,
                evidence,
                answered.reason,
            )
        )
    elif evidence.proof is not Proof.ACKNOWLEDGED:
        events.append(_no_code(response, evidence))
    elif (sequence := _sequence_in(response)) is None and response.type not in (None, _PUBLISHED):
        detail = f"the receipt of frame {claim.frame} was answered with {response.type}"
        events.append(OddityNoticed("answer-of-another-type", detail, evidence))
    else:
        events.append(event._replace(own_sequence=sequence, evidence=evidence))


def _add_other_result(
    pending: PendingRequest, response: Response, evidence: Evidence, events: list[Event]
) -> None:
    if pending.type in (typenames.REQUEST_CONVERSATION, typenames.AGENT_REQUEST_CONVERSATION):
        body = response.body
        conversation_id = id_text(body.get("conversationId")) if type(body) is dict else None
        if conversation_id is not None:
            events.append(ConversationOpened(conversation_id, pending.frame, evidence))
    elif pending.profile is not None:
        named = named_by(pending.profile, response.body, evidence)
        if named is not None:
            events.append(named)
    elif pending.type == typenames.QUERY_MESSAGES:
        read_changes(response.body, evidence, events, dialog_id=pending.dialog_id)


def _sequence_in(response: Response) -> int | None:
    body = response.body
    return sequence_of(body.get("sequence")) if type(body) is dict else None


def _no_code(response: Response, evidence: Evidence) -> OddityNoticed:
    code = shown(response.raw.get("code"))
    return OddityNoticed("answer-without-code", f"an answer whose code is {code}", evidence)
