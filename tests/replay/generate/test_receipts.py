"""Where a written script gives which receipt."""

from __future__ import annotations

from typing import Any

from recorder.messaging import requests
from recorder.replay.generate.quoting import Wording
from recorder.replay.generate.receipts import Given, final_receipts, receipts_by_place
from recorder.replay.generate.timeline_events import Arrived, Asked, Over, Receipted, recollect
from recorder.replay.run.receipt_schedule import MessageKey

CONVERSATION = "conv-1"
FIRST, SECOND = MessageKey(CONVERSATION, 0), MessageKey(CONVERSATION, 1)


def given(tape: Any) -> tuple[list[Any], dict[int, list[Given]], Wording]:
    moments = recollect(tape.happenings)
    wording = Wording(moments)
    return moments, receipts_by_place(moments, wording), wording


def test_a_receipt_stands_where_the_last_message_it_names_arrives(tape: Any) -> None:
    tape.open()
    tape.hear(1.0, 0, "one")
    tape.hear(2.0, 1, "two")
    tape.ask(5.0, requests.read("4", CONVERSATION, [0, 1]), {})
    moments, placed, wording = given(tape)
    ((place, receipts),) = placed.items()
    assert isinstance(moments[place], Arrived)
    assert moments[place].key == SECOND
    assert receipts == [Given((FIRST, SECOND), "READ", False, 5.0, 2.0, dialog_id=CONVERSATION)]
    assert wording.wanted == {FIRST, SECOND}


def test_it_does_not_move_over_a_break_or_a_closing(tape: Any) -> None:
    tape.open()
    tape.hear(1.0, 0, "one")
    tape.happenings.append(Over(1, 2_000_000, True, 1000))
    tape.ask(5.0, requests.read("4", CONVERSATION, [0]), {})
    moments, placed, _ = given(tape)
    (place,) = placed
    assert isinstance(moments[place], Asked)


def test_a_message_that_did_not_arrive_before_is_named_by_its_number(tape: Any) -> None:
    tape.open()
    tape.ask(1.0, requests.accept("4", CONVERSATION, [0]), {})
    tape.hear(2.0, 0, "one")
    _, placed, wording = given(tape)
    assert [receipt.messages for receipts in placed.values() for receipt in receipts] == [(0,)]
    assert wording.wanted == set()


def test_saying_the_same_again_is_known(tape: Any) -> None:
    tape.open()
    tape.hear(1.0, 0, "one")
    for at_s, number in ((1.1, "4"), (1.2, "5")):
        tape.ask(at_s, requests.accept(number, CONVERSATION, [0]), {})
    _, placed, _ = given(tape)
    assert [receipt.again for receipts in placed.values() for receipt in receipts] == [False, True]


def test_where_no_time_is_kept_a_receipt_stands_where_it_went_out(tape: Any) -> None:
    tape.open()
    tape.hear(1.0, 0, "one")
    tape.ask(5.0, requests.read("4", CONVERSATION, [0]), {})
    moments = recollect(tape.happenings)
    (place,) = receipts_by_place(moments, Wording(moments), in_place=True)
    assert isinstance(moments[place], Asked)


def test_what_went_out_at_the_same_time_is_planned_in_the_same_order(tape: Any) -> None:
    tape.open()
    tape.hear(1.0, 0, "one")
    tape.hear(2.0, 1, "two")
    tape.ask(5.0, requests.read("4", CONVERSATION, [1]), {})
    tape.ask(5.0, requests.read("5", CONVERSATION, [0]), {})
    _, placed, _ = given(tape)
    (both,) = placed.values()
    assert [one.messages for one in both] == [(SECOND,), (FIRST,)]


def test_what_was_refused_is_no_receipt_to_plan(tape: Any) -> None:
    tape.open()
    tape.hear(1.0, 0, "one")
    tape.ask(2.0, requests.read("4", CONVERSATION, [0]), "no", code=400)
    _, placed, _ = given(tape)
    assert placed == {}


def test_of_an_own_message_the_highest_status_and_the_last_receipt_are_waited_for(tape: Any) -> None:
    tape.open()
    tape.ask(0.5, requests.publish_text("4", CONVERSATION, "Hi"), {"sequence": 0})
    for at_s, status in ((0.6, "ACCEPT"), (0.7, "READ"), (0.8, "ACCEPT"), (0.9, "NACK")):
        tape.hear_receipt(at_s, 9, status, 0)
    tape.hear_receipt(1.0, 9, "READ", 77)
    moments = recollect(tape.happenings)
    wording = Wording(moments)
    waited_for = [moments[place] for place in sorted(final_receipts(moments, wording))]
    assert [(one.status, one.at_s) for one in waited_for if isinstance(one, Receipted)] == [
        ("READ", 0.7), ("NACK", 0.9),
    ]  # fmt: skip
    assert wording.wanted == {FIRST}
