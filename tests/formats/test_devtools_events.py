"""What Chromium sends as events of the DevTools Protocol becomes records; nothing that comes raises."""

from __future__ import annotations

import itertools
from base64 import b64encode
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from recorder.formats.devtools_events import NO_CLOSE_CODE, UNDECIDED_FRAMES, DevToolsSockets
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed, ConnectionOpened, HandshakeSeen, RecordedFrame

URL = "wss://msg.example/ws_api/account/1/messaging/consumer?v=3"
UMS = '{"kind":"req","id":"1","type":"GetClock"}'
WALL_S = 1_700_000_000.5


class OnlyUms:
    def wants_url(self, url: str) -> bool:
        return "/ws_api/" in url

    def wants_payload(self, payload: bytes) -> bool:
        return b'"kind"' in payload


def sockets(began_us: int | None = None) -> DevToolsSockets:
    return DevToolsSockets(
        OnlyUms(), numbers=itertools.count(1), connections=itertools.count(1), began_us=began_us
    )


def opening(url: str = URL, request: str = "7.1", status: int = 101) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("Network.webSocketCreated", {"requestId": request, "url": url}),
        (
            "Network.webSocketWillSendHandshakeRequest",
            {"requestId": request, "timestamp": 10.0, "wallTime": WALL_S,
             "request": {"headers": {"Host": "msg.example", "Authorization": "jwt x"}}},
        ),
        (
            "Network.webSocketHandshakeResponseReceived",
            {"requestId": request, "timestamp": 10.2,
             "response": {"status": status, "statusText": "x", "headers": {"Set-Cookie": "a=1\nb=2"},
                          "requestHeadersText": "GET /ws_api HTTP/1.1\r\nHost: msg.example\r\n\r\n"}},
        ),
    ]  # fmt: skip


def frame(text: str, *, sent: bool, at: float = 11.0, request: str = "7.1", opcode: int = 1):
    return (
        f"Network.webSocketFrame{'Sent' if sent else 'Received'}",
        {
            "requestId": request,
            "timestamp": at,
            "response": {"opcode": opcode, "mask": sent, "payloadData": text},
        },
    )


def closed(request: str = "7.1", at: float = 12.0):
    return "Network.webSocketClosed", {"requestId": request, "timestamp": at}


def records_of(events, into: DevToolsSockets | None = None, owner: str = "T", came_us: int | None = None):
    into = sockets() if into is None else into
    return [
        record for method, params in events for record in into.feed(owner, method, params, came_us=came_us)
    ]


