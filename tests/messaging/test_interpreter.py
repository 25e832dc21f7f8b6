"""Envelopes to facts, over whole exchanges."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging import requests
from recorder.messaging.envelopes import Request, Unreadable, dump, parse
from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    Event,
    Identified,
    MessagePublished,
    OddityNoticed,
    Proof,
    PublishLost,
    PublishRequested,
    ReceiptReported,
    RequestAnswered,
    RequestMade,
    Stamp,
)
from recorder.messaging.interpreter import Interpreter

SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=5)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def shaped(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object that has some of these fields, each as it should be or as anything."""
    return st.fixed_dictionaries({}, optional={name: fields[name] | JSON for name in fields})


EVENTS = shaped(
    type=st.sampled_from(["ContentEvent", "RichContentEvent", "AcceptStatusEvent", "ChatStateEvent", "New"]),
    status=st.sampled_from(["ACCEPT", "READ"]),
    sequenceList=st.lists(st.integers(-1, 5), max_size=3),
    message=st.text(max_size=3),
    chatState=st.just("GONE"),
)
PEOPLE = shaped(id=st.just("a"), role=st.just("CONSUMER"), state=st.just("SUGGESTED"))
CHANGES = shaped(
    sequence=st.integers(0, 3),
    dialogId=st.just("d"),
    event=EVENTS,
    originatorId=st.just("o"),
    originatorMetadata=PEOPLE,
    serverTimestamp=st.just(1_700_000_000_000),
    type=st.sampled_from(["UPSERT", "DELETE"]),
    result=shaped(
        convId=st.just("c"),
        conversationDetails=shaped(
            participants=st.lists(PEOPLE, max_size=2) | st.dictionaries(st.text(max_size=2), st.lists(JSON)),
            participantsPId=st.dictionaries(st.text(max_size=2), JSON),
            dialogs=st.lists(shaped(dialogId=st.just("d"), participantsDetails=st.lists(PEOPLE, max_size=2))),
        ),
    ),
)
ENVELOPES = shaped(
    kind=st.sampled_from(["req", "resp", "notification"]),
    id=st.sampled_from(["1", 1, "2"]),
    reqId=st.sampled_from(["1", 1, "2"]),
    code=st.sampled_from([200, 400, None]),
    type=st.sampled_from(
        [
            *("ms.PublishEvent", ".ams.ms.QueryMessages", "InitConnection", "ms.MessagingEventNotification"),
            *("ms.OnlineEventDistribution", ".ams.aam.ExConversationChangeNotification"),
        ]
    ),
    headers=st.lists(shaped(jwt=st.text(max_size=4)), max_size=2),
    body=shaped(
        changes=st.lists(CHANGES, max_size=2), dialogId=st.just("d"), event=EVENTS, sequence=st.just(0)
    ),
)


class Heard:
    """One recording: frames go in, their facts come out."""

    def __init__(self) -> None:
        self.interpreter = Interpreter()
        self.frame = 0

    def __call__(self, frame: object, *, sender: str, connection: int = 1) -> list[Event]:
        self.frame += 1
        text = dump(frame) if isinstance(frame, Request) else json.dumps(frame)
        envelope = parse(text.encode(), from_client=sender == "client")
        return self.interpreter.feed(envelope, Stamp(self.frame, connection, self.frame, self.frame))

    def client(self, frame: object, *, connection: int = 1) -> list[Event]:
        return self(frame, sender="client", connection=connection)

    def service(self, frame: object, *, connection: int = 1) -> list[Event]:
        return self(frame, sender="service", connection=connection)


def answer(request_id: object, body: object = None, code: int = 200) -> dict[str, Any]:
    return {
        "kind": "resp",
        "reqId": request_id,
        "code": code,
        "body": body,
        "type": "ms.PublishEventResponse",
    }


def kinds(events: list[Event]) -> list[str]:
    return [event.kind if isinstance(event, OddityNoticed) else type(event).__name__ for event in events]


