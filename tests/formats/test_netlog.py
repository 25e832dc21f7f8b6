"""NetLogs in Chromium's form: several sockets, other traffic, cut off, without bytes, broken."""

from __future__ import annotations

import json

import pytest
from builders.netlog import END, TICK_OFFSET_MS, NetLogFile, switched, upgrade

from recorder.errors import BadCapture
from recorder.formats.capture_file import opened
from recorder.formats.known import format_of
from recorder.formats.netlog import NETLOG
from recorder.wire.frames import Opcode, Side, encode
from recorder.wire.records import (
    ConnectionClosed,
    ConnectionOpened,
    HandshakeSeen,
    HttpExchange,
    RecordedFrame,
)

MASK = b"mask"


def records(path, said=None):
    with opened(path) as file:
        assert format_of(file) is NETLOG
        return list(NETLOG.read(file, (said if said is not None else []).append))


def of(kind, found):
    return [record for record in found if isinstance(record, kind)]


def conversation(log, source=7, at_ms=100, *, tls=True):
    """An upgrade, a frame each way cut into pieces, a ping, and Close frames."""
    sent, received = encode(1, b"to you", mask=MASK), encode(1, b"to me") + encode(9, b"alive?")
    log.sent(source, at_ms, upgrade(), tls=tls).received(source, at_ms + 1, switched(), tls=tls)
    log.sent(source, at_ms + 2, sent[:3], tls=tls).sent(source, at_ms + 3, sent[3:], tls=tls)
    log.received(source, at_ms + 4, received, tls=tls)
    log.sent(source, at_ms + 5, encode(8, b"\x03\xe8", mask=MASK), tls=tls)
    log.received(source, at_ms + 6, encode(8, b"\x03\xe8"), tls=tls)
    return log.event("SOCKET_BYTES_RECEIVED", source, at_ms + 7, byte_count=0).closed(source, at_ms + 8)


@pytest.mark.parametrize("tls", [True, False])
def test_every_byte_becomes_a_frame_with_its_time(tmp_path, tls):
    found = records(conversation(NetLogFile(), tls=tls).save(tmp_path / "f"))
    at_us = TICK_OFFSET_MS * 1_000
    url = f"ws{'s' if tls else ''}://va.msg.liveperson.net/ws_api/account/1/messaging/consumer?v=3"
    assert found[0] == ConnectionOpened(1, url, at_us + 100_000, 100_000, "netlog", "bytes")
    (seen,) = of(HandshakeSeen, found)
    assert (seen.request_line, seen.response_status) == (f"GET {url.partition('.net')[2]} HTTP/1.1", 101)
    assert [
        (f.sender, f.opcode, f.payload, f.offset_us, f.at_us - at_us) for f in of(RecordedFrame, found)
    ] == [
        (Side.CLIENT, Opcode.TEXT, b"to you", 103_000, 103_000),
        (Side.SERVICE, Opcode.TEXT, b"to me", 104_000, 104_000),
        (Side.SERVICE, Opcode.PING, b"alive?", 104_000, 104_000),
        (Side.CLIENT, Opcode.CLOSE, b"\x03\xe8", 105_000, 105_000),
        (Side.SERVICE, Opcode.CLOSE, b"\x03\xe8", 106_000, 106_000),
    ]
    (closed,) = of(ConnectionClosed, found)
    assert (closed.how, closed.close_code, closed.closed_by) == ("closed", 1000, Side.CLIENT)


def test_other_traffic_and_requests_before_the_upgrade_are_skipped(tmp_path):
    log = NetLogFile()
    log.sent(7, 1, b"GET /page HTTP/1.1\r\nHost: h\r\n\r\n").received(7, 2, b"HTTP/1.1 200 OK\r\n\r\nGET /")
    log.sent(9, 3, b"\x16\x03\x01", tls=False).sent(9, 4, b"PRI * HTTP/2.0\r\n\r\n").event(
        "HTTP_STREAM_JOB", 9, 5
    )
    log.sent(7, 6, b"POST /x HTTP/1.1\r\nContent-Length: 1\r\n\r\nx").received(
        7, 7, b"HTTP/1.1 200 OK\r\n\r\n"
    )
    found = records(conversation(log).save(tmp_path / "f"))
    assert len(of(ConnectionOpened, found)) == 1
    assert len(of(RecordedFrame, found)) == 5


def test_a_request_head_may_come_in_pieces(tmp_path):
    head = upgrade()
    log = NetLogFile().sent(7, 1, head[:50]).sent(7, 2, head[50:]).received(7, 3, switched())
    found = records(log.received(7, 4, encode(1, b"x")).save(tmp_path / "f"))
    assert [f.payload for f in of(RecordedFrame, found)] == [b"x"]
    assert of(ConnectionClosed, found) == []  # the log ended, not the connection


def test_several_sockets_are_several_connections(tmp_path):
    log = conversation(conversation(NetLogFile(), 7, 100), 8, 103)
    found = records(log.save(tmp_path / "f"))
    assert [each.connection for each in of(ConnectionOpened, found)] == [1, 2]
    assert [sum(f.connection == n for f in of(RecordedFrame, found)) for n in (1, 2)] == [5, 5]


def test_a_refused_upgrade_is_told_and_may_be_asked_again_over_the_same_socket(tmp_path):
    log = NetLogFile().sent(7, 1, upgrade())
    log.received(
        7, 2, b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nno!"
    )
    found = records(conversation(log, 7, 10).save(tmp_path / "f"))
    (refusal,) = of(HttpExchange, found)
    assert (refusal.connection, refusal.purpose, refusal.status, refusal.response_body) == (
        1,
        "upgrade",
        401,
        b"no!",
    )
    assert [(c.connection, c.how) for c in of(ConnectionClosed, found)] == [(1, "refused"), (2, "closed")]


