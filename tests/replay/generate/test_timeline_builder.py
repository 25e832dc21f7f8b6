"""The events of a recorded session."""

from __future__ import annotations

from typing import Any

from recorder.messaging import requests
from recorder.messaging.events import Stamp
from recorder.replay.generate.timeline_builder import timeline_events
from recorder.replay.generate.timeline_events import (
    ChatStateArrived,
    Connected,
    Disconnected,
    MessageArrived,
    RawPayloadSent,
    ReceiptArrived,
    RecordedClose,
    RecordedOpen,
    RecordedPayload,
    RequestSent,
    ResponseReceived,
    SecondConnectionOpened,
    UnansweredMessageSeen,
)
from recorder.replay.run.receipt_batches import MessageId

CONVERSATION = "conv-1"


def kinds(recording: Any) -> list[str]:
    return [type(event).__name__ for event in recording.events()]


def test_every_message_arrives_once(recording: Any) -> None:
    recording.open_conversation()
    for _ in range(2):
        recording.receive_text(1.0, 0, "one")
    arrived = [event for event in recording.events() if isinstance(event, MessageArrived)]
    assert [(one.key, one.at_s) for one in arrived] == [(MessageId(CONVERSATION, 0), 1.0)]


def test_the_echo_of_an_own_message_does_not_arrive(recording: Any) -> None:
    """Neither behind its answer, nor before it."""
    echo = {"type": "ContentEvent", "contentType": "text/plain", "message": "Hi"}
    recording.open_conversation()
    recording.request(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    recording.receive_event(1.1, 0, echo, by="consumer-1")
    recording.receive_event(1.2, 7, echo, by="consumer-1")
    assert not any(isinstance(event, MessageArrived) for event in recording.events())


HI = {"type": "ContentEvent", "contentType": "text/plain", "message": "Hi"}


def lost_and_found(recording: Any, *, over: bool) -> list[UnansweredMessageSeen]:
    """Said twice; the first was answered, and the history brings both."""
    recording.open_conversation()
    recording.request(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    recording.add_payload(2.0, requests.publish_text("5", CONVERSATION, "Hi"), by_client=True)
    if over:
        recording.records += [
            RecordedClose(1, 3_000_000, None, None),
            RecordedOpen(2, 4_000_000, None),
        ]
        recording.connection = 2
    for sequence in (0, 1, 1):
        recording.receive_event(5.0, sequence, HI, by="consumer-1")
    return [event for event in recording.events() if isinstance(event, UnansweredMessageSeen)]


def test_history_gives_the_sequence_of_a_message_whose_answer_was_lost(recording: Any) -> None:
    """Once; and one that was answered is not taken for it."""
    (echoed,) = lost_and_found(recording, over=True)
    (asked,) = [one for one in recording.events() if isinstance(one, RequestSent) and one.request.id == "5"]
    assert (echoed.request_frame, echoed.key) == (asked.frame, MessageId(CONVERSATION, 1))


def test_two_messages_without_answers_get_their_own_sequences(recording: Any) -> None:
    recording.open_conversation()
    asked = [
        recording.add_payload(1.0, requests.publish_text(number, CONVERSATION, "Hi"), by_client=True)
        for number in ("4", "5")
    ]
    recording.records += [
        RecordedClose(1, 3_000_000, None, None),
        RecordedOpen(2, 4_000_000, None),
    ]
    recording.connection = 2
    for sequence in (0, 1, 2):  # the third one was said elsewhere
        recording.receive_event(5.0, sequence, HI, by="consumer-1")
    echoed = [event for event in recording.events() if isinstance(event, UnansweredMessageSeen)]
    assert [(one.request_frame, one.key.sequence) for one in echoed] == [(asked[0], 0), (asked[1], 1)]


def test_a_message_is_not_unanswered_while_its_connection_is_open(recording: Any) -> None:
    assert lost_and_found(recording, over=False) == []


def test_the_answer_gives_the_sequence_of_an_own_message(recording: Any) -> None:
    recording.open_conversation()
    recording.request(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 5})
    events = recording.events()
    (asked,) = [one for one in events if isinstance(one, RequestSent) and one.text == "Hi"]
    (answered,) = [
        one for one in events if isinstance(one, ResponseReceived) and one.request_frame == asked.frame
    ]
    assert answered.key == MessageId(CONVERSATION, 5)
    assert asked.message is not None
    assert asked.receipt is asked.chat_state is None


def test_a_receipt_of_the_other_side_counts_once_for_each_message(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_receipt(1.0, 1, "READ", 0)
    recording.receive_receipt(2.0, 2, "READ", 0)
    found = [event for event in recording.events() if isinstance(event, ReceiptArrived)]
    assert [(one.key.sequence, one.status, one.at_s) for one in found] == [(0, "READ", 1.0)]


def test_own_receipts_and_chat_states_are_requests(recording: Any) -> None:
    recording.open_conversation()
    recording.request(1.0, requests.read("4", CONVERSATION, [0]), {})
    recording.request(2.0, requests.publish_chat_state("5", CONVERSATION, "COMPOSING"), {})
    recording.receive_event(3.0, 9, {"type": "ChatStateEvent", "chatState": "PAUSE"})
    events = recording.events()
    asked = [one for one in events if isinstance(one, RequestSent)][-2:]
    assert asked[0].receipt is not None
    assert asked[0].receipt.sequences == (0,)
    assert asked[1].chat_state is not None
    assert [one.state for one in events if isinstance(one, ChatStateArrived)] == ["PAUSE"]


def test_a_client_payload_that_is_no_request_is_a_raw_payload() -> None:
    said = [
        RecordedPayload(Stamp(1, 1), from_client=True, data=b"hello"),
        RecordedPayload(Stamp(2, 1), from_client=True, data=b"\x00", binary=True),
    ]
    assert [event for _, event in timeline_events(said, {})] == [
        RawPayloadSent(1, None, b"hello", False),
        RawPayloadSent(2, None, b"\x00", True),
    ]


def test_disconnected_when_the_last_connection_ends() -> None:
    """Two at once count as one, and the second is told: a script holds one line for a consumer."""
    ends = [
        RecordedOpen(1, 0, None), RecordedOpen(2, 1_000_000, None), RecordedClose(1, 2_000_000, True, 1000),
        RecordedClose(2, 3_000_000, None, None), RecordedOpen(3, 4_000_000, "t"),
    ]  # fmt: skip
    assert [event for _, event in timeline_events(ends, {})] == [
        Connected(0.0), SecondConnectionOpened(1.0, 2), Disconnected(3.0, None, None), Connected(4.0),
    ]  # fmt: skip
