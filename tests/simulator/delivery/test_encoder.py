"""How the same things read in another spelling."""

import json

import pytest

from recorder.messaging.envelopes import parse
from recorder.messaging.events import ConversationChanged, MessagePublished, ReceiptReported, Stamp
from recorder.messaging.interpreter import Interpreter
from recorder.simulator import agent_from, moods_from
from recorder.simulator.delivery.encoder import Encoder, legacy_id
from recorder.simulator.protocol import response_types

COMPARED = MessagePublished | ReceiptReported | ConversationChanged
AGENT = agent_from([{"on": "message", "do": ["read", {"say": "Yes"}]}])


def visited(serve, moods):
    """One message, read and answered; everything the consumer heard, as JSON."""
    session = serve(agent=AGENT, moods=moods_from(moods))
    session.ask("cqm.SubscribeExConversations")
    dialog_id = session.open()
    session.write(dialog_id, "Hi")
    session.wait(1)
    return session, dialog_id, [what for _, _, what in session.received]


def of_type(received, name):
    return [each for each in received if each["type"] == name]


def test_a_list_of_one_may_be_the_bare_element(serve):
    _, dialog_id, received = visited(serve, {"scalar_changes": True, "scalar_sequence_list": True})
    read = of_type(received, response_types.EVENTS.v3)[1]
    assert read["body"]["changes"]["event"] == {
        "type": "AcceptStatusEvent",
        "status": "READ",
        "sequenceList": 0,
    }
    (empty, opened, *_) = of_type(received, response_types.CONVERSATIONS.v3)
    assert empty["body"]["changes"] == []
    assert opened["body"]["changes"]["result"]["convId"] == dialog_id


def test_a_list_of_two_stays_a_list(serve):
    session, dialog_id, _ = visited(serve, {"scalar_changes": True, "scalar_sequence_list": True})
    _, history = session.subscribe(dialog_id)
    assert len(history["body"]["changes"]) == 3
    session.mark(dialog_id, "READ", [0, 2])
    assert session.received[-1][2]["body"]["changes"]["event"]["sequenceList"] == [0, 2]


def test_no_changes_may_be_no_changes_at_all(serve):
    session, _, received = visited(serve, {"absent_changes": True})
    first = of_type(received, response_types.CONVERSATIONS.v3)[0]
    assert first["body"].keys() == {"subscriptionId"}
    _, history = session.subscribe(session.open())
    assert history["body"] == {}


def test_fields_may_be_absent_everywhere(serve):
    moods = {"absent_conversation_id": True, "absent_originator_metadata": True, "absent_last_content": True}
    _, _, received = visited(serve, moods)
    for event in of_type(received, response_types.EVENTS.v3):
        (change,) = event["body"]["changes"]
        assert change.keys() == {"sequence", "originatorId", "serverTimestamp", "event", "dialogId"}
    assert "lastContentEventNotification" not in json.dumps(received)


def test_fields_of_an_unknown_future_do_not_hide_the_known_ones(serve):
    _, _, usual = visited(serve, {})
    _, _, strange = visited(serve, {"unknown_fields": True})
    known = [each for each in strange if each["type"] != "ms.NotificationOfTheFuture"]
    assert len(known) == len(usual) < len(strange)
    assert all(one.items() <= other.items() for one, other in ((a, b) for a, b in zip(
        map(flat, usual), map(flat, known), strict=True)))  # fmt: skip
    assert "fieldOfTheFuture" in json.dumps(known)


def flat(value, path=()):
    """Every leaf by its path."""
    held = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if held is None:
        return {path: value}
    return {key: leaf for part, inner in held for key, leaf in flat(inner, (*path, part)).items()}


def test_v2_sends_each_event_alone_with_both_author_ids(serve):
    _, dialog_id, received = visited(serve, {"dialect": "v2"})
    hello, read, sent = of_type(received, ".ams.ms.OnlineEventDistribution")
    consumer = hello["body"]["originatorId"]
    assert hello == {
        "kind": "notification",
        "body": {
            "sequence": 0,
            "originatorId": consumer,
            "originatorMetadata": {"id": consumer, "role": "CONSUMER"},
            "serverTimestamp": 1_700_000_000_000,
            "event": {"type": "ContentEvent", "contentType": "text/plain", "message": "Hi"},
            "dialogId": dialog_id,
            "originatorPId": consumer,
        },
        "type": ".ams.ms.OnlineEventDistribution",
    }
    agent = read["body"]["originatorPId"]
    assert read["body"]["originatorId"] == legacy_id(agent, "ASSIGNED_AGENT", "le-sim") != agent
    assert sent["body"]["event"]["message"] == "Yes"


