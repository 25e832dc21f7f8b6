"""Every request and its answer, as the published tutorials show them."""

import json

import pytest


def test_a_conversation_is_opened_as_published(serve):
    """The tutorials send the number 1, no body, and are answered "1"."""
    (answer,) = serve().say('{"kind":"req","id":1,"type":"cm.ConsumerRequestConversation"}')
    conversation_id = answer["body"]["conversationId"]
    assert answer == {
        "kind": "resp",
        "reqId": "1",
        "code": 200,
        "body": {"conversationId": conversation_id},
        "type": "cm.RequestConversationResponse",
    }


def test_the_clock_tells_the_service_s_time(serve):
    """The docs of 2017 write the type with a dot."""
    session = serve(epoch_ms=1_513_813_587_000)
    session.wait(0.308)
    (answer,) = session.say('{"kind":"req","id":"1","type":".GetClock"}')
    assert (answer["reqId"], answer["code"]) == ("1", 200)
    assert answer["body"] == {"currentTime": 1_513_813_587_308}


@pytest.mark.parametrize(
    ("type_name", "body"),
    [
        pytest.param("KeepAlive", None, id="keep-alive"),
        pytest.param("InitConnection", None, id="init-though-let-in"),
        pytest.param("userprofile.SetUserProfile", {"authenticatedData": {}}, id="profile"),
    ],
)
def test_some_requests_are_only_answered_200(serve, type_name, body):
    assert [answer["code"] for answer in serve().ask(type_name, body)] == [200]


def test_a_first_subscription_is_answered_then_shown_nothing(serve):
    """A notification with empty changes: there is no conversation yet."""
    answer, first = serve().ask(
        "cqm.SubscribeExConversations", {"stage": ["OPEN", "CLOSE"], "convState": ["OPEN", "CLOSE"]}
    )
    subscription_id = answer["body"]["subscriptionId"]
    assert answer["type"] == "cqm.SubscribeExConversationsResponse"
    assert first == {
        "kind": "notification",
        "body": {"subscriptionId": subscription_id, "changes": []},
        "type": "cqm.ExConversationChangeNotification",
    }


def test_an_empty_dialog_is_subscribed_with_empty_changes(serve):
    session = serve()
    answer, history = session.subscribe(session.open())
    assert (answer["code"], answer["body"], answer["type"]) == (200, {}, "GenericSubscribeResponse")
    assert history == {
        "kind": "notification",
        "body": {"changes": []},
        "type": "ms.MessagingEventNotification",
    }


def test_a_message_is_answered_with_its_sequence_and_echoed(serve):
    session = serve(epoch_ms=1_538_493_548_533)
    dialog_id = session.open()
    answer, echo = session.write(dialog_id, "Hello from the consumer")
    assert (answer["type"], answer["body"]) == ("ms.PublishEventResponse", {"sequence": 0})
    (change,) = echo["body"]["changes"]
    consumer = change["originatorId"]
    assert change == {
        "sequence": 0,
        "originatorId": consumer,
        "originatorMetadata": {"id": consumer, "role": "CONSUMER"},
        "serverTimestamp": 1_538_493_548_533,
        "event": {
            "type": "ContentEvent",
            "contentType": "text/plain",
            "message": "Hello from the consumer",
        },
        "conversationId": dialog_id,
        "dialogId": dialog_id,
    }


def test_a_chat_state_is_answered_zero_and_takes_no_number(serve):
    session = serve()
    dialog_id = session.open()
    session.write(dialog_id)
    answer, echo = session.type(dialog_id, "ACTIVE")
    assert answer["body"] == {"sequence": 0}
    (change,) = echo["body"]["changes"]
    assert "sequence" not in change
    assert "serverTimestamp" not in change
    assert session.write(dialog_id)[0]["body"] == {"sequence": 1}


