"""Packets, through a real tshark: streams in one capture, TLS with a key log, what is broken or not there."""

from __future__ import annotations

import gzip
import shutil

import pytest
from builders.packets import START_S, in_tls, pcap
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.errors import BadCapture
from recorder.formats.capture_file import opened
from recorder.formats.packets import PACKETS
from recorder.wire.frames import Side, encode
from recorder.wire.records import ConnectionClosed, ConnectionOpened, HandshakeSeen, RecordedFrame

C, S = Side.CLIENT, Side.SERVICE
ASKED = (
    b"GET /ws_api/account/1/messaging/consumer?v=3 HTTP/1.1\r\nHost: va.msg.liveperson.net\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
ANSWERED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
LONG = b'{"kind":"notification","x":"' + b"y" * 5_000 + b'"}'
TALK = [
    (C, ASKED),
    (S, ANSWERED),
    (C, encode(1, b"hi", mask=b"mask")),
    (S, encode(9, b"?") + encode(1, LONG)),
    (S, encode(8, b"\x0f\xa1no")),
]
FRAMES = [(C, 1, b"hi"), (S, 9, b"?"), (S, 1, LONG), (S, 8, b"\x0f\xa1no")]
WEB_PAGE = [(C, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), (S, b"HTTP/1.1 204 No Content\r\n\r\n")]

pytestmark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="no tshark here: apt-get install tshark"
)


def records(path, content):
    path.write_bytes(content)
    with opened(path) as file:
        assert PACKETS.recognise(file)
        return list(PACKETS.read(file, [].append))


def of(kind, found):
    return [record for record in found if isinstance(record, kind)]


def told(found, connection=1):
    frames = [frame for frame in of(RecordedFrame, found) if frame.connection == connection]
    return [(frame.sender, frame.opcode, frame.payload) for frame in frames]


def test_every_byte_of_an_upgraded_stream_is_read(tmp_path):
    found = records(tmp_path / "f", pcap(WEB_PAGE, TALK))
    assert told(found) == FRAMES
    assert all(frame.head for frame in of(RecordedFrame, found))
    (began,) = of(ConnectionOpened, found)
    assert began.url == "ws://va.msg.liveperson.net/ws_api/account/1/messaging/consumer?v=3"
    assert (began.provenance, began.fidelity) == ("pcap", "bytes")
    assert began.at_us == START_S * 1_000_000 + 8_000  # the ninth packet
    assert [seen.response_status for seen in of(HandshakeSeen, found)] == [101]
    (closed,) = of(ConnectionClosed, found)
    assert (closed.close_code, closed.close_reason, closed.closed_by) == (4001, "no", S)


def test_streams_are_connections(tmp_path):
    found = records(tmp_path / "f", pcap(TALK[:3], TALK))
    assert (told(found, 1), told(found, 2)) == (FRAMES[:1], FRAMES)
    assert [closed.connection for closed in of(ConnectionClosed, found)] == [2]


def test_what_is_packed_is_read_too(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(gzip.compress(pcap(TALK)))
    with opened(path) as file:
        assert told(list(PACKETS.read(file, [].append))) == FRAMES


def test_tls_is_opened_with_the_key_log(tmp_path, monkeypatch):
    key_log = tmp_path / "keys"
    content = pcap(in_tls(TALK, key_log), port=443)
    assert records(tmp_path / "f", content) == []
    monkeypatch.setenv("SSLKEYLOGFILE", str(key_log))
    found = records(tmp_path / "f", content)
    assert told(found) == FRAMES
    assert of(ConnectionOpened, found)[0].url.startswith("wss://va.msg.liveperson.net/")


def test_a_capture_that_is_cut_has_its_frames_and_is_told(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(pcap(TALK)[:-3])
    found = []
    with (
        opened(path) as file,
        pytest.raises(BadCapture, match=r"tshark cannot read it to its end: .*cut sh"),
    ):
        _gather(PACKETS.read(file, [].append), found)
    assert told(found) == FRAMES[:3]


def _gather(reading, found):
    for record in reading:
        found.append(record)


def test_without_tshark_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadCapture, match="there is none here") as raised:
        records(tmp_path / "f", pcap(TALK))
    assert "tshark" in raised.value.hint


@settings(max_examples=5)
@given(st.data())
def test_one_byte_changed_is_read_or_told(tmp_path_factory, data):
    content = bytearray(pcap(TALK))
    content[data.draw(st.integers(24, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("packets") / "f"
    found, refusal = [], None
    path.write_bytes(content)
    with opened(path) as file:
        try:
            _gather(PACKETS.read(file, [].append), found)
        except BadCapture as refused:
            refusal = str(refused)
    assert refusal is None or "tshark cannot read it to its end" in refusal
    assert all(frame.connection == 1 for frame in of(RecordedFrame, found))
