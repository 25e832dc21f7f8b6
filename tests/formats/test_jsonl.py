"""A session goes out and comes back the same; a bad file is told in one sentence, with the line."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import BadCapture
from recorder.formats.capture_format import SessionHeader
from recorder.formats.jsonl import read, write
from recorder.wire.frames import CompressedPayload, Side, encode, split_raw
from recorder.wire.records import (
    FIDELITIES,
    ConnectionClosed,
    ConnectionInfo,
    ConnectionOpened,
    FrameForwarded,
    HandshakeSeen,
    HttpExchange,
    Record,
    RecordedFrame,
    iso_utc,
)

AT_US = 1487455441507000
AT = "2017-02-18T22:04:01.507000Z"


def records_of(*lines: bytes | dict[str, Any]) -> list[SessionHeader | Record]:
    return list(
        read([line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines], file="f")
    )


def frames_of(*lines: bytes | dict[str, Any]) -> list[RecordedFrame]:
    return [record for record in records_of(*lines) if isinstance(record, RecordedFrame)]


def told_of(*lines: bytes | dict[str, Any]) -> BadCapture:
    with pytest.raises(BadCapture) as told:
        records_of(*lines)
    return told.value


# --- round trip ----------------------------------------------------------------------------------

LINES = [
    {
        "recorder": 1,
        "session": "7fa2",
        "name": "slow reader",
        "source": "client",
        "state": "complete",
        "started_at": AT,
        "ended_at": None,
    },
    {
        "connection": 1,
        "url": "wss://x.example/",
        "opened_at": AT,
        "opened_offset_us": 0,
        "request_line": "GET / HTTP/1.1",
        "request_headers": [["Host", "x.example"]],
        "response_status": 101,
        "response_headers": [],
        "closed_at": "2017-02-18T22:04:02.000000Z",
        "closed_offset_us": 493000,
        "close_code": 4401,
        "close_reason": "token",
        "closed_by": "service",
        "how": "closed",
        "detail": None,
    },
    {
        "connection": 1,
        "index": 0,
        "number": 1,
        "sender": "client",
        "at": AT,
        "offset_us": 5,
        "opcode": 1,
        "fin": True,
        "rsv": 0,
        "text": "Hello",
        "raw": "gYU3+iE9f59NUVg=",
    },
    {
        "connection": 1,
        "index": 1,
        "number": 2,
        "sender": "service",
        "at": None,
        "offset_us": None,
        "opcode": 8,
        "fin": True,
        "rsv": 0,
        "data": "//8=",
        "head": "iAk=",
        "violation": "bad",
        "redacted": True,
    },
]


Connection = tuple[ConnectionOpened, HandshakeSeen | None, ConnectionClosed | None]


def info_of(
    opened: ConnectionOpened, handshake: HandshakeSeen | None, closed: ConnectionClosed | None
) -> ConnectionInfo:
    """What an archive tells of a connection of which these were recorded."""
    seen = HandshakeSeen(0, None, (), None, ()) if handshake is None else handshake
    end = (None,) * 7 if closed is None else closed[1:]
    *known, provenance, fidelity = opened
    return ConnectionInfo(*known, *seen[1:], *end, 0, provenance, fidelity)


def test_an_export_is_written_as_the_contract_says() -> None:
    header = SessionHeader("7fa2", "slow reader", "client", "complete", AT_US)
    opened = ConnectionOpened(1, "wss://x.example/", AT_US, 0)
    handshake = HandshakeSeen(1, "GET / HTTP/1.1", (("Host", "x.example"),), 101, ())
    closed = ConnectionClosed(1, AT_US + 493000, 493000, 4401, "token", Side.SERVICE, "closed")
    wire = split_raw(encode(1, b"Hello", mask=bytes.fromhex("37fa213d")))
    frames = [
        RecordedFrame(1, 1, 0, Side.CLIENT, AT_US, 5, 1, True, 0, b"Hello", wire.head),
        RecordedFrame(2, 1, 1, Side.SERVICE, None, None, 8, True, 0, b"\xff\xff", b"\x88\x09", "bad", True),
    ]
    written = list(write(header, [info_of(opened, handshake, closed)], frames))
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in written)
    assert [json.loads(line) for line in written] == LINES
    assert records_of(*LINES) == [header, opened, handshake, *frames, closed]


def test_what_is_redacted_never_goes_out_as_raw() -> None:
    frame = RecordedFrame(1, 1, 0, Side.SERVICE, None, None, 1, True, 0, b"x", b"\x81\x01", redacted=True)
    [_, line] = map(json.loads, write(SessionHeader(), [], [frame]))
    assert line["head"] == "gQE="
    assert "raw" not in line


def test_a_huge_text_goes_out_once_and_comes_back() -> None:
    raw = encode(1, b"\0" * (4 << 20))
    wire = split_raw(raw)
    frame = RecordedFrame(1, 1, 0, Side.SERVICE, None, None, 1, True, 0, wire.payload, wire.head)
    [_, line] = write(SessionHeader(), [], [frame])
    assert len(line) < 6 << 20
    assert frames_of(line) == [frame]


times = st.none() | st.integers(-(2**63) + 1, 2**63 - 1)
offsets = st.none() | st.integers(0, 2**63 - 1)
texts = st.none() | st.text(max_size=8)
headers = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=3).map(tuple)


@st.composite
def connections(draw: st.DrawFn, number: int) -> Connection:
    handshake = st.builds(
        HandshakeSeen, st.just(number), texts, headers, st.none() | st.integers(100, 599), headers
    ).filter(lambda seen: seen.request_line is not None or seen.response_status or seen.request_headers)
    closed = st.builds(
        ConnectionClosed,
        st.just(number),
        times,
        offsets,
        st.none() | st.integers(0, 65535),
        texts,
        st.none() | st.sampled_from(Side),
        st.sampled_from(["closed", "lost", "refused", "failed"]),
        texts,
    )
    return (
        ConnectionOpened(
            number,
            draw(texts),
            draw(times),
            draw(offsets),
            draw(st.sampled_from([None, "proxy", "netlog"])),
            draw(st.sampled_from([None, *FIDELITIES])),
        ),
        draw(st.none() | handshake),
        draw(st.none() | closed),
    )


@st.composite
def recorded(draw: st.DrawFn, number: int, connection: int, index: int) -> RecordedFrame:
    payload = draw(st.binary(max_size=12) | st.text(max_size=6).map(str.encode))
    wire = split_raw(
        encode(
            draw(st.integers(0, 15)),
            payload,
            fin=draw(st.booleans()),
            rsv=draw(st.integers(0, 7)),
            mask=draw(st.none() | st.binary(min_size=4, max_size=4)),
        )
    )
    return RecordedFrame(
        number,
        connection,
        index,
        draw(st.sampled_from(Side)),
        draw(times),
        draw(offsets),
        wire.opcode,
        wire.fin,
        wire.rsv,
        draw(st.sampled_from([payload, payload, payload[:-1], b""])),  # redacted, or cut off by the end
        draw(st.none() | st.just(wire.head) | st.just(wire.head[:3]) | st.binary(max_size=3)),
        draw(texts),
        draw(st.booleans()),
        draw(st.none() | compressed),
    )


compressed = st.builds(
    CompressedPayload,
    st.integers(0, 2**63 - 1),
    st.binary(max_size=4),
    st.none() | st.binary(max_size=4),
    texts,
)
sizes = st.none() | st.integers(0, 2**63 - 1)
bodies = st.none() | st.text(max_size=6).map(str.encode)
exchanges = st.builds(
    HttpExchange,
    connection=st.none() | st.integers(1, 3),
    purpose=st.sampled_from(["upgrade", "signup"]),
    at_us=times,
    offset_us=offsets,
    method=st.text(max_size=4),
    url=st.text(max_size=4),
    status=st.none() | st.integers(0, 999),
    answered_at_us=times,
    answered_offset_us=offsets,
    request_type=texts,
    response_type=texts,
    request_size=sizes,
    response_size=sizes,
    request_body=bodies,
    response_body=bodies,
)


plans = st.just(())  # test_jsonl_plan.py has sessions with plans


@st.composite
def sessions(draw: st.DrawFn) -> tuple[SessionHeader, list[Connection], list[RecordedFrame]]:
    header = draw(st.builds(SessionHeader, texts, texts, texts, texts, times, times, plans))
    count = draw(st.integers(1, 3))
    lines = [draw(connections(number)) for number in range(1, count + 1)]
    number, indexes, frames = 0, dict.fromkeys(range(1, count + 1), -1), []
    for _ in range(draw(st.integers(0, 6))):
        connection = draw(st.integers(1, count))
        number += draw(st.integers(1, 3))
        indexes[connection] += draw(st.integers(1, 2))
        frames.append(draw(recorded(number, connection, indexes[connection])))
    return header, lines, frames


@given(sessions(), st.lists(exchanges, max_size=2), st.data())
def test_what_goes_out_comes_back_the_same(
    session: tuple[SessionHeader, list[Connection], list[RecordedFrame]],
    beside: list[HttpExchange],
    data: st.DataObject,
) -> None:
    header, known, frames = session
    passed_on = [
        FrameForwarded(each.number, data.draw(times), data.draw(offsets))
        for each in frames
        if data.draw(st.booleans())
    ]
    infos = [info_of(*each) for each in known]
    back = records_of(*write(header, infos, frames, exchanges=beside, forwarded=passed_on))
    expected: list[SessionHeader | Record] = [header]
    for opened, handshake, _ in known:
        expected += [opened, handshake] if handshake else [opened]
    expected += beside
    of_frame = {each.number: each for each in passed_on}
    for frame in frames:
        expected += [frame, of_frame[frame.number]] if frame.number in of_frame else [frame]
    expected += [closed for _, _, closed in known if closed]
    assert back == expected
    assert [type(record) for record in back] == [type(record) for record in expected]


# --- written by hand -----------------------------------------------------------------------------


def test_sender_and_text_are_enough() -> None:
    assert records_of({"sender": "client", "text": "a"}, {"sender": "service", "data": "/w=="}) == [
        SessionHeader(),
        ConnectionOpened(1, None, None, None),
        RecordedFrame(1, 1, 0, Side.CLIENT, None, None, 1, True, 0, b"a"),
        RecordedFrame(2, 1, 1, Side.SERVICE, None, None, 2, True, 0, b"\xff"),
    ]


def test_sender_and_raw_are_enough_too() -> None:
    [frame] = frames_of({"sender": "service", "raw": "CQJoaQ=="})
    assert frame[6:11] == (9, False, 0, b"hi", b"\x09\x02")


def test_frames_are_counted_by_connection_and_go_on_from_what_is_given() -> None:
    frames = frames_of(
        {"sender": "client", "text": "a", "connection": 3},
        {"sender": "client", "text": "b"},
        {"sender": "client", "text": "c", "connection": 1, "index": 7, "number": 20},
        {"sender": "client", "text": "d"},
        {"sender": "client", "text": "e", "connection": 3},
    )
    assert [(frame.number, frame.connection, frame.index) for frame in frames] == [
        (1, 3, 0),
        (2, 3, 1),
        (20, 1, 7),
        (21, 1, 8),
        (22, 3, 2),
    ]


def test_offsets_are_computed_from_times_and_never_go_back() -> None:
    frames = frames_of(
        {"recorder": 1, "started_at": "2017-02-18T22:04:01Z"},
        {"sender": "client", "text": "a", "at": "2017-02-18T22:04:02Z"},
        {"sender": "client", "text": "the clock was set back", "at": "2017-02-18T22:04:01.5Z"},
        {"sender": "client", "text": "no time"},
        {"sender": "client", "text": "told to have none", "at": "2017-02-18T22:04:09Z", "offset_us": None},
        {"sender": "client", "text": "d", "at": "2017-02-18T22:04:03Z"},
    )
    assert [frame.offset_us for frame in frames] == [1_000_000, 1_000_000, None, None, 2_500_000]


def test_after_the_clock_was_set_back_delays_are_those_of_the_clock() -> None:
    records = records_of(
        {"connection": 1, "closed_at": "2017-02-18T22:04:12Z"},
        {"sender": "service", "text": "a", "at": "2017-02-18T22:04:10Z"},
        {"sender": "service", "text": "b", "at": "2017-02-18T22:04:05Z"},
        {"sender": "service", "text": "c", "at": "2017-02-18T22:04:08Z"},
        {"connection": 2, "closed_at": "2017-02-18T22:04:09Z"},
        {"sender": "service", "text": "other connection, listed later", "at": "2017-02-18T22:04:01Z"},
    )
    frames = [record.offset_us for record in records if isinstance(record, RecordedFrame)]
    ends = [record.offset_us for record in records if isinstance(record, ConnectionClosed)]
    assert (frames, ends) == ([0, 0, 3_000_000, 3_000_000], [7_000_000, 11_000_000])


def test_without_a_session_line_time_begins_with_the_first_time_given() -> None:
    records = records_of(
        {"connection": 1, "opened_at": AT, "closed_at": "2017-02-18T22:04:03.507Z"},
        {"sender": "client", "text": "a", "at": "2017-02-18T22:04:02.507Z"},
    )
    assert [getattr(record, "offset_us", None) for record in records] == [None, 0, 1_000_000, 2_000_000]


def test_a_given_offset_says_when_the_session_began() -> None:
    frames = frames_of(
        {"sender": "client", "text": "a", "at": AT, "offset_us": 500},
        {"sender": "client", "text": "b", "at": "2017-02-18T22:04:02.507Z"},
    )
    assert [frame.offset_us for frame in frames] == [500, 1_000_500]


@pytest.mark.parametrize(
    ("stated", "how"),
    [
        pytest.param({"close_code": 1000}, "closed", id="code"),
        pytest.param({"closed_by": "client"}, "closed", id="by whom"),
        pytest.param({"closed_at": AT}, "lost", id="only when"),
        pytest.param({"close_code": 1000, "how": "failed"}, "failed", id="stated"),
    ],
)
def test_how_a_connection_closed_is_concluded_where_it_is_not_said(stated: dict[str, Any], how: str) -> None:
    *_, closed = records_of({"connection": 1, **stated})
    assert isinstance(closed, ConnectionClosed)
    assert closed.how == how


def test_a_connection_that_says_nothing_of_its_end_stays_open() -> None:
    assert records_of({"connection": 4, "closed_at": None, "close_code": None, "response_status": None}) == [
        SessionHeader(),
        ConnectionOpened(4, None, None, None),
    ]


def test_connections_are_closed_after_the_last_frame() -> None:
    records = records_of(
        {"connection": 1, "closed_at": AT},
        {"connection": 2, "closed_at": AT},
        {"connection": 1, "sender": "client", "text": "a"},
    )
    assert [type(record).__name__ for record in records] == [
        "SessionHeader",
        "ConnectionOpened",
        "ConnectionOpened",
        "RecordedFrame",
        "ConnectionClosed",
        "ConnectionClosed",
    ]


def test_blank_lines_line_ends_marks_and_unknown_keys_do_not_matter() -> None:
    frames = frames_of(
        b"\xef\xbb\xbf\r\n",
        b'{"recorder":1,"later":2}\r\n',
        b"  \n",
        b'{"sender":"client","text":"a","note":"x"}',
    )
    assert [frame.payload for frame in frames] == [b"a"]


def test_reading_streams() -> None:
    """A record is there before the next line is asked for."""

    def lines() -> Any:
        yield b'{"recorder":1}'
        yield b'{"sender":"client","text":"a"}'
        raise AssertionError("asked for more than was needed")

    reader = read(lines(), file="f")
    assert isinstance(next(reader), SessionHeader)
    assert isinstance(next(reader), ConnectionOpened)
    assert isinstance(next(reader), RecordedFrame)


# --- bad files -----------------------------------------------------------------------------------

HEADER = {"recorder": 1, "session": "a"}
FRAME = {"sender": "client", "text": "Hello"}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        pytest.param([], "f: there is nothing in it", id="empty"),
        pytest.param([b"\n", b" \n"], "f: there is nothing in it", id="blank"),
        pytest.param([HEADER, b"# note"], "f, line 2: the line is not JSON: ", id="comment"),
        pytest.param([HEADER, b"7"], "f, line 2: the line is JSON, but not an object", id="number"),
        pytest.param(
            [{"kind": "req"}], "f, line 1: the line is no session, connection or frame", id="an envelope"
        ),
        pytest.param(
            [{"recorder": 2}], "f, line 1: it was written by a newer recorder (format 2;", id="newer"
        ),
        pytest.param(
            [{"recorder": "1"}], 'f, line 1: "recorder" has to be a whole number from 1', id="version"
        ),
        pytest.param([{"recorder": None}], 'f, line 1: "recorder" has to be 1', id="no version"),
        pytest.param([FRAME, HEADER], "f, line 2: the session line has to be the first", id="late header"),
        pytest.param([HEADER, FRAME, HEADER], "f, line 3: a second session begins here", id="two sessions"),
        pytest.param([{"text": "x"}], 'f, line 1: "sender" is missing', id="no sender"),
        pytest.param([{**FRAME, "sender": "you"}], 'f, line 1: sender "you" is not known', id="sender"),
        pytest.param([{"sender": "client"}], 'f, line 1: "text" or "data" is missing', id="no payload"),
        pytest.param([{**FRAME, "data": ""}], 'f, line 1: a frame has "text" or "data", not both', id="both"),
        pytest.param([{"sender": "client", "data": "!"}], 'f, line 1: "data" is not base64', id="base64"),
        pytest.param([{**FRAME, "at": "soon"}], 'f, line 1: "at" is no time', id="at"),
        pytest.param([{**FRAME, "opcode": 16}], 'f, line 1: "opcode" has to be', id="opcode"),
        pytest.param(
            [{**FRAME, "raw": "gQVoZWxsbw=="}], 'f, line 1: "raw" disagrees with "text"', id="raw, text"
        ),
        pytest.param(
            [{"sender": "client", "data": "", "raw": "gQVIZWxsbw=="}],
            'f, line 1: "raw" disagrees with "data"',
            id="raw, data",
        ),
        pytest.param(
            [{**FRAME, "raw": "gQVIZWxsbw==", "opcode": 2}],
            'f, line 1: "raw" disagrees with "opcode"',
            id="raw, opcode",
        ),
        pytest.param(
            [{**FRAME, "raw": "gQVIZWxsbw==", "fin": False}],
            'f, line 1: "raw" disagrees with "fin"',
            id="raw, fin",
        ),
        pytest.param(
            [{**FRAME, "raw": "gQVIZWxsbw==", "rsv": 4}],
            'f, line 1: "raw" disagrees with "rsv"',
            id="raw, rsv",
        ),
        pytest.param(
            [{**FRAME, "index": 3}, {**FRAME, "index": 2}],
            'f, line 2: "index" 2 comes after 3',
            id="index back",
        ),
        pytest.param([{**FRAME, "index": 0}] * 2, 'f, line 2: "index" 0 comes after 0', id="index twice"),
        pytest.param(
            [{**FRAME, "number": 3}, {**FRAME, "number": 3}],
            'f, line 2: "number" 3 comes after 3',
            id="number twice",
        ),
        pytest.param([{**FRAME, "number": 0}], 'f, line 1: "number" 0 comes after 0', id="number 0"),
        pytest.param([{"connection": 0}], 'f, line 1: "connection" has to be', id="connection 0"),
        pytest.param(
            [{"connection": 1}, {"connection": 1}],
            "f, line 2: connection 1 was begun by an earlier line",
            id="twice",
        ),
        pytest.param(
            [FRAME, {"connection": 1}],
            "f, line 2: connection 1 was begun by an earlier line",
            id="after its frames",
        ),
        pytest.param(
            [{"connection": 1, "how": "gone"}], 'f, line 1: "how" has to be one of closed,', id="how"
        ),
        pytest.param(
            [b'{"sender":"client","text":"\\ud800"}'],
            "f, line 1: a \\u escape stands for half a character (a lone surrogate), which UTF-8 cannot hold",
            id="lone surrogate",
        ),
        pytest.param(['{"sender":1}\n'.encode("utf-16")], "f: it is UTF-16; save it as UTF-8", id="UTF-16"),
    ],
)
def test_a_bad_file_is_an_error_with_its_line(lines: list[bytes | dict[str, Any]], says: str) -> None:
    assert str(told_of(*lines)).startswith(says)


@pytest.mark.parametrize(
    ("sender", "hint"),
    [
        pytest.param("agent", 'write "service"', id="agent"),
        pytest.param("Consumer", 'write "client"', id="consumer"),
        pytest.param("me", 'write "client" or "service"', id="no idea"),
    ],
)
def test_an_unknown_sender_gets_a_hint(sender: str, hint: str) -> None:
    assert told_of({"sender": sender, "text": ""}).hint == hint


@pytest.mark.parametrize(
    ("sender", "side"),
    [
        ("server", "service"),
        ("IN", "service"),
        ("received", "service"),
        ("out", "client"),
        ("Client", "client"),
    ],
)
def test_the_sides_may_be_called_as_other_tools_do(sender: str, side: str) -> None:
    (frame,) = frames_of({"sender": sender, "text": "x"})
    assert frame.sender == side


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        pytest.param('{"id": 1, "é": [1.5, null]}', '{"id":1,"é":[1.5,null]}', id="object"),
        pytest.param("[1, 2]", "[1,2]", id="array"),
        pytest.param(
            '{"n": 123456789012345678901234567890}', '{"n":123456789012345678901234567890}', id="digits"
        ),
    ],
)
def test_an_envelope_may_stand_in_the_line_itself(text: str, payload: str) -> None:
    line = f'{{"sender": "client", "text": {text}}}'.encode()
    (frame,) = (each for each in read([line], file="f") if isinstance(each, RecordedFrame))
    assert (frame.opcode, frame.payload) == (1, payload.encode())


def test_keys_that_may_be_times_are_named_once() -> None:
    said: list[str] = []
    fields = {"sender": "client", "text": "", "timestamp": 1, "createdAt": 2, "ts": 3, "note": 4, "format": 5}
    list(read([json.dumps(fields).encode()] * 3, file="f", say=said.append))
    assert sorted(said) == [
        f'f: "{key}" looks like a time and is not read; a frame\'s time is "at"'
        for key in ("createdAt", "timestamp", "ts")
    ]


KEYS = sorted({key for line in LINES for key in line})
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["client", "service", "gQA=", AT, "lost"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
changed_lines = st.builds(
    lambda line, changes: json.dumps({**line, **changes}).encode(),
    st.sampled_from([*LINES, FRAME, {}]),
    st.dictionaries(st.sampled_from(KEYS), json_values, max_size=3),
)


@given(
    st.lists(
        changed_lines | st.binary(max_size=20) | st.sampled_from([json.dumps(x).encode() for x in LINES]),
        max_size=5,
    )
)
def test_any_bytes_are_a_capture_or_a_bad_capture(lines: list[bytes]) -> None:
    integer = b"\n".join(lines)
    with suppress(BadCapture):
        header, *records = read(integer.split(b"\n"), file="f")
        assert isinstance(header, SessionHeader)
        assert all(isinstance(record, Record) for record in records)


def test_leading_connection_lines_do_not_shift_the_frames():
    """What a connection's own times say of the session's offsets ends with that connection."""
    records = records_of(
        {"connection": 1, "opened_at": "2017-02-18T22:04:00Z", "closed_at": "2017-02-18T22:04:05Z"},
        {"connection": 2, "opened_at": "2017-02-18T22:04:10Z"},
        {"connection": 1, "sender": "client", "at": "2017-02-18T22:04:01Z", "text": "a"},
        {"connection": 2, "sender": "client", "at": "2017-02-18T22:04:12Z", "text": "b"},
    )
    assert [record.offset_us for record in records if isinstance(record, RecordedFrame)] == [
        1_000_000,
        12_000_000,
    ]
    opened = [record.offset_us for record in records if isinstance(record, ConnectionOpened)]
    (closed,) = [record for record in records if isinstance(record, ConnectionClosed)]
    assert (opened, closed.offset_us) == ([0, 10_000_000], 5_000_000)


def test_a_leap_second_imports_and_exports_as_the_next_second() -> None:
    lines = [
        HEADER,
        {**FRAME, "at": "2016-12-31T23:59:59.500Z"},
        {**FRAME, "at": "2016-12-31T23:59:60.500Z"},
        {**FRAME, "at": "2017-01-01T00:00:01Z"},
    ]
    assert [iso_utc(frame.at_us) for frame in frames_of(*lines)] == [
        "2016-12-31T23:59:59.500000Z",
        "2017-01-01T00:00:00.000000Z",
        "2017-01-01T00:00:01.000000Z",
    ]