def test_a_socket_from_its_handshake_to_its_end():
    events = [*opening(), frame(UMS, sent=True), frame("AAE=", sent=False, at=11.5, opcode=2), closed()]
    opened, handshake, asked, binary, ended = records_of(events)
    assert opened == ConnectionOpened(1, URL, 1_700_000_000_500_000, 0, *opened[4:])
    assert handshake == HandshakeSeen(
        1,
        "GET /ws_api HTTP/1.1",
        (("Host", "msg.example"),),
        101,
        (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")),
    )
    assert asked[:10] == (1, 1, 0, Side.CLIENT, 1_700_000_001_500_000, 1_000_000, 1, True, 0, UMS.encode())
    assert (binary.sender, binary.opcode, binary.payload, binary.index) == (Side.SERVICE, 2, b"\0\1", 1)
    assert ended == ConnectionClosed(
        1, 1_700_000_002_500_000, 2_000_000, None, None, None, "closed", NO_CLOSE_CODE
    )


def test_a_recorded_socket_says_how_it_was_come_by():
    opened = records_of(opening())[0]
    assert (opened.provenance, opened.fidelity) == ("cdp", "messages")


def test_offsets_count_from_the_beginning_of_the_session():
    into = sockets(began_us=1_700_000_000_000_000)
    opened, *_, said = records_of([*opening(), frame(UMS, sent=True)], into)
    assert (opened.offset_us, said.offset_us) == (500_000, 1_500_000)


def test_a_socket_of_another_service_is_left_out_and_counted():
    into = sockets()
    events = [*opening("wss://chat.example/live"), frame(UMS, sent=True), closed()]
    assert records_of(events, into) == []
    assert into.left_out == 1


def test_the_same_request_id_in_another_target_is_another_socket():
    into = sockets()
    first = records_of([*opening(), frame(UMS, sent=True)], into, owner="page")
    second = records_of([*opening(), frame(UMS, sent=True)], into, owner="worker")
    assert [first[-1].connection, second[-1].connection] == [1, 2]


def test_a_socket_that_was_open_before_is_recorded_from_the_first_payload_that_shows_what_it_is():
    came_us = 1_700_000_000_000_000
    events = [frame("hello", sent=False, at=5.0), frame(UMS, sent=True, at=6.0)]
    opened, hello, asked = records_of(events, came_us=came_us)
    assert (opened.url, opened.at_us) == (None, came_us)
    assert [hello.payload, asked.payload] == [b"hello", UMS.encode()]
    assert asked.at_us - hello.at_us == 1_000_000
    assert [hello.number, asked.number, asked.index] == [1, 2, 1]


def test_a_socket_of_unknown_address_is_given_up_after_some_frames():
    into = sockets()
    assert records_of([frame("x", sent=True)] * UNDECIDED_FRAMES, into) == []
    assert records_of([frame(UMS, sent=True)], into) == []
    assert into.left_out == 1


def test_a_refused_handshake_is_told_as_one():
    error = (
        "Network.webSocketFrameError",
        {"requestId": "7.1", "timestamp": 10.3, "errorMessage": "not 101: 401"},
    )
    *_, ended = records_of([*opening(status=401), error, closed(at=10.4)])
    assert (ended.how, ended.detail) == ("refused", "not 101: 401")


def test_a_refused_handshake_without_an_answer_is_told_as_one():
    told = {"requestId": "7.1", "timestamp": 10.3, "errorMessage": "HTTP Authentication failed"}
    handshake = opening()[:2]
    _, seen, ended = records_of([*handshake, ("Network.webSocketFrameError", told), closed(at=10.4)])
    assert (seen.response_status, seen.request_headers[0]) == (None, ("Host", "msg.example"))
    assert (ended.how, ended.detail) == ("refused", "HTTP Authentication failed")


def test_a_socket_that_broke_says_the_words_of_the_browser():
    error = ("Network.webSocketFrameError", {"requestId": "7.1", "timestamp": 11.3, "errorMessage": "reset"})
    *_, ended = records_of([*opening(), error, closed()])
    assert (ended.how, ended.detail, ended.closed_by) == ("lost", "reset", None)


def test_a_target_that_goes_takes_its_sockets_with_it():
    into = sockets()
    records_of([*opening(), frame(UMS, sent=True)], into, owner="page")
    records_of(opening(request="8"), into, owner="worker")
    ended = into.target_gone("page", "closed", came_us=1_700_000_009_000_000)
    assert [(each.connection, each.how, each.detail, each.at_us) for each in ended] == [
        (1, "lost", "closed", 1_700_000_009_000_000)
    ]
    assert [each.connection for each in into.all_gone("over")] == [2]
    assert into.all_gone("over") == []


def test_payloads_that_no_text_can_hold_are_kept():
    half = "\ud800"
    *_, said = records_of([*opening(), frame(half, sent=False)])
    assert said.payload == half.encode("utf-8", "surrogatepass")
    *_, said = records_of([*opening(), frame("no base64!", sent=False, opcode=2)])
    assert said.payload == b"no base64!"


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    ["requestId", "timestamp", "wallTime", "url", "request", "response", "headers", "status", "opcode",
     "payloadData", "errorMessage", "requestHeadersText", "headersText"]
)  # fmt: skip
methods = st.sampled_from(
    [method for method, _ in [*opening(), frame("", sent=True), frame("", sent=False), closed()]]
)


@given(st.lists(st.tuples(methods, st.dictionaries(keys, anything | st.just("7.1")))))
def test_whatever_a_browser_says_nothing_is_raised(events):
    for record in records_of([*opening(), *events]):
        assert record.connection >= 1


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=8) | st.binary(max_size=8)), max_size=20))
def test_every_payload_arrives_in_order(messages):
    events = [
        frame(data, sent=sent) if isinstance(data, str)
        else frame(b64encode(data).decode(), sent=sent, opcode=2)
        for sent, data in messages
    ]  # fmt: skip
    frames = [record for record in records_of([*opening(), *events]) if isinstance(record, RecordedFrame)]
    assert [(each.sender is Side.CLIENT, each.payload) for each in frames] == [
        (sent, data.encode() if isinstance(data, str) else data) for sent, data in messages
    ]
    assert [each.index for each in frames] == list(range(len(messages)))