def test_every_published_frame_has_the_expected_events(
    published: list[dict[str, Any]],
) -> None:
    """Silent are only an empty history, and what goes on between agents and the router."""
    heard = Heard()
    for row in published:
        events = heard(row["frame"], sender="client" if row["direction"] == "out" else "service")
        frame = row["frame"]
        if not events:
            body = frame["body"]
            assert body["changes"] == [] or "routing" in frame["type"]
        assert not {"unknown-type", "unknown-event", "malformed-change", "malformed-body"} & set(
            kinds(events)
        )


def test_published_frames_that_cannot_be_read_are_the_rest_batches_and_the_fragment(
    published: list[dict[str, Any]],
) -> None:
    for row in published:
        envelope = parse(json.dumps(row["frame"]).encode(), from_client=row["direction"] == "out")
        unreadable = isinstance(row["frame"], list) or row.get("fragment", False)
        assert isinstance(envelope, Unreadable) is unreadable


def test_the_published_frames_hold_what_their_authors_wrote(published: list[dict[str, Any]]) -> None:
    """Counted by hand in the frames: every message, receipt and snapshot that a notification announces."""
    heard = Heard()
    events = [
        event
        for row in published
        for event in heard(row["frame"], sender="client" if row["direction"] == "out" else "service")
    ]
    announced = [event for event in events if event.evidence.proof is Proof.ANNOUNCED]  # type: ignore[union-attr]
    expected = {"MessagePublished": 0, "ReceiptReported": 0, "ChatStateReported": 0, "ConversationChanged": 0}
    names = {
        "ContentEvent": "MessagePublished",
        "AcceptStatusEvent": "ReceiptReported",
        "ChatStateEvent": "ChatStateReported",
    }
    for row in published:
        frame = row["frame"]
        if isinstance(frame, dict) and frame.get("kind") == "notification" and "routing" not in frame["type"]:
            body = frame["body"]
            for change in body.get("changes", [body]):
                name = names[change["event"]["type"]] if "event" in change else "ConversationChanged"
                expected[name] += 1
                expected["MessagePublished"] += "lastContentEventNotification" in change.get("result", {})
    assert {name: sum(type(e).__name__ == name for e in announced) for name in expected} == expected
    assert min(expected.values()) > 3


@given(st.lists(st.tuples(ENVELOPES | JSON, st.booleans(), st.integers(1, 2)), max_size=6))
def test_no_json_makes_it_raise(frames: list[tuple[Any, bool, int]]) -> None:
    heard = Heard()
    for frame, from_client, connection in frames:
        events = heard(frame, sender="client" if from_client else "service", connection=connection)
        assert isinstance(events, list)
    for connection in (1, 2):
        heard.interpreter.connection_ended(connection)


def test_a_publish_is_asked_then_acknowledged_then_announced() -> None:
    heard = Heard()
    asked = heard.client(requests.publish_text("4", "d", "hello"))
    acknowledged = heard.service(answer("4", {"sequence": 0}))
    change = {
        "sequence": 0,
        "originatorId": "me",
        "dialogId": "d",
        "event": {"type": "ContentEvent", "contentType": "text/plain", "message": "hello"},
    }
    (announced,) = heard.service(
        {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [change]}}
    )
    assert kinds(asked) == ["RequestMade", "PublishRequested"]
    assert kinds(acknowledged) == ["RequestAnswered", "MessagePublished"]
    mine = acknowledged[1]
    assert isinstance(mine, MessagePublished)
    assert isinstance(announced, MessagePublished)
    assert (mine.request_frame, mine.mine, announced.request_frame, announced.mine) == (1, True, None, False)
    assert (mine.evidence.frame, announced.evidence.frame) == (2, 3)


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=12))
def test_an_answer_belongs_to_the_oldest_unanswered_question_with_its_id(ids: list[str]) -> None:
    """All questions first, then their answers in any interleaving of ids: first asked, first answered."""
    heard = Heard()
    asked: dict[str, list[int]] = {"a": [], "b": []}
    for request_id in ids:
        heard.client(requests.get_clock(request_id))
        asked[request_id].append(heard.frame)
    for request_id in reversed(ids):
        answered = heard.service({"kind": "resp", "reqId": request_id, "code": 200})[0]
        assert isinstance(answered, RequestAnswered)
        assert answered.request_frame == asked[request_id].pop(0)


