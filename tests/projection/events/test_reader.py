"""A session heard in pieces tells what it tells in one."""

from __future__ import annotations

from dataclasses import replace

from builders.archives import scanned
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import Identified
from recorder.projection.events.reader import EventReader
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionInfo, RecordedFrame

ASK = (
    b'{"kind":"req","id":"1","type":"ms.PublishEvent",'
    b'"body":{"dialogId":"d","event":{"type":"ContentEvent"}}}'
)
ANSWER = b'{"kind":"resp","reqId":"1","code":200,"body":{"sequence":0},"type":"ms.PublishEventResponse"}'

CONNECTION = ConnectionInfo(
    1, None, 5, 0, None, (), 101, (), None, None, None, None, None, None, None, 2
)  # fmt: skip
ME = (("authorization", "jwt ⟦jwt:3f9a1c22 sub=somebody aud=acc:1⟧"),)


def frame(number, sender, payload, *, opcode=1, fin=True):
    return scanned(RecordedFrame(number, 1, number - 1, sender, number, number, opcode, fin, 0, payload))


pieces = st.builds(
    lambda sender, payload, opcode, fin: (sender, payload, opcode, fin),
    st.sampled_from(Side), st.sampled_from((ASK, ANSWER, ASK[:30], ASK[30:], b"")),
    st.sampled_from((0, 1, 2, 3, 8, 9)), st.booleans(),
)  # fmt: skip


@given(st.lists(pieces, max_size=12), st.integers(0, 12))
def test_frames_in_two_parts_give_the_same_events(told, cut):
    frames = [frame(number, a, b, opcode=c, fin=d) for number, (a, b, c, d) in enumerate(told, start=1)]
    whole, parted = EventReader(), EventReader()
    ended = replace(CONNECTION, how="lost")
    expected = [*whole.read(frames), *whole.connections_ended([ended], interrupted=False)]
    found = [
        *parted.read(frames[:cut]),
        *parted.read(frames[cut:]),
        *parted.connections_ended([ended], interrupted=False),
    ]
    assert found == expected


def test_a_connection_is_identified_once_and_again_when_its_token_changes():
    event_reader = EventReader()
    assert not list(event_reader.connections_opened([CONNECTION]))
    (told,) = event_reader.connections_opened([replace(CONNECTION, request_headers=ME)])
    assert isinstance(told, Identified)
    assert not list(event_reader.connections_opened([replace(CONNECTION, request_headers=ME)]))


def test_reading_cannot_continue_after_another_token_or_end():
    event_reader = EventReader()
    list(event_reader.connections_opened([CONNECTION]))
    list(event_reader.read([frame(1, Side.CLIENT, ASK)]))
    assert event_reader.can_continue([CONNECTION], interrupted=False)
    assert not event_reader.can_continue([replace(CONNECTION, request_headers=ME)], interrupted=False)
    list(event_reader.connections_ended([CONNECTION], interrupted=True))
    assert event_reader.can_continue([CONNECTION], interrupted=True)
    assert not event_reader.can_continue([CONNECTION], interrupted=False)


NOTE = (
    b'{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":[{"sequence":%d,'
    b'"dialogId":"d","originatorId":"a","event":{"type":"ContentEvent","contentType":"text/plain",'
    b'"message":"hi"}%s}]}}'
)


def test_many_frames_at_once_give_the_events_of_each_alone():
    """Where many come together, a faster reader takes what it can."""
    told = [
        (Side.SERVICE, NOTE % (n, b',"x":1' if n % 7 == 0 else b"")) if n % 5 else (Side.CLIENT, ASK)
        for n in range(3_000)
    ]
    frames = [frame(n, side, data, opcode=9 if n % 11 == 0 else 1) for n, (side, data) in enumerate(told, 1)]
    one_by_one, together = EventReader(), EventReader()
    expected = [event for each in frames for event in one_by_one.read([each])]
    assert list(together.read(frames)) == expected
    assert together.last == one_by_one.last == 3_000
