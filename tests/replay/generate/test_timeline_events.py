"""What happened in a recorded session."""

from __future__ import annotations

from typing import Any

import pytest

from recorder.messaging import requests
from recorder.messaging.events import Stamp
from recorder.replay.generate.timeline_events import (
    WHOLE,
    Answered,
    Arrived,
    Asked,
    Began,
    Beside,
    Connected,
    Echoed,
    Left,
    Over,
    Receipted,
    Said,
    Typed,
    Uttered,
    recollect,
)
from recorder.replay.run.receipt_schedule import MessageKey

CONVERSATION = "conv-1"


def kinds(tape: Any) -> list[str]:
    return [type(moment).__name__ for moment in recollect(tape.happenings)]


def test_every_message_arrives_once(tape: Any) -> None:
    tape.open()
    for _ in range(2):
        tape.hear(1.0, 0, "one")
    arrived = [moment for moment in recollect(tape.happenings) if isinstance(moment, Arrived)]
    assert [(one.key, one.at_s) for one in arrived] == [(MessageKey(CONVERSATION, 0), 1.0)]


def test_the_echo_of_an_own_message_does_not_arrive(tape: Any) -> None:
    """Neither behind its answer, nor before it."""
    echo = {"type": "ContentEvent", "contentType": "text/plain", "message": "Hi"}
    tape.open()
    tape.ask(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    tape.published(1.1, 0, echo, by="consumer-1")
    tape.published(1.2, 7, echo, by="consumer-1")
    assert not any(isinstance(moment, Arrived) for moment in recollect(tape.happenings))


HI = {"type": "ContentEvent", "contentType": "text/plain", "message": "Hi"}


def lost_and_found(tape: Any, *, over: bool) -> list[Echoed]:
    """Said twice; the first was answered, and the history brings both."""
    tape.open()
    tape.ask(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    tape.say(2.0, requests.publish_text("5", CONVERSATION, "Hi"), by_client=True)
    if over:
        tape.happenings += [Over(1, 3_000_000, None, None), Began(2, 4_000_000, None)]
        tape.connection = 2
    for sequence in (0, 1, 1):
        tape.published(5.0, sequence, HI, by="consumer-1")
    return [moment for moment in recollect(tape.happenings) if isinstance(moment, Echoed)]


def test_the_place_of_a_message_whose_answer_was_lost_is_told_by_the_history(tape: Any) -> None:
    """Once; and one that was answered is not taken for it."""
    (echoed,) = lost_and_found(tape, over=True)
    (asked,) = [one for one in recollect(tape.happenings) if isinstance(one, Asked) and one.request.id == "5"]
    assert (echoed.ask, echoed.key) == (asked.frame, MessageKey(CONVERSATION, 1))


def test_of_two_that_were_lost_each_gets_its_own_place(tape: Any) -> None:
    tape.open()
    asked = [
        tape.say(1.0, requests.publish_text(number, CONVERSATION, "Hi"), by_client=True)
        for number in ("4", "5")
    ]
    tape.happenings += [Over(1, 3_000_000, None, None), Began(2, 4_000_000, None)]
    tape.connection = 2
    for sequence in (0, 1, 2):  # the third one was said elsewhere
        tape.published(5.0, sequence, HI, by="consumer-1")
    echoed = [moment for moment in recollect(tape.happenings) if isinstance(moment, Echoed)]
    assert [(one.ask, one.key.sequence) for one in echoed] == [(asked[0], 0), (asked[1], 1)]


def test_while_its_connection_is_there_the_answer_is_waited_for(tape: Any) -> None:
    assert lost_and_found(tape, over=False) == []


def test_the_place_of_an_own_message_is_told_by_its_answer(tape: Any) -> None:
    tape.open()
    tape.ask(1.0, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 5})
    moments = recollect(tape.happenings)
    (asked,) = [one for one in moments if isinstance(one, Asked) and one.text == "Hi"]
    (answered,) = [one for one in moments if isinstance(one, Answered) and one.ask == asked.frame]
    assert answered.key == MessageKey(CONVERSATION, 5)
    assert asked.message is not None
    assert asked.receipt is asked.chat_state is None


def test_a_receipt_of_the_other_side_counts_once_for_each_message(tape: Any) -> None:
    tape.open()
    tape.hear_receipt(1.0, 1, "READ", 0)
    tape.hear_receipt(2.0, 2, "READ", 0)
    found = [moment for moment in recollect(tape.happenings) if isinstance(moment, Receipted)]
    assert [(one.key.sequence, one.status, one.at_s) for one in found] == [(0, "READ", 1.0)]


def test_own_receipts_and_chat_states_are_what_was_asked(tape: Any) -> None:
    tape.open()
    tape.ask(1.0, requests.read("4", CONVERSATION, [0]), {})
    tape.ask(2.0, requests.publish_chat_state("5", CONVERSATION, "COMPOSING"), {})
    tape.published(3.0, 9, {"type": "ChatStateEvent", "chatState": "PAUSE"})
    moments = recollect(tape.happenings)
    asked = [one for one in moments if isinstance(one, Asked)][-2:]
    assert asked[0].receipt is not None
    assert asked[0].receipt.sequences == (0,)
    assert asked[1].chat_state is not None
    assert [one.state for one in moments if isinstance(one, Typed)] == ["PAUSE"]


def test_what_is_no_request_is_uttered() -> None:
    said = [
        Said(Stamp(1, 1), from_client=True, data=b"hello"),
        Said(Stamp(2, 1), from_client=True, data=b"\x00", binary=True),
    ]
    assert recollect(said) == [Uttered(1, None, b"hello", False), Uttered(2, None, b"\x00", True)]


def test_one_leaves_when_the_last_connection_ends_and_comes_back_with_the_next() -> None:
    """Two at once count as one, and the second is told: a script holds one line for a consumer."""
    ends = [
        Began(1, 0, None), Began(2, 1_000_000, None), Over(1, 2_000_000, True, 1000),
        Over(2, 3_000_000, None, None), Began(3, 4_000_000, "t"),
    ]  # fmt: skip
    assert recollect(ends) == [
        Connected(0.0, 1, None), Beside(1.0, 2), Left(3.0, 2, None, None), Connected(4.0, 3, "t"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "closings"),
    [
        ({"field": "ConversationStateField", "conversationState": "CLOSE"}, [WHOLE]),
        ([{"field": "Stage", "conversationState": "CLOSE"}], [WHOLE]),
        ([{"field": "DialogChange", "type": "UPDATE", "dialog": {"dialogId": "d", "state": "CLOSE"}}], ["d"]),
        ([{"field": "CSATRate", "csatRate": 5, "comment": "CLOSE to perfect"}], []),
        ([{"field": "DialogChange", "dialog": {"dialogId": "CLOSE", "state": "OPEN"}}, 7, None], []),
        (None, []),
    ],
    ids=["state", "stage", "dialog", "the word alone", "another state", "nothing"],
)
def test_what_is_closed_is_told_by_the_field_and_not_by_the_word(
    tape: Any, field: Any, closings: list[str]
) -> None:
    body = {"conversationId": CONVERSATION, "conversationField": field}
    tape.ask(1.0, requests.request("1", "cm.UpdateConversationField", body))
    asked = next(one for one in recollect(tape.happenings) if isinstance(one, Asked))
    assert asked.closings == closings