@pytest.mark.parametrize(("asked", "echoed"), [(1, "1"), ("1", 1), ("1,", "1,"), (2**63, str(2**63))])
def test_ids_pair_as_strings(asked: object, echoed: object) -> None:
    heard = Heard()
    heard.client({"kind": "req", "id": asked, "type": "GetClock"})
    assert kinds(heard.service({"kind": "resp", "reqId": echoed, "code": 200})) == ["RequestAnswered"]


def test_an_id_is_reused_only_while_its_question_waits() -> None:
    """Clients that ask for the clock every ten seconds as number 1 do nothing odd, if they are answered."""
    heard = Heard()
    for _ in range(3):
        assert kinds(heard.client({"kind": "req", "id": 1, "type": "GetClock"})) == ["RequestMade"]
        heard.service({"kind": "resp", "reqId": "1", "code": 200})
    heard.client(requests.get_clock("1"))
    assert kinds(heard.client(requests.get_clock("1"))) == ["RequestMade", "id-reused"]


def test_requests_without_an_id_do_not_reuse_one() -> None:
    heard = Heard()
    for _ in range(2):
        assert kinds(heard.client({"kind": "req", "type": "GetClock"})) == ["RequestMade"]


def test_connections_do_not_answer_for_each_other() -> None:
    """After a reconnect the ids begin again; what was asked before is lost."""
    heard = Heard()
    heard.client(requests.publish_text("1", "d", "hi"), connection=1)
    assert kinds(heard.service(answer("1", {"sequence": 1}), connection=2)) == [
        "RequestAnswered",
        "answer-without-question",
    ]
    assert heard.interpreter.connection_ended(1) == [PublishLost(1)]


def test_two_answers_to_one_question_are_one_too_many() -> None:
    heard = Heard()
    heard.client(requests.publish_text("1", "d", "hi"))
    heard.service(answer("1", {"sequence": 1}))
    assert "answer-without-question" in kinds(heard.service(answer("1", {"sequence": 1})))


def test_only_unanswered_publishes_are_lost_and_only_once() -> None:
    heard = Heard()
    for request in (
        requests.publish_text("1", "d", "answered"),
        requests.publish_text("2", "d", "lost"),
        requests.read("3", "d", [0]),
        requests.publish_chat_state("4", "d", "GONE"),
        requests.request("5", "ms.PublishEvent", {"dialogId": "d", "event": {"type": "RichContentEvent"}}),
    ):
        heard.client(request)
    heard.client(
        {"kind": "req", "type": "ms.PublishEvent", "body": requests.publish_text("6", "d", "no id").body}
    )
    heard.service(answer("1", {"sequence": 1}))
    assert heard.interpreter.connection_ended(1) == [PublishLost(2), PublishLost(5), PublishLost(6)]
    assert heard.interpreter.connection_ended(1) == []


@given(st.sampled_from([0, 1, "0", None]), st.sampled_from([200, 400, 500]), st.text(max_size=8))
def test_a_chat_state_never_yields_a_message_or_a_receipt(sequence: object, code: int, state: str) -> None:
    heard = Heard()
    events = heard.client(requests.publish_chat_state("2", "d", state))
    events += heard.service(answer("2", {"sequence": sequence}, code))
    events += heard.interpreter.connection_ended(1)
    assert not any(
        isinstance(e, MessagePublished | ReceiptReported | PublishRequested | PublishLost) for e in events
    )


