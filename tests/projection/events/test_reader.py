"""A session heard in pieces tells what it tells in one."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import Identified
from recorder.projection.events.reader import Hearing
from recorder.store.frame_chunks import skimmed
from recorder.store.info import ConnectionInfo
from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame

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
    return skimmed(RecordedFrame(number, 1, number - 1, sender, number, number, opcode, fin, 0, payload))


pieces = st.builds(
    lambda sender, payload, opcode, fin: (sender, payload, opcode, fin),
    st.sampled_from(Side), st.sampled_from((ASK, ANSWER, ASK[:30], ASK[30:], b"")),
    st.sampled_from((0, 1, 2, 3, 8, 9)), st.booleans(),
)  # fmt: skip


@given(st.lists(pieces, max_size=12), st.integers(0, 12))
def test_in_two_pieces_it_tells_the_same(told, cut):
    frames = [frame(number, a, b, opcode=c, fin=d) for number, (a, b, c, d) in enumerate(told, start=1)]
    whole, pieced = Hearing(), Hearing()
    ended = replace(CONNECTION, how="lost")
    expected = [*whole.hear(frames), *whole.end([ended], interrupted=False)]
    found = [*pieced.hear(frames[:cut]), *pieced.hear(frames[cut:]), *pieced.end([ended], interrupted=False)]
    assert found == expected


def test_a_connection_is_met_once_and_again_when_it_turns_out_to_speak_for_somebody():
    hearing = Hearing()
    assert not list(hearing.meet([CONNECTION]))
    (told,) = hearing.meet([replace(CONNECTION, request_headers=ME)])
    assert isinstance(told, Identified)
    assert not list(hearing.meet([replace(CONNECTION, request_headers=ME)]))


def test_what_was_heard_does_not_stand_when_its_beginning_or_its_end_was_another():
    hearing = Hearing()
    list(hearing.meet([CONNECTION]))
    list(hearing.hear([frame(1, Side.CLIENT, ASK)]))
    assert hearing.goes_on([CONNECTION], interrupted=False)
    assert not hearing.goes_on([replace(CONNECTION, request_headers=ME)], interrupted=False)
    list(hearing.end([CONNECTION], interrupted=True))
    assert hearing.goes_on([CONNECTION], interrupted=True)
    assert not hearing.goes_on([CONNECTION], interrupted=False)


NOTE = (
    b'{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":[{"sequence":%d,'
    b'"dialogId":"d","originatorId":"a","event":{"type":"ContentEvent","contentType":"text/plain",'
    b'"message":"hi"}%s}]}}'
)


def test_many_frames_at_once_tell_what_each_tells_alone():
    """Where many come together, a faster reader takes what it can."""
    told = [
        (Side.SERVICE, NOTE % (n, b',"x":1' if n % 7 == 0 else b"")) if n % 5 else (Side.CLIENT, ASK)
        for n in range(3_000)
    ]
    frames = [frame(n, side, data, opcode=9 if n % 11 == 0 else 1) for n, (side, data) in enumerate(told, 1)]
    one_by_one, together = Hearing(), Hearing()
    expected = [event for each in frames for event in one_by_one.hear([each])]
    assert list(together.hear(frames)) == expected
    assert together.last == one_by_one.last == 3_000
