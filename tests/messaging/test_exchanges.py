"""An answer is judged by what was asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recorder.messaging import requests
from recorder.messaging.envelopes import Request, Response, parse
from recorder.messaging.events import (
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
)
from recorder.messaging.exchanges import (
    PendingRequest,
    identified_by,
    requested_event,
    response_events,
    token_in,
)
from recorder.messaging.interpreter import Interpreter

ASKED = Evidence(Proof.CLAIMED, 4, 1, 10, 20)
HEARD = Stamp(5, 1, 11, 21)
TEXT = requests.publish_text("1", "d", "hi", conversation_id="c")
READ = requests.read("1", "d", [3, 4])
TYPING = requests.publish_chat_state("1", "d", "COMPOSING")


def pending(request: Request) -> PendingRequest:
    said = (
        requested_event(request, ASKED, [], participant="me") if request.type == "ms.PublishEvent" else None
    )
    return PendingRequest(4, request.type, said)


def outcome(
    request: Request, *, code: int | None = 200, body: object = None, type_: str | None = None
) -> list[Event]:
    raw: dict[str, Any] = {"kind": "resp", "reqId": "1", "body": body}
    first, *rest = response_events(pending(request), Response("1", type_, code, body, raw), HEARD)
    assert isinstance(first, RequestAnswered)
    assert (first.request_frame, first.code) == (4, code)
    return rest


def test_a_publish_says_what_was_asked() -> None:
    tell: list[Event] = []
    said = requested_event(TEXT, ASKED, tell, participant="me")
    assert tell == [said] == [PublishRequested("d", "c", "text/plain", "hi", "me", ASKED)]


def test_a_receipt_going_out_is_a_claim_of_ours() -> None:
    said = pending(READ).event
    assert said == ReceiptReported("d", (3, 4), "me", None, True, "READ", None, 4, ASKED)
    assert ASKED.proof is Proof.CLAIMED


def test_a_chat_state_is_ours() -> None:
    assert pending(TYPING).event == ChatStateReported("d", "me", None, True, "COMPOSING", ASKED)


def test_an_acknowledged_publish_is_a_message_of_ours() -> None:
    evidence = Evidence(Proof.ACKNOWLEDGED, 5, 1, 11, 21)
    assert outcome(TEXT, body={"sequence": 0}) == [
        MessagePublished("d", 0, "c", "me", None, True, "text/plain", "hi", 4, evidence)
    ]


def test_an_acknowledged_receipt_is_proven_by_its_answer() -> None:
    (receipt,) = outcome(READ, body={"sequence": 9})
    assert isinstance(receipt, ReceiptReported)
    assert (receipt.sequences, receipt.own_sequence, receipt.request_frame) == ((3, 4), 9, 4)
    assert receipt.evidence.proof is Proof.ACKNOWLEDGED


@pytest.mark.parametrize("code", [400, 401, 404, 429, 500])
def test_a_refusal_proves_nothing_but_that_it_was_tried(code: int) -> None:
    (publish,) = outcome(TEXT, code=code, body={"sequence": 3})
    (receipt,) = outcome(READ, code=code, body="no")
    assert isinstance(publish, PublishRefused)
    assert isinstance(receipt, ReceiptRefused)
    assert (publish.request_frame, publish.code, receipt.request_frame, receipt.code) == (4, code, 4, code)
    assert publish.evidence.proof is Proof.REFUSED


@pytest.mark.parametrize("code", [200, 400])
def test_the_zero_that_answers_a_chat_state_is_not_message_zero(code: int | None) -> None:
    assert outcome(TYPING, code=code, body={"sequence": 0}) == []


@pytest.mark.parametrize("request_", [TEXT, READ, TYPING], ids=["publish", "receipt", "chat state"])
@pytest.mark.parametrize("code", [None, 100, 302])
def test_an_answer_that_is_neither_yes_nor_no_is_odd(request_: Request, code: int | None) -> None:
    (odd,) = outcome(request_, code=code, body={"sequence": 1})
    assert isinstance(odd, OddityNoticed)
    assert odd.kind == "answer-without-code"


@pytest.mark.parametrize(
    "body", [None, {}, "OK", {"sequence": None}, {"sequence": -1}, {"sequence": True}, [1]]
)
def test_a_publish_needs_a_sequence_to_be_a_message(body: object) -> None:
    odd, taken = outcome(TEXT, body=body)
    assert isinstance(odd, OddityNoticed)
    assert odd.kind == "answer-without-sequence"
    assert isinstance(taken, PublishTaken)


def test_an_answer_named_after_another_request_acknowledges_no_receipt() -> None:
    """Ids repeat: the string that answers a close is no receipt's acknowledgement."""
    (odd,) = outcome(READ, body="OK Conversation resolved successfully", type_="StringResponse")
    assert isinstance(odd, OddityNoticed)
    assert odd.kind == "answer-of-another-type"


def test_a_requested_conversation_is_opened() -> None:
    (opened,) = outcome(requests.request_conversation("1"), body={"conversationId": "c"})
    assert isinstance(opened, ConversationOpened)
    assert (opened.conversation_id, opened.request_frame) == ("c", 4)
    assert outcome(requests.request_conversation("1"), code=400, body="bad") == []


def test_a_history_that_was_asked_for_is_announced() -> None:
    change = {"dialogId": "d", "originatorId": "a", "sequence": 0, "event": TEXT.raw["body"]["event"]}
    (message,) = outcome(requests.request("1", ".ams.ms.QueryMessages", {"dialogId": "d"}), body=[change])
    assert isinstance(message, MessagePublished)
    assert (message.mine, message.evidence.proof) == (False, Proof.ANNOUNCED)


