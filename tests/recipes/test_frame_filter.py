"""Frames pass by what they are and by what the payload says that they complete."""

from __future__ import annotations

import pytest

from recorder.errors import BadOption
from recorder.recipes.filters import parse_filters
from recorder.recipes.frame_filter import FrameFilter
from recorder.report.frame_words import FrameWords
from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame


def frame(number, payload=b"", sender=Side.CLIENT, **more):
    usual = {"opcode": 1, "fin": True, "rsv": 0, "payload": payload}
    return RecordedFrame(
        number, 1, number - 1, sender, number * 1_000_000, number * 1_000_000, **{**usual, **more}
    )


PUBLISH = (
    b'{"kind":"req","id":"7","type":"ms.PublishEvent",'
    b'"body":{"dialogId":"d1","event":{"type":"ContentEvent"}}}'
)
ANSWER = b'{"kind":"resp","reqId":"7","code":404,"body":"nobody"}'
READ = (
    b'{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":[{"dialogId":"d2",'
    b'"originatorId":"bob","event":{"type":"AcceptStatusEvent","status":"READ","sequenceList":[0]}}]}}'
)
FRAMES = [
    frame(1, PUBLISH),
    frame(2, b"beat", opcode=9),
    frame(3, ANSWER, Side.SERVICE),
    frame(4, READ[:50], Side.SERVICE, fin=False),
    frame(5, b"beat", Side.SERVICE, opcode=10),
    frame(6, READ[50:], Side.SERVICE, opcode=0),
    frame(7, b"no JSON, d1"),
    frame(8, b"\x11\x31gone", Side.SERVICE, opcode=8),
]


@pytest.mark.parametrize(
    ("given", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7, 8]),
        ({"sender": "client"}, [1, 2, 7]),
        ({"opcode": "text"}, [1, 3, 4, 7]),
        ({"opcode": "close"}, [8]),
        ({"type": "publishevent"}, [1]),
        ({"type": "AcceptStatusEvent"}, [6]),
        ({"dialog": "d1"}, [1]),
        ({"participant": "bob"}, [6]),
        ({"status": "read"}, [6]),
        ({"status": "404"}, [3]),
        ({"status": "4401"}, [8]),
        ({"where": "$.body == 'nobody'"}, [3]),
        ({"grep": "beat|gone|d1"}, [1, 2, 5, 7, 8]),
        ({"grep": "AcceptStatusEvent"}, [6]),
        ({"since": "#3", "until": "+6s"}, [3, 4, 5, 6]),
        ({"limit": 2}, [1, 2]),
        ({"sender": "service", "limit": 2, "opcode": "10"}, [5]),
        ({"dialog": "d2", "sender": "client"}, []),
        ({"status": "4401", "dialog": "d1"}, []),
    ],
)
def test_frames_pass(given, numbers):
    assert [each.number for each in FrameFilter(parse_filters(**given)).passing(FRAMES)] == numbers


def test_what_was_begun_in_one_batch_passes_with_the_next():
    chosen = FrameFilter(parse_filters(type="AcceptStatusEvent", limit=1))
    assert list(chosen.passing(FRAMES[:5])) == []
    assert not chosen.is_full
    assert [each.number for each in chosen.passing(FRAMES[5:])] == [6]
    assert chosen.is_full
    assert list(chosen.passing(FRAMES)) == []


def test_frames_are_read_only_as_far_as_they_are_asked_for():
    def reading():
        yield from FRAMES[:3]
        raise AssertionError("it was read on")

    assert len(list(FrameFilter(parse_filters(limit=3)).passing(reading()))) == 3


def test_a_sender_is_a_side():
    with pytest.raises(BadOption, match="--sender"):
        FrameFilter(parse_filters(sender="agent"))


def test_a_frame_without_a_time_cannot_be_placed():
    untimed = FRAMES[0]._replace(at_us=None, offset_us=None)
    with pytest.raises(BadOption, match="--since: frame #1 carries no time"):
        list(FrameFilter(parse_filters(since="2026-01-31T12:00:00Z")).passing([untimed]))


def test_the_words_of_an_answer_are_those_of_a_request_that_is_left_out():
    words, frames = FrameWords(), [frame(1, PUBLISH), frame(2, ANSWER, Side.SERVICE)]
    (passed,) = FrameFilter(parse_filters(sender="service"), words).passing(frames)
    assert words.of(passed) == 'PublishEvent Content → 404 "nobody"'
    assert FrameWords().of(passed) == 'an answer → 404 "nobody"'
