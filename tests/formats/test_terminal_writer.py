"""A session as a log of wscat comes back as it was, or it is said what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.formats.capture_file import opened
from recorder.formats.terminal_log import WSCAT
from recorder.formats.terminal_writer import write
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed, ConnectionInfo, ConnectionOpened, RecordedFrame

URL = "wss://h/x"
C, S = Side.CLIENT, Side.SERVICE


def connection(number=1, **changes):
    known = {
        "url": URL, "opened_at_us": None, "opened_offset_us": None, "request_line": None,
        "request_headers": (), "response_status": 101, "response_headers": (), "closed_at_us": None,
        "closed_offset_us": None, "close_code": 1000, "close_reason": "bye", "closed_by": S, "how": "closed",
        "detail": None, "frames": 0,
    }  # fmt: skip
    return ConnectionInfo(number, **{**known, **changes})


def frames(*triples):
    return [
        RecordedFrame(n, 1, n - 1, sender, None, None, opcode, True, 0, payload)
        for n, (sender, opcode, payload) in enumerate(triples, 1)
    ]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("log") / "f"


def round_trip(path, connections, by_number):
    said = []
    path.write_bytes(b"".join(write(connections, lambda number: by_number.get(number, ()), say=said.append)))
    with opened(path) as file:
        assert WSCAT.recognise(file)
        return list(WSCAT.read(file, [].append)), said


def of(kind, found):
    return [record for record in found if isinstance(record, kind)]


TEXTS = st.text().map(lambda text: text.encode(errors="replace")) | st.sampled_from(
    [b"", b"a\n> b", b"/ping", b"< ", b"error: x", b"a\n", b"\x1b[2K", b"{\n}", b'Received ping (data: "")']
)


@given(st.lists(st.tuples(st.sampled_from(Side), st.just(1), TEXTS), max_size=4))
def test_texts_come_back_or_it_is_said(path, triples):
    found, said = round_trip(path, [connection(closed_by=None)], {1: frames(*triples)})
    back = [(each.sender, each.opcode, each.payload) for each in of(RecordedFrame, found)]
    assert back == triples or said
    assert not said or "cannot be told from the log's own lines" in said[0]


@given(st.lists(st.tuples(st.sampled_from(Side), st.just(1), st.text("ab\n ", min_size=1)), max_size=4))
def test_nothing_is_said_of_what_comes_back(path, triples):
    talk = [(sender, 1, f'{{"{text}"}}'.replace("\n", " ").encode()) for sender, _, text in triples]
    found, said = round_trip(path, [connection(closed_by=None)], {1: frames(*talk)})
    assert ([(each.sender, each.opcode, each.payload) for each in of(RecordedFrame, found)], said) == (
        talk,
        [],
    )


def test_control_frames_and_ends_come_back(path):
    talk = [(S, 9, b"hi"), (C, 10, b"hi"), (C, 8, b"\x03\xe8bye")]
    found, said = round_trip(path, [connection(closed_by=C)], {1: frames(*talk, (S, 8, b"\x03\xe8"))})
    assert [(each.sender, each.opcode, each.payload) for each in of(RecordedFrame, found)] == talk
    (closed,) = of(ConnectionClosed, found)
    assert (closed.close_code, closed.close_reason, closed.closed_by) == (1000, "bye", C)
    assert [began.url for began in of(ConnectionOpened, found)] == [URL]
    assert said == []


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ({"how": None}, []),
        ({"how": "lost", "close_code": None, "close_reason": None, "closed_by": None}, [("lost", None)]),
        ({"close_code": None, "close_reason": ""}, [("closed", None)]),
        ({"how": "refused", "response_status": 401}, [("refused", "Unexpected server response: 401")]),
        ({"how": "refused", "response_status": None, "detail": "no\nroute"}, [("refused", "no route")]),
    ],
)
def test_the_end_comes_back(path, ending, told):
    found, _ = round_trip(path, [connection(**ending)], {})
    assert [(each.how, each.detail) for each in of(ConnectionClosed, found)] == told


def test_what_is_lost_is_said(path):
    by_number = {1: frames((C, 2, b"\0"), (S, 1, b"\xff"), (S, 9, b'"')), 2: ()}
    _, said = round_trip(path, [connection(), connection(2)], by_number)
    assert said == [
        "3 payloads are left out of the log: not text that it can hold",
        "a log has one connection after the other: which frame came first on which is not in it",
    ]
