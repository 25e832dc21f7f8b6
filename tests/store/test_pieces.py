"""A piece read by itself, packed and unpacked, tells with its rest what hearing all of it tells."""

from __future__ import annotations

import json
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from recorder.store.hearing import Hearing, Skimmed
from recorder.store.pieces import Piece, pack, read_piece, unpack

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


def travelled(piece: Piece) -> Piece:
    piece = unpack(pack(piece))
    return piece._replace(events=list(piece.events), rest=[Skimmed(*frame) for frame in piece.rest])


@given(sessions())
def test_the_piece_and_its_rest_tell_what_hearing_all_of_it_tells(frames):
    whole, parted = Hearing(), Hearing()
    heard, piece = list(whole.hear(frames)), travelled(read_piece(frames))
    if piece.in_parts:
        return
    rest = parted.hear_rest(piece.rest, connections=piece.connections, last=len(frames))
    assert Counter(map(repr, [*piece.events, *rest])) == Counter(map(repr, heard))
    assert not whole.half_told
    assert (parted.last, whole.last) == (len(frames), len(frames))


@given(sessions())
def test_a_packed_piece_is_the_same_piece(frames):
    piece = read_piece(frames)
    there = travelled(piece)
    assert Counter(there.events) == Counter(piece.events)
    assert there[1:] == piece[1:]
    assert all(type(event).__name__ in map(type_name, piece.events) for event in there.events)


def type_name(event: object) -> str:
    return type(event).__name__


def test_nothing_packs_to_nothing():
    assert travelled(read_piece([])) == Piece([], [], frozenset(), False)


def test_a_payload_in_parts_is_told():
    text = json.dumps(notification(CONTENT)).encode()
    begun = Skimmed(1, 1, None, None, 1, 1, 0, None, text[:9])
    assert read_piece([begun]).in_parts
    assert not read_piece([begun._replace(opcode=9), begun._replace(fin=1, payload=text)]).in_parts