def test_a_receipt_of_any_status_takes_a_number_and_is_echoed_with_its_metadata(serve):
    """A click on structured content is a receipt too; what was clicked stands in the metadata."""
    session = serve()
    dialog_id = session.open()
    session.write(dialog_id)
    event = {"type": "AcceptStatusEvent", "status": "ACTION", "sequenceList": [0]}
    answer, echo = session.publish(dialog_id, event, metadata=[{"type": "Answer", "id": "4f7c"}])
    assert answer["body"] == {"sequence": 1}
    (change,) = echo["body"]["changes"]
    assert (change["event"], change["metadata"]) == (event, [{"type": "Answer", "id": "4f7c"}])


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(
            {
                "type": "ContentEvent",
                "contentType": "hosted/file",
                "message": {"caption": "logo", "relativePath": "/p", "fileType": "PNG", "preview": "data:"},
            },
            id="file",
        ),
        pytest.param(
            {"type": "RichContentEvent", "content": {"type": "vertical", "elements": []}}, id="structured"
        ),
        pytest.param(
            {"type": "ContentEvent", "contentType": "forms/secure-submission", "message": {"formId": 1}},
            id="form",
        ),
    ],
)
def test_any_text_is_echoed_unchanged(serve, changes, event):
    session = serve()
    answer, *echo = session.publish(session.open(), event)
    assert answer["body"] == {"sequence": 0}
    assert [change["event"] for change in changes(echo)] == [event]


CLOSINGS = [
    pytest.param({"field": "ConversationStateField", "conversationState": "CLOSE"}, id="conversation"),
    pytest.param({"field": "Stage", "conversationState": "CLOSE"}, id="stage"),
    pytest.param(
        {
            "field": "DialogChange",
            "type": "UPDATE",
            "dialog": {"dialogId": "{id}", "state": "CLOSE", "closedCause": "Closed by consumer"},
        },
        id="dialog",
    ),
]


@pytest.mark.parametrize("in_list", [False, True], ids=["object", "list"])
@pytest.mark.parametrize("field", CLOSINGS)
def test_closing_is_answered_as_published(serve, field, in_list):
    session = serve()
    session.ask("cqm.SubscribeExConversations")
    conversation_id = session.open()
    field = json.loads(json.dumps(field).replace("{id}", conversation_id))
    body = {"conversationId": conversation_id, "conversationField": [field] if in_list else field}
    answer, notification = session.ask("cm.UpdateConversationField", body)
    assert (answer["code"], answer["type"]) == (200, "StringResponse")
    assert answer["body"] == "OK Conversation resolved successfully"
    details = notification["body"]["changes"][0]["result"]["conversationDetails"]
    assert (details["state"], details["stage"], details["closeReason"]) == ("CLOSE", "CLOSE", "CONSUMER")
    assert (details["dialogs"][0]["state"], details["dialogs"][0]["closedBy"]) == ("CLOSE", "CONSUMER")


def test_closing_twice_answers_200_and_notifies_nobody(serve):
    session = serve()
    session.ask("cqm.SubscribeExConversations")
    conversation_id = session.open()
    session.close(conversation_id)
    assert [answer["code"] for answer in session.close(conversation_id)] == [200]


@pytest.mark.parametrize(
    ("field", "key", "held"),
    [
        pytest.param(
            {"field": "TTRField", "ttrType": "URGENT", "value": 300},
            "ttr",
            {"ttrType": "URGENT", "value": 300},
            id="ttr",
        ),
        pytest.param(
            {"field": "CSATRate", "csatRate": 5, "status": "FILLED"},
            "csat",
            {"field": "CSATRate", "csatRate": 5, "status": "FILLED"},
            id="csat",
        ),
    ],
)
def test_other_fields_are_kept_and_told(serve, field, key, held):
    session = serve()
    session.ask("cqm.SubscribeExConversations")
    body = {"conversationId": session.open(), "conversationField": [field]}
    answer, notification = session.ask("cm.UpdateConversationField", body)
    assert (answer["code"], answer["body"]) == (200, "OK")
    assert notification["body"]["changes"][0]["result"]["conversationDetails"][key] == held


