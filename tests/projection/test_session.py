"""Frames in, events out: what a session's frames tell, however they were fragmented and whoever sent them."""

from __future__ import annotations

from builders.archives import scanned

from recorder.messaging.events import Identified, MessagePublished, PublishLost, PublishRequested
from recorder.projection.session import events_of
from recorder.receipts.fold import fold
from recorder.receipts.queries import view
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionInfo, RecordedFrame

ASK = (
    b'{"kind":"req","id":"1","type":"ms.PublishEvent","body":{"dialogId":"d",'
    b'"event":{"type":"ContentEvent","contentType":"text/plain","message":"hi"}}}'
)
ANSWER = b'{"kind":"resp","reqId":"1","code":200,"body":{"sequence":0},"type":"ms.PublishEventResponse"}'


def frame(number, sender, payload, *, opcode=1, fin=True, connection=1):
    return scanned(
        RecordedFrame(number, connection, number - 1, sender, number, number, opcode, fin, 0, payload)
    )


def connection(*, how=None, headers=()):
    return ConnectionInfo(
        1, None, 5, 0, None, headers, 101, (), None, None, None, None, None, how, None, 2
    )  # fmt: skip


def test_a_question_and_its_answer_become_a_sent_message():
    frames = [frame(1, Side.CLIENT, ASK), frame(2, Side.SERVICE, ANSWER)]
    (message,) = view(fold(events_of([connection()], frames)))
    assert (message.sequence, message.status, message.text, message.request_frame) == (0, "sent", "hi", 1)


def test_fragments_count_as_the_frame_that_completes_them_and_controls_may_stand_between():
    frames = [
        frame(1, Side.CLIENT, ASK[:40], fin=False),
        frame(2, Side.CLIENT, b"", opcode=9),
        frame(3, Side.CLIENT, ASK[40:], opcode=0),
    ]
    (asked,) = [event for event in events_of([connection()], frames) if isinstance(event, PublishRequested)]
    assert asked.evidence.frame == 3


def test_the_authorization_header_says_who_we_are_before_any_frame():
    headers = (("authorization", "jwt ⟦jwt:3f9a1c22 sub=somebody aud=acc:1⟧"),)
    (identified,) = list(events_of([connection(headers=headers)], []))
    assert isinstance(identified, Identified)
    assert (identified.participant, identified.evidence.frame) == ("somebody", 0)


def test_an_unanswered_publish_is_lost_once_the_connection_or_the_recording_has_ended():
    frames = [frame(1, Side.CLIENT, ASK)]

    def lost(how, interrupted):
        events = events_of([connection(how=how)], frames, interrupted=interrupted)
        return any(isinstance(event, PublishLost) for event in events)

    assert not lost(None, False)
    assert lost("closed", False)
    assert lost(None, True)


def test_a_notification_sent_by_the_client_is_not_an_announcement():
    """The side decides who asks, not the text: a client cannot announce anything."""
    notification = (
        b'{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":[{"sequence":0,'
        b'"dialogId":"d","originatorId":"a","event":{"type":"ContentEvent","contentType":"text/plain",'
        b'"message":"x"}}]}}'
    )
    told = list(events_of([connection()], [frame(1, Side.CLIENT, notification)]))
    assert not any(isinstance(event, MessagePublished) for event in told)
    heard = list(events_of([connection()], [frame(1, Side.SERVICE, notification)]))
    assert any(isinstance(event, MessagePublished) for event in heard)
