"""Objects without a type: read as what only one type looks like, or left alone with a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.envelopes import Notification, Request, Response, Unreadable, parse
from recorder.messaging.events import Event, OddityNoticed, Stamp
from recorder.messaging.interpreter import Interpreter

TEXT = {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}
RECEIPT = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [3]}
TYPING = {"type": "ChatStateEvent", "chatState": "COMPOSING"}
RICH = {"type": "RichContentEvent", "content": {"type": "vertical", "elements": []}}
SAID: dict[str, Any] = {
    "sequence": 3, "originatorId": "a", "serverTimestamp": 1_477_840_831_162, "event": TEXT, "dialogId": "d",
}  # fmt: skip
SNAPSHOT = {"type": "UPSERT", "result": {"convId": "c", "conversationDetails": {"state": "OPEN"}}}
LEFT = {"type": "DELETE", "result": {"convId": "c"}}
RING = {"type": "UPSERT", "result": {"conversationId": "c", "ringsDetails": [{"ringId": "r"}]}}
AVAILABLE = {"type": "UPSERT", "result": {"channels": ["MESSAGING"], "availability": "ONLINE"}}
PUBLISH = {"dialogId": "d", "event": TEXT}
JWT_HEADER = [{"type": ".ams.headers.ConsumerAuthentication", "jwt": "x"}]
FILE = {"fileSize": "1", "fileType": "PNG"}
CLOSE = {"conversationId": "c", "conversationField": []}
ONE_OF_EACH = {"changes": [SAID | {"result": {"convId": "c"}}]}
MESSAGES, CONVERSATIONS = "ms.MessagingEventNotification", "cqm.ExConversationChangeNotification"


def told(raw: object, *, from_client: bool) -> list[Event]:
    envelope = parse(json.dumps(raw).encode(), from_client=from_client)
    return Interpreter().feed(envelope, Stamp(7, 1))


def marks(events: list[Event]) -> list[str]:
    return [event.detail for event in events if isinstance(event, OddityNoticed)]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        pytest.param({"kind": "notification", "body": {"changes": [SAID]}}, MESSAGES, id="as-printed"),
        pytest.param({"body": {"changes": [SAID, SAID | {"event": RECEIPT}]}}, MESSAGES, id="no-kind"),
        pytest.param({"kind": "notification", "type": "", "body": {"changes": SAID}}, MESSAGES, id="single"),
        pytest.param({"type": None, "dialogId": "d", "changes": [SAID]}, MESSAGES, id="its-body"),
        pytest.param(SAID, MESSAGES, id="one-change"),
        pytest.param(SAID | {"__isMe": True, "event": RECEIPT}, MESSAGES, id="one-change-of-an-sdk"),
        pytest.param({"originatorId": "a", "dialogId": "d", "event": TYPING}, MESSAGES, id="typing"),
        pytest.param({"kind": "notification", "body": SAID}, "ms.OnlineEventDistribution", id="v2"),
        pytest.param({"body": SAID}, "ms.OnlineEventDistribution", id="v2-without-kind"),
        pytest.param({"kind": "notification", "body": {"changes": [SNAPSHOT]}}, CONVERSATIONS, id="snapshot"),
        pytest.param({"subscriptionId": "s", "changes": [SNAPSHOT, LEFT]}, CONVERSATIONS, id="its-body-too"),
        pytest.param(SNAPSHOT, CONVERSATIONS, id="one-snapshot"),
        pytest.param(LEFT, CONVERSATIONS, id="one-that-left"),
        pytest.param(
            {"subscriptionId": "s", "changes": [RING]}, "routing.RoutingTaskNotification", id="ring"
        ),
        pytest.param(
            {"subscriptionId": "s", "changes": [AVAILABLE]}, "routing.AgentStateNotification", id="state"
        ),
    ],
)
def test_a_notification_without_a_type_is_read_as_what_its_fields_are(raw: dict[str, Any], name: str) -> None:
    envelope = parse(json.dumps(raw).encode(), from_client=False)
    assert isinstance(envelope, Notification)
    assert (envelope.type, envelope.raw) == (name, raw)
    named = {"kind": "notification", "type": name, "body": envelope.body}
    events = told(raw, from_client=False)
    assert events[:-1] == told(named, from_client=False)
    assert f"a notification without a type, read as {name}, because" in marks(events)[-1]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        pytest.param({"id": "A3FA", "body": PUBLISH}, "ms.PublishEvent", id="as-printed"),
        pytest.param({"kind": "req", "id": 1, "body": PUBLISH}, "ms.PublishEvent", id="kind"),
        pytest.param({"id": 1, "body": {**PUBLISH, "event": RECEIPT}}, "ms.PublishEvent", id="receipt"),
        pytest.param({"body": PUBLISH}, "ms.PublishEvent", id="no-id"),
        pytest.param(PUBLISH, "ms.PublishEvent", id="its-body"),
        pytest.param({**PUBLISH, "messageAudience": "ALL"}, "ms.PublishEvent", id="its-body-private"),
        *(pytest.param(event, "ms.PublishEvent", id="one-event") for event in (TEXT, RECEIPT, TYPING, RICH)),
        pytest.param({"id": "0", "headers": JWT_HEADER}, "InitConnection", id="init"),
        pytest.param({"id": "0", "body": CLOSE}, "cm.UpdateConversationField", id="update"),
        pytest.param({"id": "0", "body": {"convState": []}}, "cqm.SubscribeExConversations", id="subscribe"),
        pytest.param({"id": "0", "body": FILE}, "ms.GenerateURLForUploadFile", id="upload"),
    ],
)
def test_a_request_without_a_type_is_read_as_what_its_fields_are(raw: dict[str, Any], name: str) -> None:
    envelope = parse(json.dumps(raw).encode(), from_client=True)
    assert isinstance(envelope, Request)
    assert (envelope.type, envelope.raw) == (name, raw)
    named = {"kind": "req", "type": name, "body": envelope.body, "headers": raw.get("headers")}
    events = told(raw, from_client=True)
    assert events[:-1] == told(named | ({"id": raw["id"]} if "id" in raw else {}), from_client=True)
    assert f"a request without a type, read as {name}, because" in marks(events)[-1]


def test_an_answer_is_one_by_its_number_and_code() -> None:
    raw = {"reqId": "A3FA", "code": "200", "body": {"sequence": 3}}
    interpreter = Interpreter()
    asked = parse(json.dumps({"id": "A3FA", "body": PUBLISH}).encode(), from_client=True)
    interpreter.feed(asked, Stamp(1, 1))
    envelope = parse(json.dumps(raw).encode(), from_client=False)
    assert isinstance(envelope, Response)
    answered, message, mark = interpreter.feed(envelope, Stamp(2, 1))
    assert type(answered).__name__ == "RequestAnswered"
    assert (message.sequence, message.text) == (3, "hi")  # type: ignore[union-attr]
    assert marks([mark]) == [
        "an object without kind and type, read as an answer, because it holds reqId and code"
    ]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(PUBLISH, "ms.PublishEvent or ms.MessagingEventNotification", id="asked-or-told"),
        pytest.param({"body": PUBLISH}, "ms.PublishEvent or ms.OnlineEventDistribution", id="the-same-v2"),
        pytest.param(ONE_OF_EACH, f"{MESSAGES} or {CONVERSATIONS}", id="event-and-result"),
        pytest.param({"changes": []}, "no known shape", id="nothing-in-it"),
        pytest.param({"subscriptionId": "s", "changes": [SAID, SNAPSHOT]}, "no known shape", id="mixed"),
        pytest.param({"changes": [{"result": {"x": 1}}]}, "no known shape", id="another-result"),
        pytest.param({"body": {"dialogId": "d", "fromSeq": 0}}, "no known shape", id="subscribe-or-query"),
        pytest.param({"dialogId": "d", "participants": [], "state": "OPEN"}, "no known shape", id="fragment"),
        pytest.param({"sequence": 3}, "no known shape", id="body-of-an-answer"),
        pytest.param([SAID], "an array of 1", id="array-of-one"),
        pytest.param([{"kind": "notification", "body": {"changes": [SAID]}}], "an array of 1", id="array"),
    ],
)
def test_what_could_be_two_or_is_none_stays_unreadable_and_says_why(raw: object, reason: str) -> None:
    envelope = parse(json.dumps(raw).encode(), from_client=False)
    assert isinstance(envelope, Unreadable)
    assert reason in envelope.detail


@pytest.mark.parametrize(
    ("raw", "from_client"),
    [
        pytest.param({"id": "1", "body": {"dialogId": "d", "fromSeq": 0}}, True, id="subscribe-or-query"),
        pytest.param({"kind": "notification", "body": {"changes": []}}, False, id="empty"),
        pytest.param({"kind": "req", "id": "1", "body": {"event": TEXT}}, True, id="publish-without-dialog"),
    ],
)
def test_where_only_the_kind_is_certain_the_type_stays_open(raw: dict[str, Any], from_client: bool) -> None:
    assert any(mark.endswith("without a type") for mark in marks(told(raw, from_client=from_client)))


@given(
    st.dictionaries(
        st.sampled_from(
            ["kind", "id", "body", "event", "dialogId", "changes", "result", "headers", "sequence"]
        ),
        st.sampled_from(
            [None, "x", [], {}, [SAID], {"changes": [SAID]}, TEXT, PUBLISH, [SNAPSHOT], JWT_HEADER]
        ),
    ),
    st.sampled_from(["ms.PublishEvent", "ms.New", MESSAGES]),
    st.booleans(),
)
def test_a_type_that_is_there_is_never_replaced(raw: dict[str, Any], name: str, from_client: bool) -> None:
    envelope = parse(json.dumps(raw | {"type": name}).encode(), from_client=from_client)
    assert not isinstance(envelope, Unreadable)
    assert (envelope.type, envelope.assumed) == (name, None)