CONTENT = {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}
CHANGE = {"sequence": 2, "serverTimestamp": 1470732437925, "dialogId": "d", "event": CONTENT}
DETAILS = {"state": "OPEN", "metaDataLastUpdateTs": 1470732437925}


@pytest.mark.parametrize(
    ("v3", "v2"),
    [
        pytest.param(
            {"type": "ms.MessagingEventNotification", "body": {"changes": [{**CHANGE, "originatorId": "p"}]}},
            {
                "type": ".ams.ms.OnlineEventDistribution",
                "body": {**CHANGE, "originatorPId": "p", "originatorId": "acc.1"},
            },
            id="event",
        ),
        pytest.param(
            {"type": "ms.MessagingEventNotification", "body": {"changes": [CHANGE]}},
            {"type": "ms.MessagingEventNotification", "body": {"changes": CHANGE}},
            id="array-of-one",
        ),
        pytest.param(
            {
                "type": "cqm.ExConversationChangeNotification",
                "body": {
                    "changes": [
                        {
                            "type": "UPSERT",
                            "result": {
                                "convId": "c",
                                "conversationDetails": {
                                    **DETAILS,
                                    "participants": [{"id": "p", "role": "MANAGER"}],
                                },
                            },
                        }
                    ]
                },
            },
            {
                "type": ".ams.aam.ExConversationChangeNotification",
                "body": {
                    "changes": {
                        "type": "UPSERT",
                        "result": {
                            "convId": "c",
                            "conversationDetails": {
                                **DETAILS,
                                "participants": {"MANAGER": ["acc.1"]},
                                "participantsPId": {"MANAGER": ["p"]},
                            },
                        },
                    }
                },
            },
            id="snapshot",
        ),
    ],
)
def test_all_protocol_generations_give_the_same_events(v3: dict[str, Any], v2: dict[str, Any]) -> None:
    told = Heard().service({"kind": "notification", **v3})
    assert told
    assert Heard().service({"kind": "notification", **v2}) == told


@given(st.sampled_from(["READ", "ACCEPT"]), st.integers(0, 9))
def test_both_spellings_of_a_publish_are_the_same_request(status: str, sequence: int) -> None:
    v3 = requests.publish_receipt("1", "d", status, [sequence])
    v2 = {**v3.raw, "type": ".ams.ms.PublishEvent"}
    request, *events = Heard().client(v2)
    assert isinstance(request, RequestMade)
    assert request.generation == 2
    assert Heard().client(v3) == [request._replace(generation=3), *events]


def test_a_history_answers_its_question_in_either_generation() -> None:
    heard = Heard()
    heard.client({"kind": "req", "id": "1", "type": ".ams.ms.QueryMessages", "body": {"dialogId": "d"}})
    events = heard.service(
        {"kind": "resp", "reqId": "1", "code": 200, "body": [CHANGE, {**CHANGE, "sequence": 3}]}
    )
    assert [e.sequence for e in events if isinstance(e, MessagePublished)] == [2, 3]


@pytest.mark.parametrize(
    ("frame", "sender", "kind"),
    [
        pytest.param(requests.get_clock("1").raw, "service", "request-from-service", id="request"),
        pytest.param(answer("1"), "client", "answer-from-client", id="answer"),
        pytest.param(
            {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [CHANGE]}},
            "client",
            "notification-from-client",
            id="notification",
        ),
        pytest.param([1], "client", "unreadable", id="unreadable"),
        pytest.param(
            {"kind": "notification", "type": "evilms.MessagingEventNotification"},
            "service",
            "unknown-type",
            id="look-alike",
        ),
        pytest.param({"kind": "notification"}, "service", "unknown-type", id="no-type"),
        pytest.param(
            {"kind": "notification", "type": "ms.MessagingEventNotification", "body": "{}"},
            "service",
            "malformed-body",
            id="json-in-a-string",
        ),
        pytest.param(
            {"kind": "notification", "type": "cqm.ExConversationChangeNotification", "body": {}},
            "service",
            "malformed-body",
            id="no-changes",
        ),
        pytest.param(
            {
                "kind": "notification",
                "type": "cqm.ExConversationChangeNotification",
                "body": {"changes": [7]},
            },
            "service",
            "malformed-change",
            id="no-result",
        ),
        pytest.param(
            {
                "kind": "notification",
                "type": "cqm.ExConversationChangeNotification",
                "body": {"changes": [{"type": "UPSERT", "result": {}}]},
            },
            "service",
            "no-conversation",
            id="nameless",
        ),
    ],
)
def test_what_the_protocol_does_not_know_is_named_and_otherwise_ignored(
    frame: object, sender: str, kind: str
) -> None:
    assert kinds(Heard()(frame, sender=sender)) == [kind]


