"""One flow of mitmproxy, by what it is: how it ended, who refused it, what was asked beside it."""

from __future__ import annotations

import gzip

import pytest
from builders.flows import http_flow, tcp_flow, websocket_state

from recorder.formats.mitmproxy_flow import flows_of, unfinished_flow
from recorder.wire.frames import Side, encode
from recorder.wire.records import ConnectionClosed, ConnectionOpened, HttpExchange, RecordedFrame

URL = "wss://example.liveperson.net/ws_api/account/1/messaging/consumer?v=3"
START_US = 1_769_860_800_000_000
START_S = START_US / 1e6
MESSAGES = [(Side.CLIENT, b"a"), (Side.SERVICE, "é".encode())]


def websocket(**closing):
    return http_flow(URL, start_s=START_S, websocket=websocket_state(MESSAGES, start_us=START_US, **closing))


def upgrade(client="c1", **parts):
    return http_flow(URL, start_s=START_S, client=client, **parts)


def in_bytes(sender, data, **parts):
    return tcp_flow([[sender is Side.CLIENT, data, START_S]], **parts)


def records(*heads):
    found = []
    for fields, flow in zip(heads, flows_of(heads), strict=True):
        if flow is None:
            continue
        for state in fields.get("messages", ()):
            found += flow.message(state)
        found += flow.ends(fields)
    return found


def of(kind, found):
    return [record for record in found if isinstance(record, kind)]


@pytest.mark.parametrize(
    ("closing", "ending"),
    [
        pytest.param({"close_code": 4401, "close_reason": "no", "closed_by_client": False},
                     (4401, "no", Side.SERVICE, "closed"), id="code"),
        pytest.param({"close_code": 1005}, (None, "", Side.CLIENT, "closed"), id="no code"),
        pytest.param({"close_code": 1006, "close_reason": None}, (None, None, None, "lost"), id="lost"),
    ],
)  # fmt: skip
def test_the_end_is_told(closing, ending):
    (closed,) = of(ConnectionClosed, records(websocket(**closing)))
    assert (closed.close_code, closed.close_reason, closed.closed_by, closed.how) == ending
    assert closed.at_us == START_US + 1_000_000


def test_a_websocket_that_was_open_when_mitmproxy_was_ended_has_no_end():
    state = {"close_code": None, "closed_by_client": None, "close_reason": None, "timestamp_end": None}
    assert of(ConnectionClosed, records(websocket(**state))) == []


def test_a_connection_that_broke_off_is_lost():
    ended = {
        "client_conn": {"id": "c1", "timestamp_end": START_S + 9},
        "error": {"msg": "reset", "timestamp": 1},
    }
    found = records(upgrade(), in_bytes(Side.CLIENT, encode(1, b"hi")[:3], **ended))
    (closed,) = of(ConnectionClosed, found)
    assert (closed.how, closed.detail, closed.at_us) == ("lost", "reset", START_US + 9_000_000)
    assert [frame.violation for frame in of(RecordedFrame, found)] != [None]


def test_a_refused_upgrade_keeps_what_the_answer_says():
    body = gzip.compress(b'{"message":"no"}')
    headers = [[b"Content-Type", b"application/json"], [b"Content-Encoding", b"gzip"]]
    answer = {"status_code": 401, "content": body, "headers": headers}
    found = records(upgrade(response=answer))
    (exchange,) = of(HttpExchange, found)
    assert (exchange.connection, exchange.purpose, exchange.status) == (1, "upgrade", 401)
    assert (exchange.response_body, exchange.response_size) == (b'{"message":"no"}', len(body))
    assert [closed.how for closed in of(ConnectionClosed, found)] == ["refused"]


def test_an_upgrade_that_nobody_answered_is_refused():
    found = records(upgrade(error={"msg": "no route", "timestamp": 1.0}))
    (closed,) = of(ConnectionClosed, found)
    assert (closed.how, closed.detail) == ("refused", "no route")
    assert of(HttpExchange, found) == []


def test_requests_beside_it_are_summaries_and_other_flows_nothing():
    lookup = http_flow("https://h/api/account/1/service/baseURI?version=1.0", start_s=START_S,
                       request={"method": b"POST", "content": b"x=1"})  # fmt: skip
    found = records(
        lookup, {**tcp_flow([]), "type": "dns"}, in_bytes(Side.CLIENT, encode(1, b"hi")[:3], client="c9")
    )
    (exchange,) = found
    assert exchange.url == "https://h/api/account/1/service/baseURI?version=1.0"
    assert (exchange.method, exchange.request_body, exchange.request_size) == ("POST", b"x=1", 3)
    assert (exchange.at_us, exchange.answered_at_us) == (START_US, START_US + 1_000_000)


def test_a_flow_that_is_cut_is_told_by_its_first_message():
    message = [1, True, b"a", START_S, False, False]
    flow, began = unfinished_flow(message, flows_of([websocket()]))
    assert began == [ConnectionOpened(2, None, None, None, "mitm", "messages")]
    assert [record.connection for record in flow.message(message)] == [2]
    waiting = flows_of([upgrade("c1"), upgrade("c2"), in_bytes(Side.CLIENT, b"", client="c2")])
    flow, began = unfinished_flow([False, encode(9, b""), START_S], waiting)
    assert began == ()
    assert [record.connection for record in flow.message([False, encode(9, b""), START_S])] == [1]
    _, began = unfinished_flow([False, b"", START_S], flows_of([upgrade("c1"), upgrade("c2")]))
    assert began == [ConnectionOpened(3, None, None, None, "mitm", "bytes")]


def test_an_upgrade_among_the_bytes_of_a_connection_is_found():
    asked = b"GET /x HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n"
    answered = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
    states = [[True, asked, START_S], [False, answered + encode(8, b"\x03\xe8"), START_S + 1]]
    stream = tcp_flow(states, client="c7")
    stream["client_conn"]["tls"] = True
    found = records(websocket(), stream, tcp_flow([[True, b"SSH-2.0", START_S]]))
    assert [began.url for began in of(ConnectionOpened, found)] == [URL, "wss://h/x"]
    (frame,) = [frame for frame in of(RecordedFrame, found) if frame.connection == 2]
    assert (frame.sender, frame.opcode, frame.head) == (Side.SERVICE, 8, b"\x88\x02")
    assert of(ConnectionClosed, found)[-1].close_code == 1000
