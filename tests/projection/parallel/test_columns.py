"""A range of frames, encoded and decoded, gives with its remaining frames the events of reading it all."""

from __future__ import annotations

import json
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.fast_dict import read_notification
from recorder.projection.events.reader import EventReader
from recorder.projection.parallel.columns import RangeEvents, decode_range, encode_range
from recorder.store.frame_chunks import ScannedFrame

CONTENT = {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}
RECEIPT = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [1, 2]}
TYPING = {"type": "ChatStateEvent", "chatState": "ACTIVE"}


def notification(event, **more):
    change = {"sequence": 4, "originatorId": "a", "serverTimestamp": 1_700_000_000_000, "dialogId": "d"}
    body = {"changes": [{**change, "event": event, **more}]}
    return {"kind": "notification", "body": body, "type": "ms.MessagingEventNotification"}


def request(event, number):
    return {"kind": "req", "id": number, "type": "ms.PublishEvent", "body": {"dialogId": "d", "event": event}}


def answer(number):
    body = {"sequence": 3}
    return {"kind": "resp", "reqId": number, "code": 200, "body": body, "type": "ms.PublishEventResponse"}


events = st.sampled_from([CONTENT, RECEIPT, TYPING, {"type": "NewEvent"}])
numbers = st.sampled_from("12")
payloads = st.one_of(
    st.builds(notification, events),
    st.builds(notification, events, x=st.just(1)),
    st.builds(notification, events, serverTimestamp=st.sampled_from([None, 1, 1.5])),
    st.builds(request, events, numbers),
    st.builds(answer, numbers),
).map(lambda raw: json.dumps(raw).encode())
payloads = payloads | st.sampled_from([b"", b"{", b"\xff", b"[1]", b'"\\ud83d"', b"[" * 2_000])


@st.composite
def sessions(draw: st.DrawFn) -> list[ScannedFrame]:
    """Frames of two connections; most are whole texts, some are not."""
    frames = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        opcode, fin = draw(st.sampled_from([(1, 1)] * 12 + [(9, 1), (8, 1), (1, 0), (0, 1), (2, 1)]))
        at_us, offset_us = draw(st.sampled_from([(None, None), (number, number), (2**52, 5)]))
        violation = draw(st.sampled_from([None] * 9 + ["odd"]))
        sender, connection = draw(st.booleans()), draw(st.integers(1, 2))
        payload = draw(payloads)
        frames.append(
            ScannedFrame(number, connection, at_us, offset_us, int(sender), opcode, fin, violation, payload)
        )
    return frames


def round_trip(frames) -> RangeEvents:
    piece = decode_range(encode_range(frames))
    return piece._replace(
        events=list(piece.events), other_frames=[ScannedFrame(*frame) for frame in piece.other_frames]
    )


@given(sessions())
def test_decoded_events_and_other_frames_equal_a_sequential_read(frames):
    whole, parted = EventReader(), EventReader()
    heard, piece = list(whole.read(frames)), round_trip(frames)
    if piece.has_fragments:
        return
    other_frames = parted.read_remaining(piece.other_frames, connections=piece.connections, last=len(frames))
    assert Counter(map(repr, [*piece.events, *other_frames])) == Counter(map(repr, heard))
    assert not whole.in_fragment
    assert (parted.last, whole.last) == (len(frames), len(frames))
    assert piece.connections == {frame.connection for frame in frames}


@given(sessions())
def test_usual_notifications_are_not_among_the_other_frames(frames):
    """However it is read: a notification the typed reader does not know is still not handed on."""
    usual = [
        frame.number
        for frame in frames
        if frame.opcode == frame.fin == frame.from_service == 1 and frame.violation is None
        if read_notification(loaded(frame.payload), lambda name, _: name, 1, 1, None, None) is not None
    ]
    piece = round_trip(frames)
    assert set(usual).isdisjoint(frame.number for frame in piece.other_frames)
    assert set(usual) <= {event.evidence.frame for event in piece.events}


def loaded(payload):
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def test_events_and_what_they_hold_have_their_own_types():
    frames = [
        ScannedFrame(number, 1, None, 7, 1, 1, 1, None, json.dumps(notification(event)).encode())
        for number, event in enumerate((CONTENT, RECEIPT, TYPING), 1)
    ]
    assert [repr(event) for event in round_trip(frames).events] == [
        repr(event) for event in EventReader().read(frames)
    ]


def test_a_range_of_many_batches_decodes_to_all_events():
    payload = json.dumps(notification(CONTENT)).encode()
    frames = [ScannedFrame(number, 1, None, number, 1, 1, 1, None, payload) for number in range(1, 5_001)]
    assert round_trip(frames).events == list(EventReader().read(frames))


def test_an_empty_range_decodes_to_no_events():
    assert round_trip([]) == RangeEvents([], [], frozenset(), False)


def test_a_fragmented_payload_is_reported():
    text = json.dumps(notification(CONTENT)).encode()
    begun = ScannedFrame(1, 1, None, None, 1, 1, 0, None, text[:9])
    assert round_trip([begun]).has_fragments
    assert not round_trip([begun._replace(opcode=9), begun._replace(fin=1, payload=text)]).has_fragments