def test_v2_shows_participants_by_role_under_both_ids(serve):
    _, dialog_id, received = visited(serve, {"dialect": "v2"})
    last = of_type(received, ".ams.aam.ExConversationChangeNotification")[-1]
    (change,) = last["body"]["changes"]
    details = change["result"]["conversationDetails"]
    assert details["convId"] == change["result"]["convId"] == dialog_id
    assert change["result"]["lastUpdateTime"] == details["metaDataLastUpdateTs"]
    (agent,) = details["participantsPId"]["ASSIGNED_AGENT"]
    assert details["participants"]["ASSIGNED_AGENT"] == [legacy_id(agent, "ASSIGNED_AGENT", "le-sim")]
    assert details["participants"]["CONSUMER"] == details["participantsPId"]["CONSUMER"]


def test_v2_names_answers_after_their_questions(serve):
    _, _, received = visited(serve, {"dialect": "v2"})
    assert [each["type"] for each in received if each["kind"] == "resp"] == [
        ".ams.aam.SubscribeExConversations$Response",
        ".ams.cm.ConsumerRequestConversation$Response",
        ".ams.ms.PublishEvent$Response",
    ]


def test_v2_answers_a_history_query_and_sends_no_empty_notification(serve):
    session, dialog_id, _ = visited(serve, {"dialect": "v2"})
    (answer,) = session.ask(".ams.ms.QueryMessages", {"dialogId": dialog_id, "newerThanSequence": 1})
    assert answer["type"] == ".ams.ms.QueryMessages$Response"
    assert [each["sequence"] for each in answer["body"]] == [1, 2]
    assert len(session.subscribe(session.open())) == 1


def test_v2_and_v3_give_our_interpreter_the_same_events(serve):
    """Who wrote, read, and takes part; frames and numbers included."""
    facts = []
    for dialect in ("v3", "v2"):
        session, _, _ = visited(serve, {"dialect": dialect})
        interpreter, delivered = Interpreter(), []
        for frame, (at_s, client, from_client, what) in enumerate(session.log, start=1):
            data = (what if from_client else what.text).encode()
            stamp = Stamp(frame, client, round(at_s * 1e6), round(at_s * 1e6))
            delivered += interpreter.feed(parse(data, from_client=from_client), stamp)
        facts.append(
            [
                each
                for each in delivered
                if isinstance(each, MessagePublished | ReceiptReported | ConversationChanged)
            ]
        )
    strip = [[_without_conversation(each) for each in delivered] for delivered in facts]
    assert strip[0] == strip[1]


def _without_conversation(fact):
    """v2 does not say which conversation a dialog is of."""
    if isinstance(fact, ConversationChanged):
        return fact._replace(participants=tuple(one._replace(state=None) for one in fact.participants))
    return fact._replace(conversation_id=None) if isinstance(fact, MessagePublished) else fact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            Encoder().response("1", {"sequence": 4}, response_types.PUBLISHED),
            '{"kind":"resp","reqId":"1","code":200,"body":{"sequence":4},"type":"ms.PublishEventResponse"}',
            id="with-a-body",
        ),
        pytest.param(
            Encoder().response("22", None, response_types.STRING),
            '{"kind":"resp","reqId":"22","code":200,"type":".ReqBody$StringResp"}',
            id="without",
        ),
        pytest.param(
            Encoder().error(None, 400, "Not JSON"),
            '{"kind":"resp","code":400,"body":"Not JSON","type":".ReqBody$StringResp"}',
            id="to-a-request-without-id",
        ),
        pytest.param(
            Encoder().conversations("ü", [], "le-sim"),
            '{"kind":"notification","body":{"subscriptionId":"ü","changes":[]},'
            '"type":"cqm.ExConversationChangeNotification"}',
            id="notification",
        ),
    ],
)
def test_responses_and_notifications_have_the_published_shape(text, expected):
    assert text == expected