@pytest.mark.parametrize("body", [None, "sorry", {"messages": []}], ids=["nothing", "text", "object"])
def test_a_history_that_holds_no_changes_is_odd(body: object) -> None:
    (odd,) = outcome(requests.request("1", "ms.QueryMessages", {"dialogId": "d"}), body=body)
    assert isinstance(odd, OddityNoticed)
    assert odd.kind == "malformed-body"


@pytest.mark.parametrize(
    ("asked", "answer", "fits"),
    [
        pytest.param("GetClock", "GetClockResponse", True, id="by its own name"),
        pytest.param("GetClock", "StringResponse", True, id="a mere text"),
        pytest.param("GetClock", None, True, id="no type"),
        pytest.param("GetClock", "cm.NeverHeardOfResponse", True, id="a new one"),
        pytest.param("cm.NeverHeardOf", "GetClockResponse", True, id="to a new one"),
        pytest.param("GetClock", "ms.PublishEventResponse", False, id="a publish's"),
        pytest.param("cm.AgentRequestConversation", "cm.RequestConversationResponse", True, id="agent's"),
        pytest.param("ms.SubscribeMessagingEvents", "GenericSubscribeResponse", True, id="generic"),
        pytest.param(
            "ms.SubscribeMessagingEvents", "cqm.SubscribeExConversationsResponse", False, id="other"
        ),
        pytest.param("ms.GenerateURLForUploadFile", "ms.BaseGenerateURLResponse", True, id="upload"),
        pytest.param("cm.UpdateConversationField", "GenericSubscribeResponse", False, id="no subscription"),
    ],
)
def test_an_answer_to_another_kind_of_request_is_odd(asked: str, answer: str | None, fits: bool) -> None:
    """Ids are used twice in practice, and then the wrong question may get the answer."""
    pending = PendingRequest(1, asked, None)
    events = response_events(pending, Response("1", answer, 200, {}, {}), HEARD)
    assert [e.kind for e in events if isinstance(e, OddityNoticed)] == (
        [] if fits else ["answer-of-another-type"]
    )
    refused = response_events(pending, Response("1", answer, 400, {}, {}), HEARD)
    assert [e for e in refused if isinstance(e, OddityNoticed)] == []


def test_an_answer_nobody_asked_for_is_odd() -> None:
    events = response_events(None, Response("9", None, 200, {"sequence": 1}, {}), HEARD)
    assert isinstance(events[0], RequestAnswered)
    assert events[0].request_frame is None
    assert isinstance(events[1], OddityNoticed)
    assert events[1].kind == "answer-without-question"


@pytest.mark.parametrize(
    ("body", "kinds", "said"),
    [
        pytest.param(None, ["malformed-request"], False, id="no-body"),
        pytest.param("text", ["malformed-request"], False, id="string"),
        pytest.param({"dialogId": "d", "event": {"type": "X"}}, ["unknown-event"], False, id="unknown-event"),
        pytest.param(
            {"event": {"type": "ContentEvent", "contentType": "text/plain", "message": "x"}},
            ["no-dialog"],
            True,
            id="no-dialog",
        ),
        pytest.param(
            {"event": {"type": "ChatStateEvent", "chatState": "ACTIVE"}},
            ["no-dialog"],
            True,
            id="typing-nowhere",
        ),
        pytest.param(
            {"dialogId": "d", "event": {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": []}},
            ["malformed-sequence-list"],
            False,
            id="empty-list",
        ),
        pytest.param(
            {"dialogId": "d", "event": {"type": "ChatStateEvent"}}, ["malformed-chat-state"], False, id="mute"
        ),
    ],
)
def test_what_is_odd_about_a_request_is_named(body: object, kinds: list[str], said: bool) -> None:
    tell: list[Event] = []
    result = requested_event(requests.request("1", "ms.PublishEvent", body), ASKED, tell, participant=None)
    assert [event.kind for event in tell if isinstance(event, OddityNoticed)] == kinds
    assert (result is not None) is said


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([{"type": "x"}, {"jwt": "token"}], id="list"),
        pytest.param({"jwt": "token"}, id="single-element"),
        pytest.param([7, None, {"jwt": 7}, {"jwt": "token"}], id="rubbish-before"),
    ],
)
def test_the_token_of_an_init_connection_is_found(headers: object) -> None:
    envelope = parse(b'{"kind":"req","id":"0","type":"InitConnection"}', from_client=True)
    assert isinstance(envelope, Request)
    assert token_in(envelope) is None
    assert token_in(requests.request("0", "InitConnection", headers=headers)) == "token"


def test_a_placeholder_identifies_as_well_as_the_token_did() -> None:
    identified = identified_by("jwt ⟦jwt:3f9a1c22 sub=5e9ee96c aud=acc:1⟧", HEARD)
    assert identified == Identified("5e9ee96c", Evidence(Proof.CLAIMED, *HEARD))
    assert identified_by("jwt ⟦jwt:3f9a1c22⟧", HEARD) is None
    assert identified_by(None, HEARD) is None


@pytest.mark.parametrize("audience", [None, "ALL", "AGENTS_AND_MANAGERS", "BOTS"])
def test_who_may_see_a_message_is_asked_with_the_publish_and_stands_in_the_answer(audience):
    interpreter = Interpreter()
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}
    body = {"dialogId": "d", "event": event, "messageAudience": audience}
    asked = json.dumps({"kind": "req", "id": "1", "type": "ms.PublishEvent", "body": body}).encode()
    answer = {
        "kind": "resp",
        "reqId": "1",
        "code": 200,
        "body": {"sequence": 0},
        "type": "ms.PublishEventResponse",
    }
    _, publish = interpreter.read(asked, Stamp(1, 1), from_client=True)
    _, message = interpreter.read(json.dumps(answer).encode(), Stamp(2, 1), from_client=False)
    assert (publish.audience, message.audience) == (audience, audience)
