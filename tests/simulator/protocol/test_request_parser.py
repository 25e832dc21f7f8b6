"""Parsing requests, and refusing what is none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.simulator.delivery.encoder import Encoder
from recorder.simulator.protocol.request_parser import (
    REQUEST_PARSERS,
    PublishRequest,
    RequestRefused,
    parse_envelope,
    parse_request,
    request_id_of,
)
from recorder.simulator.request_handler import HANDLERS


def read(**request):
    return parse_request(parse_envelope(json.dumps({"id": 1} | request)))


@pytest.mark.parametrize(
    ("given_id", "delivered"),
    [
        pytest.param("A3HC", "A3HC", id="text"),
        pytest.param(1, "1", id="number"),
        pytest.param(0, "0", id="zero"),
        pytest.param(1.5, "1.5", id="fraction"),
    ],
)
def test_an_id_is_read_as_text(given_id, delivered):
    assert parse_envelope(json.dumps({"id": given_id, "type": "GetClock"})).id == delivered


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "Not JSON", id="empty"),
        pytest.param("hello", "Not JSON", id="words"),
        pytest.param('{"id":1', "Not JSON", id="torn"),
        pytest.param(b"\xff\xfe", "Not JSON", id="no-utf8"),
        pytest.param("\ud800", "Not JSON", id="half-a-character"),
        pytest.param("[]", "Not a JSON object", id="array"),
        pytest.param("1", "Not a JSON object", id="number"),
        pytest.param("{}", "id is missing", id="no-id"),
        pytest.param('{"id":"","type":"GetClock"}', "id must be text", id="empty-id"),
        pytest.param('{"id":true,"type":"GetClock"}', "id must be text", id="boolean-id"),
        pytest.param('{"id":[1],"type":"GetClock"}', "id must be text", id="list-id"),
        pytest.param('{"id":1}', "type is missing", id="no-type"),
        pytest.param('{"id":1,"type":7}', "type must be text", id="numeric-type"),
        pytest.param('{"id":1,"type":"x","kind":"resp"}', 'kind must be "req"', id="a-response"),
        pytest.param('{"id":1,"type":' + "[" * 200 + "]" * 200 + "}", "Nested deeper", id="deep"),
    ],
)
def test_an_invalid_envelope_is_refused_with_a_reason(text, reason):
    with pytest.raises(RequestRefused, match=reason) as refused:
        parse_envelope(text)
    assert refused.value.code == 400


PUBLISH = {"type": "ms.PublishEvent"}
FIELD = {"type": "cm.UpdateConversationField"}


def publishing(**event):
    return PUBLISH | {"body": {"dialogId": "d", "event": event}}


def changing(**field):
    return FIELD | {"body": {"conversationId": "c", "conversationField": field}}


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        pytest.param({"type": "x.Y"}, "Unknown request type x.Y", id="unknown-type"),
        pytest.param(PUBLISH, "body is missing", id="no-body"),
        pytest.param(PUBLISH | {"body": "d"}, "body must be an object", id="body-is-text"),
        pytest.param(PUBLISH | {"body": {}}, "dialogId is missing", id="no-dialog"),
        pytest.param(PUBLISH | {"body": {"dialogId": "d"}}, "event is missing", id="no-event"),
        pytest.param(publishing(), "type is missing", id="no-event-type"),
        pytest.param(publishing(type="Nope"), "Unknown event type Nope", id="unknown-event"),
        pytest.param(
            publishing(type="ContentEvent", message="x"), "contentType is missing", id="no-content-type"
        ),
        pytest.param(
            publishing(type="ContentEvent", contentType="text/plain"), "message is missing", id="no-message"
        ),
        pytest.param(
            publishing(type="ContentEvent", contentType="text/plain", message={}),
            "must be text",
            id="text-is-object",
        ),
        pytest.param(
            publishing(type="ContentEvent", contentType="hosted/file", message={}),
            "relativePath",
            id="file-nowhere",
        ),
        pytest.param(publishing(type="RichContentEvent"), "content is missing", id="rich-but-empty"),
        pytest.param(
            publishing(type="AcceptStatusEvent", sequenceList=[1]), "status is missing", id="no-status"
        ),
        pytest.param(
            publishing(type="AcceptStatusEvent", status="READ"), "sequenceList is missing", id="no-list"
        ),
        pytest.param(
            publishing(type="AcceptStatusEvent", status="READ", sequenceList=["1"]),
            "sequences",
            id="text-in-list",
        ),
        pytest.param(
            publishing(type="AcceptStatusEvent", status="READ", sequenceList=[True]),
            "sequences",
            id="truth-in-list",
        ),
        pytest.param(
            publishing(type="AcceptStatusEvent", status="READ", sequenceList=-1), "sequences", id="negative"
        ),
        pytest.param(publishing(type="ChatStateEvent"), "chatState is missing", id="no-chat-state"),
        pytest.param(FIELD | {"body": {}}, "conversationId is missing", id="no-conversation"),
        pytest.param(
            FIELD | {"body": {"conversationId": "c"}}, "conversationField is missing", id="no-field"
        ),
        pytest.param(changing(field="Skill"), "Unknown or forbidden", id="agents-business"),
        pytest.param(changing(field="Stage", conversationState="OPEN"), "must be CLOSE", id="reopen"),
        pytest.param(changing(field="DialogChange"), "dialog is missing", id="no-dialog-to-close"),
        pytest.param(
            changing(field="DialogChange", dialog={"dialogId": "d", "state": "OPEN"}),
            "CLOSE",
            id="reopen-dialog",
        ),
        pytest.param(changing(field="TTRField", ttrType="SOON", value=1), "ttrType", id="ttr-type"),
        pytest.param(
            changing(field="TTRField", ttrType="URGENT", value=10**15), "seconds", id="ttr-for-ever"
        ),
        pytest.param(changing(field="CSATRate", csatRate=6), "1 to 5", id="six-stars"),
        pytest.param(
            {"type": "ms.SubscribeMessagingEvents", "body": {"dialogId": "d", "fromSeq": "0"}},
            "number",
            id="from-text",
        ),
        pytest.param(
            {"type": "cqm.SubscribeExConversations", "body": {"convState": ["AJAR"]}},
            "OPEN or CLOSE",
            id="ajar",
        ),
        pytest.param(
            {"type": "cm.ConsumerRequestConversation", "body": []}, "must be an object", id="body-is-list"
        ),
        pytest.param(
            {"type": "cm.ConsumerRequestConversation", "body": {"ttrDefName": "NOW"}},
            "ttrDefName",
            id="ttr-name",
        ),
        pytest.param(
            {"type": "cm.ConsumerRequestConversation", "body": {"channelType": "FAX"}}, "MESSAGING", id="fax"
        ),
        pytest.param(
            {"type": "ms.GenerateURLForUploadFile", "body": {"fileType": "EXE", "fileSize": 1}},
            "fileType",
            id="exe",
        ),
        pytest.param(
            {"type": "ms.GenerateURLForUploadFile", "body": {"fileType": "PNG", "fileSize": 4_000_000}},
            "check your file size",
            id="too-large",
        ),
        pytest.param(
            {"type": "ms.GenerateURLForDownloadFile", "body": {}}, "relativePath is missing", id="no-path"
        ),
    ],
)
def test_a_body_that_lacks_something_is_refused_with_a_reason(request_, reason):
    with pytest.raises(RequestRefused, match=reason) as refused:
        read(**request_)
    assert refused.value.code == 400


@pytest.mark.parametrize("written", [3, [3]], ids=["scalar", "list"])
def test_a_list_of_one_may_come_as_the_element(written):
    question = read(**publishing(type="AcceptStatusEvent", status="READ", sequenceList=written))
    assert isinstance(question, PublishRequest)
    assert question.event["sequenceList"] == [3]


@pytest.mark.parametrize("type_name", [".ams.aam.SubscribeExConversations", "cqm.SubscribeExConversations"])
def test_v2_and_v3_type_names_are_one_type(type_name):
    assert parse_envelope(json.dumps({"id": 1, "type": type_name})).type == "cqm.SubscribeExConversations"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.text() | st.binary() | JSON.map(json.dumps))
def test_reading_answers_or_refuses_and_nothing_else(text):
    """A refusal has to fit into a string response."""
    assert request_id_of(text) != ""
    assert len(refusal_of(text)) <= 128


def refusal_of(text):
    try:
        parse_request(parse_envelope(text))
    except RequestRefused as refused:
        return json.loads(Encoder().error("1", refused.code, refused.reason))["body"]
    return ""


def test_every_request_type_has_a_handler():
    assert REQUEST_PARSERS.keys() == HANDLERS.keys()
