"""Where a generated script awaits which message, and gives or expects which receipt."""

from __future__ import annotations

from typing import Any

import pytest

from recorder.messaging import requests
from recorder.replay.generate.placement import (
    ConsumerReceipt,
    awaits_by_index,
    receipts_by_index,
    receipts_to_expect,
)
from recorder.replay.generate.script_names import ScriptNames
from recorder.replay.generate.timeline_events import (
    MessageArrived,
    ReceiptArrived,
    RecordedClose,
    RequestSent,
)
from recorder.replay.run.receipt_batches import MessageId

CONVERSATION = "conv-1"
FIRST, SECOND = MessageId(CONVERSATION, 0), MessageId(CONVERSATION, 1)


def placed_receipts(recording: Any) -> tuple[list[Any], dict[int, list[ConsumerReceipt]], ScriptNames]:
    events = recording.events()
    names = ScriptNames(events)
    return events, receipts_by_index(events, names), names


def test_a_receipt_is_placed_where_its_last_message_arrives(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    recording.receive_text(2.0, 1, "two")
    recording.request(5.0, requests.read("4", CONVERSATION, [0, 1]), {})
    events, placed, names = placed_receipts(recording)
    ((place, receipts),) = placed.items()
    assert isinstance(events[place], MessageArrived)
    assert events[place].key == SECOND
    (receipt,) = receipts
    assert receipt.request is events[-2]
    assert receipt._replace(request=None) == ConsumerReceipt(
        (FIRST, SECOND), "READ", False, 5.0, 2.0, dialog_id=CONVERSATION
    )
    assert names.referenced == {FIRST, SECOND}


def test_a_receipt_is_not_moved_over_a_disconnect_or_closing(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    recording.records.append(RecordedClose(1, 2_000_000, True, 1000))
    recording.request(5.0, requests.read("4", CONVERSATION, [0]), {})
    events, placed, _ = placed_receipts(recording)
    (place,) = placed
    assert isinstance(events[place], RequestSent)


def test_a_message_that_did_not_arrive_before_is_named_by_its_number(recording: Any) -> None:
    recording.open_conversation()
    recording.request(1.0, requests.accept("4", CONVERSATION, [0]), {})
    recording.receive_text(2.0, 0, "one")
    _, placed, names = placed_receipts(recording)
    assert [receipt.messages for receipts in placed.values() for receipt in receipts] == [(0,)]
    assert names.referenced == set()


def test_a_repeated_receipt_is_marked_again(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    for at_s, number in ((1.1, "4"), (1.2, "5")):
        recording.request(at_s, requests.accept(number, CONVERSATION, [0]), {})
    _, placed, _ = placed_receipts(recording)
    assert [receipt.again for receipts in placed.values() for receipt in receipts] == [False, True]


def test_without_pauses_a_receipt_is_placed_where_it_was_sent(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    recording.request(5.0, requests.read("4", CONVERSATION, [0]), {})
    events = recording.events()
    (place,) = receipts_by_index(events, ScriptNames(events), in_place=True)
    assert isinstance(events[place], RequestSent)


def test_receipts_of_the_same_time_keep_their_order(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    recording.receive_text(2.0, 1, "two")
    recording.request(5.0, requests.read("4", CONVERSATION, [1]), {})
    recording.request(5.0, requests.read("5", CONVERSATION, [0]), {})
    _, placed, _ = placed_receipts(recording)
    (both,) = placed.values()
    assert [one.messages for one in both] == [(SECOND,), (FIRST,)]


def test_refused_receipts_are_left_out(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    recording.request(2.0, requests.read("4", CONVERSATION, [0]), "no", code=400)
    _, placed, _ = placed_receipts(recording)
    assert placed == {}


def test_the_highest_status_and_the_last_receipt_are_expected(recording: Any) -> None:
    recording.open_conversation()
    recording.request(0.5, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    for at_s, status in ((0.6, "ACCEPT"), (0.7, "READ"), (0.8, "ACCEPT"), (0.9, "NACK")):
        recording.receive_receipt(at_s, 9, status, 0)
    recording.receive_receipt(1.0, 9, "READ", 77)
    events = recording.events()
    names = ScriptNames(events)
    waited_for = [events[place] for place in sorted(receipts_to_expect(events, names))]
    assert [(one.status, one.at_s) for one in waited_for if isinstance(one, ReceiptArrived)] == [
        ("READ", 0.7), ("NACK", 0.9),
    ]  # fmt: skip
    assert names.referenced == {FIRST}


# --- awaits ---


def awaited(recording: Any, *, keeps_time: bool) -> list[tuple[type, list[int]]]:
    events = recording.events()
    awaits = awaits_by_index(events, ScriptNames(events), keeps_time=keeps_time)
    return [(type(events[index]), [one.frame for one in awaits[index]]) for index in sorted(awaits)]


def words(text: str) -> dict[str, Any]:
    return {"type": "ContentEvent", "contentType": "text/plain", "message": text}


@pytest.mark.parametrize("keeps_time", [True, False])
def test_a_message_is_awaited_where_it_arrived(recording: Any, *, keeps_time: bool) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    recording.receive_text(2.0, 1, "two")
    assert awaited(recording, keeps_time=keeps_time) == [(MessageArrived, [7]), (MessageArrived, [8])]


def test_without_pauses_overtaken_messages_are_awaited_at_their_request(
    recording: Any,
) -> None:
    """The first conversation's message comes at once then, before the second one's."""
    recording.open_conversation(0.0, "conv-1")
    recording.open_conversation(1.0, "conv-2")
    recording.receive_event(2.0, 0, words("second"), dialog_id="conv-2")
    recording.receive_event(3.0, 0, words("first"), dialog_id="conv-1")
    assert awaited(recording, keeps_time=True) == [(MessageArrived, [13]), (MessageArrived, [14])]
    assert awaited(recording, keeps_time=False) == [(RequestSent, [14]), (RequestSent, [13])]
