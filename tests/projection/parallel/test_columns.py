"""A piece read by itself, packed and unpacked, tells with its rest what hearing all of it tells."""

from __future__ import annotations

import json
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.fast_dict import read_notification
from recorder.projection.events.reader import Hearing
from recorder.projection.parallel.columns import Piece, pack, unpack
from recorder.store.frame_chunks import Skimmed

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
def sessions(draw: st.DrawFn) -> list[Skimmed]:
    """Frames of two connections; most are whole texts, some are not."""
    frames = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        opcode, fin = draw(st.sampled_from([(1, 1)] * 12 + [(9, 1), (8, 1), (1, 0), (0, 1), (2, 1)]))
        at_us, offset_us = draw(st.sampled_from([(None, None), (number, number), (2**52, 5)]))
        violation = draw(st.sampled_from([None] * 9 + ["odd"]))
        sender, connection = draw(st.booleans()), draw(st.integers(1, 2))
        payload = draw(payloads)
        frames.append(
            Skimmed(number, connection, at_us, offset_us, int(sender), opcode, fin, violation, payload)
        )
    return frames


def travelled(frames) -> Piece:
    piece = unpack(pack(frames))
    return piece._replace(events=list(piece.events), rest=[Skimmed(*frame) for frame in piece.rest])


@given(sessions())
def test_the_piece_and_its_rest_tell_what_hearing_all_of_it_tells(frames):
    whole, parted = Hearing(), Hearing()
    heard, piece = list(whole.hear(frames)), travelled(frames)
    if piece.in_parts:
        return
    rest = parted.hear_rest(piece.rest, connections=piece.connections, last=len(frames))
    assert Counter(map(repr, [*piece.events, *rest])) == Counter(map(repr, heard))
    assert not whole.half_told
    assert (parted.last, whole.last) == (len(frames), len(frames))
    assert piece.connections == {frame.connection for frame in frames}


@given(sessions())
def test_what_tells_something_by_itself_is_no_rest(frames):
    """However it is read: a notification the typed reader does not know is still not handed on."""
    usual = [
        frame.number
        for frame in frames
        if frame.opcode == frame.fin == frame.from_service == 1 and frame.violation is None
        if read_notification(loaded(frame.payload), lambda name, _: name, 1, 1, None, None) is not None
    ]
    piece = travelled(frames)
    assert set(usual).isdisjoint(frame.number for frame in piece.rest)
    assert set(usual) <= {event.evidence.frame for event in piece.events}


def loaded(payload):
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def test_events_and_what_they_hold_have_their_own_types():
    frames = [
        Skimmed(number, 1, None, 7, 1, 1, 1, None, json.dumps(notification(event)).encode())
        for number, event in enumerate((CONTENT, RECEIPT, TYPING), 1)
    ]
    assert [repr(event) for event in travelled(frames).events] == [
        repr(event) for event in Hearing().hear(frames)
    ]


def test_more_frames_than_become_columns_together_are_one_piece():
    payload = json.dumps(notification(CONTENT)).encode()
    frames = [Skimmed(number, 1, None, number, 1, 1, 1, None, payload) for number in range(1, 5_001)]
    assert travelled(frames).events == list(Hearing().hear(frames))


def test_nothing_packs_to_nothing():
    assert travelled([]) == Piece([], [], frozenset(), False)


def test_a_payload_in_parts_is_told():
    text = json.dumps(notification(CONTENT)).encode()
    begun = Skimmed(1, 1, None, None, 1, 1, 0, None, text[:9])
    assert travelled([begun]).in_parts
    assert not travelled([begun._replace(opcode=9), begun._replace(fin=1, payload=text)]).in_parts
