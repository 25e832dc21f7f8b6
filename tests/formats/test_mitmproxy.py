"""Flow files of mitmproxy: WebSockets as messages and as bytes, requests, files that are cut or old."""

from __future__ import annotations

import pytest
from builders.flows import http_flow, tcp_flow, typed, websocket_state

from recorder.errors import BadCapture
from recorder.formats.capture_file import opened
from recorder.formats.mitmproxy import MITMPROXY
from recorder.wire.frames import Side, encode
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    HandshakeSeen,
    RecordedFrame,
)

URL = "wss://example.liveperson.net/ws_api/account/1/messaging/consumer?v=3"
START_US = 1_769_860_800_000_000
START_S = START_US / 1e6
MESSAGES = [(Side.CLIENT, b"a"), (Side.SERVICE, "é".encode())]


def websocket(*, start_us=START_US, **closing):
    return http_flow(URL, start_s=START_S, websocket=websocket_state(MESSAGES, start_us=start_us, **closing))


def upgrade(client="c1", **parts):
    return http_flow(URL, start_s=START_S, client=client, **parts)


def in_bytes(*frames, **parts):
    messages = [[sender is Side.CLIENT, data, START_S + place] for place, (sender, data) in enumerate(frames)]
    return tcp_flow(messages, **parts)


MASK = b"abcd"
TALK = (
    (Side.CLIENT, encode(1, b"hi", mask=MASK)[:3]),
    (Side.CLIENT, encode(1, b"hi", mask=MASK)[3:]),
    (Side.SERVICE, encode(9, b"?")),
    (Side.SERVICE, encode(8, b"\x03\xe8bye")),
)


def records(path, *flows, said=None):
    path.write_bytes(b"".join(map(typed, flows)))
    with opened(path) as file:
        assert MITMPROXY.recognise(file)
        return list(MITMPROXY.read(file, [].append if said is None else said.append))


def _gather(reading, found):
    """Keeps what came before a fault."""
    for record in reading:
        found.append(record)


def of(kind, found):
    return [record for record in found if isinstance(record, kind)]


def test_messages_become_frames_of_a_connection(tmp_path):
    found = records(tmp_path / "f", websocket())
    assert [(f.connection, f.sender, f.at_us, f.opcode, f.payload) for f in of(RecordedFrame, found)] == [
        (1, Side.CLIENT, START_US, 1, b"a"),
        (1, Side.SERVICE, START_US + 1, 1, "é".encode()),
    ]
    assert of(ConnectionOpened, found) == [ConnectionOpened(1, URL, START_US, None, "mitm", "messages")]
    (handshake,) = of(HandshakeSeen, found)
    assert handshake.request_line == "GET /ws_api/account/1/messaging/consumer?v=3 HTTP/1.1"
    assert ("Upgrade", "websocket") in handshake.request_headers
    assert handshake.response_status == 101


def test_messages_held_back_or_put_in_are_remarked(tmp_path):
    state = websocket_state(MESSAGES, start_us=START_US)
    state["messages"][0][4], state["messages"][1][5] = True, True
    said = []
    records(tmp_path / "f", http_flow(URL, start_s=START_S, websocket=state), said=said)
    assert said == [
        f"{tmp_path / 'f'}: 1 message was held back by mitmproxy and never reached the other side",
        f"{tmp_path / 'f'}: 1 message was put in by mitmproxy; not sent by a peer",
    ]


def test_bytes_after_an_upgrade_become_frames_with_heads(tmp_path):
    found = records(
        tmp_path / "f",
        upgrade("c1"),
        upgrade("c2"),
        in_bytes(*TALK, client="c2"),
        in_bytes(TALK[2], client="c1"),
    )
    assert [(f.connection, f.sender, f.opcode, f.payload, f.at_us) for f in of(RecordedFrame, found)] == [
        (2, Side.CLIENT, 1, b"hi", START_US + 1_000_000),
        (2, Side.SERVICE, 9, b"?", START_US + 2_000_000),
        (2, Side.SERVICE, 8, b"\x03\xe8bye", START_US + 3_000_000),
        (1, Side.SERVICE, 9, b"?", START_US),
    ]
    assert all(frame.head for frame in of(RecordedFrame, found))
    assert {began.fidelity for began in of(ConnectionOpened, found)} == {"bytes"}
    (closed,) = of(ConnectionClosed, found)  # the first was still open
    assert (closed.connection, closed.close_code, closed.closed_by, closed.how) == (
        2, 1000, Side.SERVICE, "closed",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("flows", "opened_as", "count"),
    [
        pytest.param((websocket(),), (None, "messages"), 2, id="messages"),
        pytest.param((upgrade(), in_bytes(*TALK)), (URL, "bytes"), 3, id="bytes of the only upgrade"),
        pytest.param((in_bytes(*TALK),), (None, "bytes"), 3, id="bytes of no upgrade"),
    ],
)
def test_of_a_flow_that_is_cut_its_messages_are_read_before_it_is_told(tmp_path, flows, opened_as, count):
    path = tmp_path / "f"
    path.write_bytes(b"".join(map(typed, flows))[:-5])
    found = []
    with opened(path) as file, pytest.raises(BadCapture, match=f"byte {path.stat().st_size}: it ends in"):
        _gather(MITMPROXY.read(file, [].append), found)
    (began,) = of(ConnectionOpened, found)
    assert (began.url, began.fidelity) == opened_as
    assert len(of(RecordedFrame, found)) == count


@pytest.mark.parametrize(
    ("flow", "says"),
    [
        pytest.param({**websocket(), "version": 11}, "flow 2: it was written by mitmproxy 5", id="old"),
        pytest.param({**websocket(), "version": [5, 0]}, "flow 2: it was written by mitmproxy 5", id="older"),
        pytest.param(http_flow(URL, start_s=1.0, websocket={"messages": [[1, True]]}),
                     "flow 2, message 1: it is no message of type", id="message"),
        pytest.param(http_flow(URL, start_s=1.0, websocket={"messages": [[77, True, b"", 1.0, False]]}),
                     "flow 2, message 1: there is no opcode 77", id="opcode"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path, flow, says):
    with pytest.raises(BadCapture, match=says):
        records(tmp_path / "f", websocket(), flow)
