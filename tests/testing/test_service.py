"""A simulator for one test: it starts when it is needed, and remembers."""

from __future__ import annotations

import json

import pytest
import websocket

from recorder.simulator import Moods, agent_from
from recorder.testing import ObservedPayload, PretendService
from recorder.wire.frames import Side

OPEN = {"kind": "req", "id": 1, "type": "cm.ConsumerRequestConversation"}
GREETER = [{"on": "conversation", "do": [{"say": "Hello"}]}]


@pytest.fixture
def service():
    made = PretendService()
    yield made
    made.stop()


@pytest.fixture
def bot(service):
    """A consumer that greets back and reads; what somebody else's program would be."""
    bots = []

    def connect():
        bots.append(
            websocket.create_connection(
                service.url, header=["Authorization: jwt x"], timeout=20, suppress_origin=True
            )
        )
        return bots[-1]

    yield connect
    for each in bots:
        each.shutdown()


def ask(socket, request):
    socket.send(json.dumps(request))


def publish(socket, dialog_id, event):
    ask(
        socket,
        {"kind": "req", "id": 2, "type": "ms.PublishEvent", "body": {"dialogId": dialog_id, "event": event}},
    )


def converse(socket, sequences=(0,)):
    ask(socket, OPEN)
    dialog_id = json.loads(socket.recv())["body"]["conversationId"]
    publish(socket, dialog_id, {"type": "ContentEvent", "contentType": "text/plain", "message": "Hi"})
    publish(socket, dialog_id, {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": sequences})


def test_using_the_url_starts_the_service(service, bot):
    socket = bot()
    ask(socket, {"id": 1, "type": "GetClock"})
    assert json.loads(socket.recv())["code"] == 200
    assert service.base_url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("agent", [GREETER, agent_from(GREETER)], ids=["values", "script"])
def test_start_takes_the_agent(service, bot, agent):
    assert service.start(agent) is service
    ask(bot(), OPEN)
    heard = service.wait_for(lambda one: b"Hello" in one.data)
    assert (heard.client, heard.sender) == (1, "service")


def test_a_running_service_cannot_be_started_again(service):
    assert service.url
    with pytest.raises(RuntimeError, match="runs already"):
        service.start(GREETER)


@pytest.mark.parametrize("moods", [{"scalar_sequence_list": True}, Moods(scalar_sequence_list=True)])
def test_start_takes_moods(service, bot, moods):
    service.start([{"on": "message", "do": ["accept"]}], moods=moods)
    converse(bot())
    assert service.wait_for(lambda one: one.sender == "service" and b'"sequenceList":0' in one.data)


def test_payloads_are_available_as_requests_events_and_receipts(service, bot):
    service.start([])
    converse(bot(), 7)
    service.wait_for_receipt("READ", 7)
    assert [one["type"] for one in service.requests()] == [
        "cm.ConsumerRequestConversation", "ms.PublishEvent", "ms.PublishEvent",
    ]  # fmt: skip
    assert service.requests("cm.ConsumerRequestConversation") == [OPEN]
    assert [event["message"] for event in service.published("ContentEvent")] == ["Hi"]
    assert service.receipts() == [("READ", [7])]
    assert {one.sender for one in service.said} == {Side.CLIENT, Side.SERVICE}
    at_us = [one.at_us for one in service.said]
    assert at_us == sorted(at_us)


def test_wait_for_fails_in_time_and_shows_the_payloads(service, bot):
    with pytest.raises(AssertionError, match="nothing at all"):
        service.wait_for_receipt("READ", 1, within_s=0.01)
    ask(bot(), OPEN)
    service.wait_for(lambda one: one.sender == "client")
    with pytest.raises(AssertionError, match="ConsumerRequestConversation"):
        service.wait_for_receipt("READ", 1, within_s=0.01)


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"7", b'{"body":7}', b'{"body":{"event":[]}}'])
def test_a_payload_that_is_no_json_has_an_empty_envelope_and_event(data):
    said = ObservedPayload(1, Side.CLIENT, 0, data)
    assert said.event == {}
    assert isinstance(said.envelope, dict)


def test_stopping_twice_or_before_the_start_does_nothing(service, bot):
    service.stop()
    ask(bot(), OPEN)
    service.wait_for(lambda one: one.sender == "service")
    service.stop()
    service.stop()
    assert service.requests() == [OPEN]