def test_one_bad_field_changes_none(serve):
    session = serve()
    conversation_id = session.open()
    fields = [
        {"field": "Stage", "conversationState": "CLOSE"},
        {"field": "DialogChange", "dialog": {"dialogId": "elsewhere", "state": "CLOSE"}},
    ]
    body = {"conversationId": conversation_id, "conversationField": fields}
    assert [answer["code"] for answer in session.ask("cm.UpdateConversationField", body)] == [404]
    assert session.write(conversation_id)[0]["code"] == 200


def test_an_upload_url_has_the_published_shape(serve):
    (answer,) = serve().ask("ms.GenerateURLForUploadFile", {"fileSize": "1000", "fileType": "JPG"})
    path = answer["body"]["relativePath"]
    assert answer["type"] == "ms.BaseGenerateURLResponse"
    assert path.endswith(".JPG")
    assert answer["body"]["queryParams"].keys() == {"temp_url_sig", "temp_url_expires"}
    (answer,) = serve().ask("ms.GenerateURLForDownloadFile", {"relativePath": path})
    assert answer["body"]["relativePath"] == path


@pytest.mark.parametrize(
    ("type_name", "body", "code"),
    [
        pytest.param("ms.PublishEvents", {}, 400, id="unknown-type"),
        pytest.param("ms.SubscribeMessagingEvents", {"dialogId": "nowhere"}, 404, id="unknown-dialog"),
        pytest.param("ms.SubscribeMessagingEvents", {}, 400, id="missing-dialog"),
        pytest.param(
            "cqm.UnsubscribeExConversations", {"subscriptionId": "id"}, 404, id="unknown-subscription"
        ),
        pytest.param(
            "cm.UpdateConversationField",
            {
                "conversationId": "hello",
                "conversationField": [{"field": "TTRField", "ttrType": "URGENT", "value": 300}],
            },
            404,
            id="unknown-conversation",
        ),
        pytest.param(
            "ms.PublishEvent",
            {"dialogId": "nowhere", "event": {"type": "ChatStateEvent", "chatState": "ACTIVE"}},
            404,
            id="publish-nowhere",
        ),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_code_and_a_sentence(serve, type_name, body, code):
    session = serve()
    (answer,) = session.ask(type_name, body)
    assert (answer["kind"], answer["reqId"], answer["code"]) == ("resp", "1", code)
    assert 0 < len(answer["body"]) <= 128


def test_publishing_to_a_closed_dialog_is_refused_and_sent_to_nobody(serve):
    session = serve()
    conversation_id = session.open()
    session.write(conversation_id)
    session.close(conversation_id)
    for delivered in (session.write(conversation_id), session.mark(conversation_id, "READ", [0])):
        assert [answer["code"] for answer in delivered] == [400]


def test_a_dialog_of_another_conversation_is_refused(serve):
    session = serve()
    one, other = session.open(), session.open()
    body = {"dialogId": one, "conversationId": other, "fromSeq": 0}
    assert session.ask("ms.SubscribeMessagingEvents", body)[0]["code"] == 400


def test_conversations_of_others_do_not_exist(serve):
    """Neither for another consumer, nor for the same one of another account."""
    session = serve()
    conversation_id = session.open()
    session.connect(2, token="somebody else")
    session.connect(3, account="another")
    for client in (2, 3):
        assert session.write(conversation_id, client=client)[0]["code"] == 404


@pytest.mark.parametrize("text", ["hello", "[]", "{}", '{"kind":"req"}'])
def test_an_invalid_request_is_answered_400_without_an_id(serve, text):
    session = serve()
    (answer,) = session.say(text)
    assert (answer["code"], "reqId" in answer) == (400, False)
    assert session.ask("GetClock")[0]["code"] == 200


def test_a_binary_frame_is_answered_400(serve):
    session = serve()
    effects = session.service.received(1, b'{"id":1,"type":"GetClock"}', now_s=0.0, binary=True)
    ((_, _, answer),) = session.note(effects)
    assert answer["code"] == 400
