"""What one recorded consumer did, as steps."""

from __future__ import annotations

from typing import Any

import pytest

from recorder.messaging import requests
from recorder.replay.generate.pacing import Pace, Timeline
from recorder.replay.generate.script_names import ScriptNames
from recorder.replay.generate.step_lines import StepLines
from recorder.replay.generate.steps import StepWriter
from recorder.replay.generate.timeline_events import RecordedClose, RecordedOpen

CONVERSATION = "conv-1"


def steps_of(recording: Any, pace: Pace = Pace(), **options: Any) -> list[str]:  # noqa: B008 - immutable
    events = recording.events()
    lines = StepLines(Timeline((one.at_s for one in events), pace))
    steps = StepWriter(events, ScriptNames(events), lines, **options)
    for index in range(len(events)):
        steps.write_next(more_follows=index < len(events) - 1)
    return lines.lines


def test_every_verb_counts_from_the_message_awaited(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    recording.request(2.0, requests.get_clock("4"), {})
    recording.request(3.0, requests.request("9", "ms.QueryMessages", {"dialogId": "x"}), {})
    recording.request(4.0, requests.close_dialog("5", CONVERSATION, CONVERSATION), "OK")
    recording.records += [
        RecordedClose(1, 5_000_000, True, 1000),
        RecordedOpen(2, 6_000_000, None),
    ]
    assert [line.replace("after:", "").split("{")[-1] for line in steps_of(recording)[2:]] == [
        " 1s}",
        "dialogId: x}},  2s}",
        " 3s}",
        " 4s}",
        "from_sequence: last,  1s}",
    ]


def test_a_refused_request_becomes_a_send_step_with_a_note(recording: Any) -> None:
    """A step would fail over it as it did; and what a refused message was, no name stands for."""
    recording.open_conversation()
    recording.request(1.0, requests.publish_text("4", CONVERSATION, "Hi"), "no", code=429)
    *_, sent, note = steps_of(recording)
    assert sent.startswith("- send: {kind: req, id: recorded-4, type: ms.PublishEvent")
    assert note == "# frame 7 was answered with 429 (frame 8)"


def test_a_message_that_was_sent_raw_is_expected_as_it_is_described(recording: Any) -> None:
    event = {"type": "ContentEvent", "contentType": "hosted/file", "message": {"caption": "a"}}
    body = {"dialogId": CONVERSATION, "event": event}
    recording.open_conversation()
    for number in ("4", "5"):
        recording.request(1.0, requests.request(number, "ms.PublishEvent", body), {"sequence": int(number)})
    recording.receive_receipt(1.5, 6, "READ", 5)
    assert steps_of(recording)[-1] == (
        "- expect: {message: {from: consumer, type: hosted/file, nth: 2}, status: read}"
    )


@pytest.mark.parametrize(
    ("caption", "described"),
    [
        pytest.param("a map", "matching: ^a map$", id="caption"),
        pytest.param("", "type: hosted/file", id="named-anew-each-time"),
    ],
)
def test_a_file_is_awaited_by_its_caption_never_by_its_name(
    recording: Any, caption: str, described: str
) -> None:
    file = {"caption": caption, "relativePath": "/m.PNG", "fileType": "PNG"}
    recording.open_conversation()
    recording.receive_event(1.0, 0, {"type": "ContentEvent", "contentType": "hosted/file", "message": file})
    assert described in steps_of(recording)[-1]


def test_closing_another_conversation_than_the_last_one_names_it(recording: Any) -> None:
    recording.open_conversation(0.0, "conv-1")
    recording.open_conversation(0.1, "conv-2")
    recording.request(0.2, requests.close_conversation("9", "conv-1"), "OK")
    (line,) = [line for line in steps_of(recording) if "UpdateConversationField" in line]
    assert "'${conversation_1.body.conversationId}'" in line


def test_a_message_that_will_not_arrive_is_not_awaited(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    (note,) = steps_of(recording, will_arrive=lambda arrived: False)[1:]
    assert note.startswith("# frame 7 brought text/plain by ASSIGNED_AGENT")


def test_without_pauses_unawaited_answers_come_before_the_disconnect(recording: Any) -> None:
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    recording.request(2.0, requests.read("4", CONVERSATION, [0]), {})
    recording.records += [
        RecordedClose(1, 5_000_000, None, None),
        RecordedOpen(2, 6_000_000, None),
    ]
    assert steps_of(recording, Pace(None))[-4:] == [
        "- read: received_1", "- keep_alive", "- disconnect: abort", "- reconnect: last",
    ]  # fmt: skip


def test_several_consumers_say_who_acts(recording: Any) -> None:
    recording.open_conversation()
    assert steps_of(recording, name="ben") == ["- open_conversation: {consumer: ben}"]


def test_receipts_that_went_out_at_the_same_time_are_a_millisecond_apart(recording: Any) -> None:
    """Else the last digits of their times would decide which is first."""
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    recording.receive_text(2.0, 1, "two")
    for number in (1, 0):
        recording.request(5.0, requests.read(f"r{number}", CONVERSATION, [number]), {})
    assert steps_of(recording)[-2:] == [
        "- read: {message: received_2, after: 3s}", "- read: {message: received_1, after: 4.001s}",
    ]  # fmt: skip


def test_closing_that_waited_for_a_receipt_is_not_put_off_once_more(recording: Any) -> None:
    """It waits for receipts by itself: only what was waited after the last one is said."""
    recording.open_conversation()
    recording.receive_text(1.0, 0, "one")
    recording.request(5.0, requests.read("4", CONVERSATION, [0]), {})
    recording.request(5.002, requests.close_conversation("5", CONVERSATION), "OK")
    assert steps_of(recording)[-2:] == ["- read: {message: received_1, after: 4s}", "- close_conversation"]


def test_no_disconnect_step_at_the_end(recording: Any) -> None:
    """The script is over then, and says goodbye by itself."""
    recording.open_conversation()
    recording.records.append(RecordedClose(1, 5_000_000, True, 1000))
    assert steps_of(recording) == ["- open_conversation"]


def test_a_receipt_without_a_name_for_its_message_stays_literal_elsewhere(recording: Any) -> None:
    """A bare sequence would be taken for one of the conversation that is spoken of."""
    recording.open_conversation(0.0, "conv-1")
    recording.open_conversation(0.1, "conv-2")
    recording.request(1.0, requests.read("9", "conv-1", [7]), {})
    recording.request(2.0, requests.read("10", "conv-2", [8]), {})
    *_, note, literal, given = steps_of(recording)
    assert note.startswith("# frame 13 stays as it was recorded: its receipt is for a message of another")
    assert "dialogId: conv-1, event: {type: AcceptStatusEvent, status: READ, sequenceList: [7]}" in literal
    assert given.startswith("- read: {message: 8")
