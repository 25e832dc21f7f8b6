"""What a request of ours says when it goes out, and what its answer makes of that.

An answer is judged by what was asked, never by its numbers: the ``sequence: 0`` that answers a chat
state is not message 0.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from recorder.redaction.tokens import claims_of

from . import typenames
from .changes import (
    CHAT_STATE,
    CONTENT,
    RECEIPT,
    RICH_CONTENT,
    changes_of,
    content_of,
    no_dialog,
    read_change,
    receipt_of,
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
    ReceiptRefused,
    ReceiptReported,
    RequestAnswered,
    Stamp,
    check_layout,
)

check_layout(
    MessagePublished, "dialog_id sequence conversation_id author role mine type text request_frame evidence"
)
check_layout(
    ReceiptReported, "dialog_id sequences participant role mine status own_sequence request_frame evidence"
)
check_layout(ChatStateReported, "dialog_id participant role mine state evidence")
check_layout(PublishRequested, "dialog_id conversation_id type text author evidence")

Said = PublishRequested | ReceiptReported | ChatStateReported | None
"""What a request said about a dialog; None for requests that say nothing of the kind."""


_PUBLISHED = f"{typenames.PUBLISH}Response"


# Which requests an answer's type is the answer to. A request's own name with "Response" behind it needs
# no entry; every request may be answered with a mere text.
_ANSWERS_TO = {
    "cm.RequestConversationResponse": {
        typenames.REQUEST_CONVERSATION,
        typenames.AGENT_REQUEST_CONVERSATION,
    },
    "ms.BaseGenerateURLResponse": {"ms.GenerateURLForUploadFile", "ms.GenerateURLForDownloadFile"},
    "GenericSubscribeResponse": {
        name for name in typenames.REQUEST_TYPES if "ubscribe" in name or name == typenames.QUERY_MESSAGES
    },
} | {f"{name}Response": {name} for name in typenames.REQUEST_TYPES}


class Question(NamedTuple):
    """A request that waits for its answer. ``frame`` identifies it.

    ``dialog_id`` is the dialog whose history was asked for; None for all other requests.
    """

    frame: int
    type: str
    said: Said
    dialog_id: str | None = None


def said_by(request: Request, evidence: Evidence, tell: list[Event], *, participant: str | None) -> Said:
    """Append to ``tell`` what a publish says, and return it for its answer."""
    body = request.body
    event = body.get("event") if type(body) is dict else None
    if type(body) is not dict or type(event) is not dict:
        tell.append(OddityNoticed("malformed-request", "a publish without an event", evidence))
        return None
    said = _said(body, event, evidence, tell, participant)
    if said is not None:
        tell.append(said)
    return said


def _said(
    body: dict[str, Any], event: dict[str, Any], evidence: Evidence, tell: list[Event], me: str | None
) -> Said:
    kind = event.get("type")
    dialog_id = id_text(body.get("dialogId"))
    if kind in (CONTENT, RICH_CONTENT):
        content_type, text = content_of(event, evidence, tell)
        if dialog_id is None:
            tell.append(no_dialog("a publish", evidence))
        conversation_id = id_text(body.get("conversationId"))
        return PublishRequested(dialog_id, conversation_id, content_type, text, me, evidence)
    if kind == RECEIPT:
        return _receipt(dialog_id, event, evidence, tell, me)
    if kind == CHAT_STATE:
        return _chat_state(dialog_id, event, evidence, tell, me)
    tell.append(unknown_event(kind, evidence))
    return None


def _receipt(
    dialog_id: str | None, event: dict[str, Any], evidence: Evidence, tell: list[Event], me: str | None
) -> ReceiptReported | None:
    sequences, status = receipt_of(event, evidence, tell)
    if dialog_id is None:
        tell.append(no_dialog("a receipt", evidence))
    if dialog_id is None or status is None or not sequences:
        return None
    return ReceiptReported(dialog_id, sequences, me, None, True, status, None, evidence.frame, evidence)


def _chat_state(
    dialog_id: str | None, event: dict[str, Any], evidence: Evidence, tell: list[Event], me: str | None
) -> ChatStateReported | None:
    state = event.get("chatState")
    if dialog_id is None:
        tell.append(no_dialog("a chat state", evidence))
    if type(state) is str and state:
        return ChatStateReported(dialog_id, me, None, True, state, evidence)
    tell.append(OddityNoticed("malformed-chat-state", f"a chat state of {shown(state)}", evidence))
    return None


def identified_by(token: str | None, stamp: Stamp) -> Identified | None:
    """Who a token says we are: a JWT, an Authorization value, or the placeholder of either."""
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


def answered(question: Question | None, response: Response, stamp: Stamp) -> list[Event]:
    """What an answer tells. ``question`` None: nobody here asked."""
    code = response.code
    evidence = Evidence(_proof(code), *stamp)
    request_frame = None if question is None else question.frame
    tell: list[Event] = [RequestAnswered(request_frame, response.request_id, response.type, code, evidence)]
    if question is None:
        detail = f"an answer to {shown(response.request_id)}, which nobody asked or which was answered"
        tell.append(OddityNoticed("answer-without-question", detail, evidence))
    elif type(question.said) is ReceiptReported:
        _receipt_answered(question.said, response, evidence, tell)
        return tell
    elif type(question.said) is PublishRequested:
        _publish_answered(question.said, response, evidence, tell)
    elif evidence.proof is Proof.ACKNOWLEDGED:
        _other_answered(question, response, evidence, tell)
    elif evidence.proof is Proof.CLAIMED:
        tell.append(_no_code(response, evidence))
    if question is not None and evidence.proof is Proof.ACKNOWLEDGED:
        _judge_type(question, response, evidence, tell)
    return tell


def _judge_type(question: Question, response: Response, evidence: Evidence, tell: list[Event]) -> None:
    """An answer to another kind of request was meant for another one: the pairing by id is a guess then."""
    fitting = _ANSWERS_TO.get(response.type or "")
    if fitting is not None and question.type in typenames.REQUEST_TYPES and question.type not in fitting:
        detail = f"the {question.type} of frame {question.frame} was answered with {response.type}"
        tell.append(OddityNoticed("answer-of-another-type", detail, evidence))


def _proof(code: int | None) -> Proof:
    """An answer that is neither a yes nor a no proves no more than that we asked."""
    if code is None or code < 200:
        return Proof.CLAIMED
    if code < 300:
        return Proof.ACKNOWLEDGED
    return Proof.REFUSED if code >= 400 else Proof.CLAIMED


def _publish_answered(
    said: PublishRequested, response: Response, evidence: Evidence, tell: list[Event]
) -> None:
    request_frame = said.evidence.frame
    sequence = _own_sequence(response)
    if response.code is not None and evidence.proof is Proof.REFUSED:
        tell.append(PublishRefused(request_frame, response.code, evidence))
    elif evidence.proof is not Proof.ACKNOWLEDGED:
        tell.append(_no_code(response, evidence))
    elif sequence is None:
        detail = f"the publish of frame {request_frame} was answered without a sequence"
        tell.append(OddityNoticed("answer-without-sequence", detail, evidence))
    elif said.dialog_id is not None:
        tell.append(
            MessagePublished(
                said.dialog_id,
                sequence,
                said.conversation_id,
                said.author,
                None,
                True,
                said.type,
                said.text,
                request_frame,
                evidence,
            )
        )


def _receipt_answered(
    said: ReceiptReported, response: Response, evidence: Evidence, tell: list[Event]
) -> None:
    dialog_id, sequences, participant, role, mine, status, _, request_frame, claim = said
    if response.code is not None and evidence.proof is Proof.REFUSED:
        tell.append(
            ReceiptRefused(dialog_id, sequences, participant, status, claim.frame, response.code, evidence)
        )
    elif evidence.proof is not Proof.ACKNOWLEDGED:
        tell.append(_no_code(response, evidence))
    elif (own := _own_sequence(response)) is None and response.type not in (None, _PUBLISHED):
        detail = f"the receipt of frame {claim.frame} was answered with {response.type}"
        tell.append(OddityNoticed("answer-of-another-type", detail, evidence))
    else:
        tell.append(
            ReceiptReported(
                dialog_id, sequences, participant, role, mine, status, own, request_frame, evidence
            )
        )


def _other_answered(question: Question, response: Response, evidence: Evidence, tell: list[Event]) -> None:
    if question.type in (typenames.REQUEST_CONVERSATION, typenames.AGENT_REQUEST_CONVERSATION):
        body = response.body
        conversation_id = id_text(body.get("conversationId")) if type(body) is dict else None
        if conversation_id is not None:
            tell.append(ConversationOpened(conversation_id, question.frame, evidence))
    elif question.type == typenames.QUERY_MESSAGES:
        stamp = Stamp(evidence.frame, evidence.connection, evidence.at_us, evidence.offset_us)
        changes = changes_of(response.body)
        if changes is None:
            detail = f"changes are missing in {shown(response.body)}"
            tell.append(OddityNoticed("malformed-body", detail, evidence))
        for change in changes or ():
            read_change(change, stamp, tell, dialog_id=question.dialog_id)


def _own_sequence(response: Response) -> int | None:
    body = response.body
    return sequence_of(body.get("sequence")) if type(body) is dict else None


def _no_code(response: Response, evidence: Evidence) -> OddityNoticed:
    code = shown(response.raw.get("code"))
    return OddityNoticed("answer-without-code", f"an answer whose code is {code}", evidence)
