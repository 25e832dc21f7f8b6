"""How connections behaved, read from frames and connection rows."""

from __future__ import annotations

from recorder.projection.events.wire_facts import facts_of
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionInfo, RecordedFrame


def frame(number, opcode=1, payload=b"x", *, connection=1, sender=Side.SERVICE, at_us=None, **more):
    offset_us = more.pop("offset_us", number * 10)
    return RecordedFrame(
        number,
        connection,
        number,
        sender,
        at_us,
        offset_us,
        opcode,
        True,
        0,
        payload,
        None,
        more.get("violation"),
    )


def connection(number=1, **more):
    usual = {
        "connection": number, "url": None, "opened_at_us": 0, "opened_offset_us": 0, "request_line": None,
        "request_headers": (), "response_status": 101, "response_headers": (), "closed_at_us": None,
        "closed_offset_us": None, "close_code": None, "close_reason": None, "closed_by": None, "how": None,
        "detail": None, "frames": 0,
    }  # fmt: skip
    return ConnectionInfo(**{**usual, **more})


def test_pings_and_the_close_are_no_data():
    frames = [frame(1), frame(2, 9), frame(3, 10), frame(4, 8, b"\x03\xe8")]
    facts = facts_of([connection(how="closed", closed_offset_us=50)], frames, ended=True)
    (fact,) = facts.connections
    assert (fact.first_frame, fact.last_frame, fact.last_offset_us) == (1, 4, 10)
    assert (fact.closed_offset_us, fact.close_frame, fact.ended) == (50, 4, True)
    assert (facts.last_frame, facts.last_offset_us, facts.last_at_us) == (4, 40, None)


def test_the_end_of_the_connection_record_counts():
    told = connection(how="closed", close_code=4401, close_reason="expired", closed_by=Side.SERVICE)
    (fact,) = facts_of([told], [frame(1, 8, b"\x03\xe8")], ended=True).connections
    assert (fact.close_code, fact.close_reason, fact.closed_by_client) == (4401, "expired", False)


def test_without_that_the_first_close_frame_tells():
    frames = [
        frame(1),
        frame(2, 8, b"\x11\x31gone", sender=Side.CLIENT, at_us=7),
        frame(3, 8, b"\x03\xe8"),
    ]
    (fact,) = facts_of([connection()], frames, ended=True).connections
    assert (fact.how, fact.close_code, fact.close_reason) == ("closed", 4401, "gone")
    assert (fact.closed_by_client, fact.close_frame, fact.closed_offset_us, fact.closed_at_us) == (
        True,
        2,
        20,
        7,
    )


def test_a_connection_whose_end_nobody_saw_is_over_when_the_session_is():
    for ended in (True, False):
        (fact,) = facts_of([connection()], [frame(1)], ended=ended).connections
        assert (fact.how, fact.ended) == (None, ended)


def test_one_that_ended_is_over_while_the_session_goes_on():
    facts = facts_of(
        [connection(1, how="lost"), connection(2)], [frame(1), frame(2, connection=2)], ended=False
    )
    assert [fact.ended for fact in facts.connections] == [True, False]


def test_a_connection_without_frames():
    (fact,) = facts_of([connection(how="refused")], [], ended=True).connections
    assert (fact.first_frame, fact.last_frame, fact.last_offset_us, fact.close_frame) == (
        None,
        None,
        None,
        None,
    )


def test_violations_are_kept_with_their_side():
    frames = [frame(1), frame(2, sender=Side.CLIENT, violation="not masked")]
    assert facts_of([connection()], frames, ended=True).violations == [(2, 1, True, "not masked")]


def test_the_end_is_the_latest_time_that_any_frame_has():
    frames = [frame(1, at_us=5), frame(2, offset_us=None), frame(3, offset_us=3, at_us=4)]
    facts = facts_of([connection()], frames, ended=True)
    assert (facts.last_offset_us, facts.last_at_us) == (10, 5)


def test_a_key_that_stands_twice_is_odd_in_the_payload_that_its_frames_make():
    half, rest = b'{"a":{"b":1,', b'"b":2}}'
    frames = [
        frame(1, payload=b'{"a":1}'),
        frame(2, payload=half)._replace(fin=False),
        frame(3, 9),
        frame(4, 0, rest),
    ]
    facts = facts_of([connection()], frames, ended=True)
    (odd,) = facts.oddities
    assert (odd.kind, odd.evidence.frame) == ("doubled-key", 4)
    assert odd.detail == 'key "b" stands twice in an object; the last one counts'


def test_bytes_were_seen_where_any_frame_of_the_connection_has_its_head():
    frames = [frame(1), frame(2)._replace(head=b"\x81\x01"), frame(3, connection=2)]
    facts = facts_of([connection(1), connection(2), connection(3)], frames, ended=True)
    assert [fact.wire_seen for fact in facts.connections] == [True, False, False]