def test_compressed_frames_are_inflated(tmp_path):
    offer = "permessage-deflate"
    hello = bytes((0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00))  # RFC 7692, 7.2.3.1
    log = NetLogFile().sent(7, 1, upgrade(extensions=offer)).received(7, 2, switched(extensions=offer))
    (frame,) = of(RecordedFrame, records(log.received(7, 3, hello).save(tmp_path / "f")))
    assert frame.payload == b"Hello"
    assert frame.compressed.length == 7


def test_a_log_that_is_cut_off_is_read_up_to_there(tmp_path):
    log = conversation(NetLogFile(), 7, 100)
    whole = records(log.save(tmp_path / "f"))
    said = []
    cut = records(log.save(tmp_path / "g", cut=21), said)
    assert cut == whole
    assert said == [
        f"{tmp_path / 'g'} ends in the middle, as where a browser was killed; it is read up to there"
    ]
    shorter = records(log.save(tmp_path / "g", cut=500), said)
    frames = of(RecordedFrame, shorter)
    assert 0 < len(frames) < 5
    assert frames == of(RecordedFrame, whole)[: len(frames)]


def test_a_log_without_bytes_says_how_to_make_one_with_them(tmp_path):
    log = NetLogFile(logCaptureMode="IncludeSensitive")
    log.event("SSL_SOCKET_BYTES_SENT", 7, 1, byte_count=500)
    with pytest.raises(BadCapture, match="without the raw bytes") as raised:
        records(log.save(tmp_path / "f"))
    assert 'capture mode "IncludeSensitive"' in str(raised.value)
    assert "--net-log-capture-mode=Everything" in raised.value.hint


def test_a_websocket_over_http2_is_named(tmp_path):
    log = NetLogFile().event("URL_REQUEST_START_JOB", 3, 1, 1, method="GET", url="wss://h/x")
    log.event("HTTP_TRANSACTION_READ_RESPONSE_HEADERS", 3, 2, headers=["HTTP/1.1 200"]).event(
        "REQUEST_ALIVE", 3, 3, END
    )
    said = []
    assert records(log.save(tmp_path / "f"), said) == []
    assert said == [f"{tmp_path / 'f'}: 1 WebSockets went over HTTP/2: their frames are not in a NetLog"]


def request(log, source, at_ms, url, body):
    log.event("URL_REQUEST_START_JOB", source, at_ms, 1, method="POST", url=url)
    log.event(
        "HTTP_TRANSACTION_SEND_REQUEST_HEADERS", source, at_ms + 1, headers=["Content-Type: application/json"]
    )
    headers = ["HTTP/1.1 201 Created", "content-type: text/plain"]
    log.event("HTTP_TRANSACTION_READ_RESPONSE_HEADERS", source, at_ms + 2, headers=headers)
    log.event("URL_REQUEST_JOB_FILTERED_BYTES_READ", source, at_ms + 3, byte_count=len(body), bytes=body)
    return log.event("REQUEST_ALIVE", source, at_ms + 4, END)


def test_requests_are_summed_up(tmp_path):
    log = request(NetLogFile(), 5, 10, "https://idp/api/account/1/signup", "e30=")
    at_us = TICK_OFFSET_MS * 1_000
    assert records(log.save(tmp_path / "f")) == [
        HttpExchange(
            None, "signup", at_us + 10_000, 10_000, "POST", "https://idp/api/account/1/signup", 201,
            at_us + 12_000, 12_000, "application/json", "text/plain", None, 2, None, b"{}",
        )
    ]  # fmt: skip


def test_a_redirected_request_is_two_and_an_open_one_is_told_at_the_end(tmp_path):
    log = NetLogFile()
    for at_ms, url in ((1, "https://a/"), (2, "https://b/")):
        log.event("URL_REQUEST_START_JOB", 5, at_ms, 1, method="GET", url=url)
    found = records(log.save(tmp_path / "f"))
    assert [(each.url, each.status) for each in found] == [("https://a/", None), ("https://b/", None)]


def test_older_logs_write_their_times_as_text_and_others_none(tmp_path):
    for offset, at_us in ((str(TICK_OFFSET_MS), TICK_OFFSET_MS * 1_000 + 100_000), (None, None)):
        found = records(conversation(NetLogFile(timeTickOffset=offset)).save(tmp_path / "f"))
        assert (found[0].at_us, found[0].offset_us) == (at_us, 100_000)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"type": 31, "time": "now"}, "event 1: it is no event", id="time"),
        pytest.param({"type": 31, "time": "1", "source": 5}, "event 1: it is no event", id="source"),
        pytest.param({"type": [31]}, "event 1: it is no event", id="type"),
        pytest.param(5, "event 1: it is no event", id="no object"),
        pytest.param({"type": 31, "time": "1", "source": {"id": 1}, "params": {"bytes": "!"}},
                     "event 1: it is no event", id="no base64"),
    ],
)  # fmt: skip
def test_an_event_that_is_none_is_told_with_its_number(tmp_path, change, says):
    log = NetLogFile()
    log.events.append(change)
    with pytest.raises(BadCapture, match=says):
        records(log.save(tmp_path / "f"))


def test_constants_are_needed(tmp_path):
    path = tmp_path / "f"
    path.write_text(json.dumps({"constants": {}, "events": []}))
    with pytest.raises(BadCapture, match='no "logEventTypes"'):
        records(path)


def test_a_log_that_was_written_anew_by_another_program_is_read(tmp_path):
    path = tmp_path / "f"
    log = conversation(NetLogFile())
    path.write_text(json.dumps({"events": log.events, "constants": log.constants}, indent=2))
    assert len(of(RecordedFrame, records(path))) == 5