@pytest.mark.parametrize(
    ("name", "odd"), [("cm.Unheard", True), ("evilms.PublishEvent", True), (".GetClock", False)]
)
def test_only_truly_unknown_requests_are_odd(name: str, odd: bool) -> None:
    events = Heard().client({"kind": "req", "id": "1", "type": name})
    assert ("unknown-type" in kinds(events)) is odd
    assert isinstance(events[0], RequestMade)


def test_leaving_a_subscription_is_no_closing() -> None:
    change = {"type": "DELETE", "result": {"convId": "c", "conversationDetails": {"state": "OPEN"}}}
    (left,) = Heard().service(
        {
            "kind": "notification",
            "type": "cqm.ExConversationChangeNotification",
            "body": {"changes": [change]},
        }
    )
    assert isinstance(left, ConversationChanged)
    assert (left.left_subscription, left.state) == (True, "OPEN")


def test_who_we_are_comes_from_the_header_or_the_first_request(make_jwt: Callable[..., str]) -> None:
    token = make_jwt(sub="5e9ee96c", aud="acc:1")
    by_header, by_request = Heard(), Heard()
    (identified,) = by_header.interpreter.connection_opened(1, token=f"jwt {token}", stamp=Stamp(1, 1))
    assert isinstance(identified, Identified)
    assert identified.participant == "5e9ee96c"
    assert "Identified" in kinds(by_request.client(requests.init_connection("0", token)))
    for heard in (by_header, by_request):
        asked = heard.client(requests.publish_text("1", "d", "hi"))[1]
        typing = heard.client(requests.publish_chat_state("2", "d", "GONE"))[1]
        assert isinstance(asked, PublishRequested)
        assert isinstance(typing, ChatStateReported)
        assert asked.author == typing.participant == "5e9ee96c"


def test_without_a_token_we_are_nobody_yet() -> None:
    heard = Heard()
    assert heard.interpreter.connection_opened(1, token=None, stamp=Stamp(1, 1)) == []
    receipt = heard.client(requests.read("1", "d", [0]))[1]
    assert isinstance(receipt, ReceiptReported)
    assert (receipt.participant, receipt.mine) == (None, True)


def test_two_dialogs_in_one_notification_stay_apart() -> None:
    changes = [{**CHANGE, "dialogId": "a"}, {**CHANGE, "dialogId": "b"}, {"nonsense": 1}]
    events = Heard().service(
        {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": changes}}
    )
    assert [e.dialog_id for e in events if isinstance(e, MessagePublished)] == ["a", "b"]
    assert kinds(events)[-1] == "malformed-change"


def test_a_body_may_name_the_dialog_for_its_changes() -> None:
    change = {key: value for key, value in CHANGE.items() if key != "dialogId"} | {"originatorId": "a"}
    (message,) = Heard().service(
        {
            "kind": "notification",
            "type": "ms.MessagingEventNotification",
            "body": {"dialogId": "d", "changes": [change]},
        }
    )
    assert isinstance(message, MessagePublished)
    assert message.dialog_id == "d"
