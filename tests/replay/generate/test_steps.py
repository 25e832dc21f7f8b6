"""What one recorded consumer did, as steps."""

from __future__ import annotations

from typing import Any

from recorder.messaging import requests
from recorder.replay.generate.pacing import Pace, Timeline
from recorder.replay.generate.quoting import Wording
from recorder.replay.generate.step_lines import Sheet
from recorder.replay.generate.steps import Steps
from recorder.replay.generate.timeline_events import Began, Over, recollect

CONVERSATION = "conv-1"


def steps_of(tape: Any, pace: Pace = Pace(), **options: Any) -> list[str]:  # noqa: B008 - immutable
    moments = recollect(tape.happenings)
    sheet = Sheet(Timeline((one.at_s for one in moments), pace))
    steps = Steps(moments, Wording(moments), sheet, **options)
    for place in range(len(moments)):
        steps.take(place, going_on=place < len(moments) - 1)
    return sheet.lines


def test_every_verb_counts_from_the_message_awaited(tape: Any) -> None:
    tape.open()
    tape.hear(1.0, 0, "one")
    tape.ask(2.0, requests.get_clock("4"), {})
    tape.ask(3.0, requests.request("9", "ms.QueryMessages", {"dialogId": "x"}), {})
    tape.ask(4.0, requests.close_dialog("5", CONVERSATION, CONVERSATION), "OK")
    tape.happenings += [Over(1, 5_000_000, True, 1000), Began(2, 6_000_000, None)]
    assert [line.replace("after:", "").split("{")[-1] for line in steps_of(tape)[2:]] == [
        " 1s}",
        "dialogId: x}},  2s}",
        " 3s}",
        " 4s}",
        "from_sequence: last,  1s}",
    ]


def test_what_was_refused_is_only_sent_and_remarked(tape: Any) -> None:
    """A step would fail over it as it did; and what a refused message was, no name stands for."""
    tape.open()
    tape.ask(1.0, requests.publish_text("4", CONVERSATION, "Hi"), "no", code=429)
    *_, sent, note = steps_of(tape)
    assert sent.startswith("- send: {kind: req, id: recorded-4, type: ms.PublishEvent")
    assert note == "# frame 7 was answered with 429 (frame 8)"


def test_a_message_that_was_sent_raw_is_expected_as_it_is_described(tape: Any) -> None:
    event = {"type": "ContentEvent", "contentType": "hosted/file", "message": {"caption": "a"}}
    body = {"dialogId": CONVERSATION, "event": event}
    tape.open()
    for number in ("4", "5"):
        tape.ask(1.0, requests.request(number, "ms.PublishEvent", body), {"sequence": int(number)})
    tape.hear_receipt(1.5, 6, "READ", 5)
    assert steps_of(tape)[-1] == (
        "- expect: {message: {from: consumer, type: hosted/file, nth: 2}, status: read}"
    )


def test_closing_another_conversation_than_the_last_one_names_it(tape: Any) -> None:
    tape.open(0.0, "conv-1")
    tape.open(0.1, "conv-2")
    tape.ask(0.2, requests.close_conversation("9", "conv-1"), "OK")
    (line,) = [line for line in steps_of(tape) if "UpdateConversationField" in line]
    assert "'${conversation_1.body.conversationId}'" in line


def test_what_does_not_come_again_is_not_waited_for(tape: Any) -> None:
    tape.open()
    tape.hear(1.0, 0, "one")
    (note,) = steps_of(tape, comes=lambda arrived: False)[1:]
    assert note.startswith("# frame 7 brought text/plain by ASSIGNED_AGENT")


def test_without_pauses_answers_that_nobody_waits_for_come_before_the_break(tape: Any) -> None:
    tape.open()
    tape.hear(1.0, 0, "one")
    tape.ask(2.0, requests.read("4", CONVERSATION, [0]), {})
    tape.happenings += [Over(1, 5_000_000, None, None), Began(2, 6_000_000, None)]
    assert steps_of(tape, Pace(None))[-4:] == [
        "- read: received_1", "- keep_alive", "- disconnect: abort", "- reconnect: last",
    ]  # fmt: skip


def test_several_consumers_say_who_acts(tape: Any) -> None:
    tape.open()
    assert steps_of(tape, name="ben") == ["- open_conversation: {consumer: ben}"]


def test_receipts_that_went_out_at_the_same_time_are_a_millisecond_apart(tape: Any) -> None:
    """Else the last digits of their times would decide which is first."""
    tape.open()
    tape.hear(1.0, 0, "one")
    tape.hear(2.0, 1, "two")
    for number in (1, 0):
        tape.ask(5.0, requests.read(f"r{number}", CONVERSATION, [number]), {})
    assert steps_of(tape)[-2:] == [
        "- read: {message: received_2, after: 3s}", "- read: {message: received_1, after: 4.001s}",
    ]  # fmt: skip


def test_closing_that_waited_for_a_receipt_is_not_put_off_once_more(tape: Any) -> None:
    """It waits for receipts by itself: only what was waited after the last one is said."""
    tape.open()
    tape.hear(1.0, 0, "one")
    tape.ask(5.0, requests.read("4", CONVERSATION, [0]), {})
    tape.ask(5.002, requests.close_conversation("5", CONVERSATION), "OK")
    assert steps_of(tape)[-2:] == ["- read: {message: received_1, after: 4s}", "- close_conversation"]


def test_nobody_leaves_who_has_nothing_left_to_do(tape: Any) -> None:
    """The script is over then, and says goodbye by itself."""
    tape.open()
    tape.happenings.append(Over(1, 5_000_000, True, 1000))
    assert steps_of(tape) == ["- open_conversation"]


def test_a_receipt_without_a_name_for_its_message_is_left_out_elsewhere(tape: Any) -> None:
    """A bare sequence would be taken for one of the conversation that is spoken of."""
    tape.open(0.0, "conv-1")
    tape.open(0.1, "conv-2")
    tape.ask(1.0, requests.read("9", "conv-1", [7]), {})
    tape.ask(2.0, requests.read("10", "conv-2", [8]), {})
    *_, note, given = steps_of(tape)
    assert note == "# a READ for (7,) in conv-1 is left out"
    assert given.startswith("- read: {message: 8")
