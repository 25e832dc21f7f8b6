"""HAR files as each program writes them, whole, attached and broken."""

from __future__ import annotations

import json
import zipfile

import pytest

from recorder.errors import BadCapture
from recorder.formats.capture_file import opened
from recorder.formats.har import HAR
from recorder.wire.frames import Opcode, Side
from recorder.wire.records import ConnectionClosed, ConnectionOpened, HandshakeSeen, RecordedFrame

URL = "wss://example.liveperson.net/ws_api/account/1/messaging/consumer?v=3"
SENT = {"type": "send", "time": 1769860800.1, "opcode": 1, "data": "a"}
RECEIVED = {"type": "receive", "time": 1769860800.2, "opcode": 2, "data": "AAEC"}


def entry(**keys):
    return {
        "_webSocketMessages": [SENT, RECEIVED],
        "startedDateTime": "2026-01-31T12:00:00.000Z",
        "request": {"method": "GET", "url": URL, "headers": [{"name": "Origin", "value": "https://x"}]},
        "response": {"status": 101, "headers": [{"name": "Upgrade", "value": "websocket"}]},
        **keys,
    }


def har(*entries, **log):
    return {"log": {"version": "1.2", "creator": {"name": "WebInspector"}, "entries": entries, **log}}


def records(path, content=None, say=lambda _: None):
    if content is not None:
        path.write_text(json.dumps(content))
    with opened(path) as file:
        assert HAR.recognise(file)
        return list(HAR.read(file, say))


def of(kind, found):
    return [record for record in found if isinstance(record, kind)]


def test_messages_become_frames_of_a_connection(tmp_path):
    found = records(tmp_path / "f", har(entry()))
    assert [(f.connection, f.sender, f.at_us, f.opcode, f.payload) for f in of(RecordedFrame, found)] == [
        (1, Side.CLIENT, 1769860800100000, 1, b"a"),
        (1, Side.SERVICE, 1769860800200000, 2, b"\0\1\2"),
    ]
    (began,) = of(ConnectionOpened, found)
    assert (began.connection, began.url, began.at_us) == (1, URL, 1769860800000000)
    assert of(HandshakeSeen, found) == [
        HandshakeSeen(
            1,
            "GET /ws_api/account/1/messaging/consumer?v=3 HTTP/1.1",
            (("Origin", "https://x"),),
            101,
            (("Upgrade", "websocket"),),
        )
    ]
    assert of(ConnectionClosed, found) == []


def test_other_entries_are_skipped_and_websockets_counted(tmp_path):
    other = {
        "request": {"url": "https://x/", "postData": {"text": "x" * 99}},
        "response": {"content": {"text": "y"}},
    }
    found = records(tmp_path / "f", har(other, entry(), 5, other, entry(_webSocketMessages=[])))
    assert [each.connection for each in of(ConnectionOpened, found)] == [1, 2]
    assert len(of(RecordedFrame, found)) == 2


@pytest.mark.parametrize(
    ("keys", "how", "code", "detail"),
    [
        pytest.param({"_webSocketClose": {"code": 4401, "reason": "no", "timestamp": 1769860801.5}},
                     "closed", 4401, None, id="HTTP Toolkit"),
        pytest.param({"_webSocketClose": "aborted"}, "lost", None, "aborted", id="HTTP Toolkit: aborted"),
        pytest.param({"_webSocketClose": {"reason": None}}, "lost", None, None, id="no code"),
        pytest.param({"_webSocketMessages": [SENT, {"type": "error", "opcode": -1, "data": "reset"}]},
                     "lost", None, "reset", id="Chrome: error"),
        pytest.param({"_webSocketMessages": [{**RECEIVED, "opcode": 8, "data": "EzFubw=="}]},
                     "closed", 4913, None, id="gori: Close frame"),
        pytest.param({"_webSocketMessages": [], "response": {"status": 0, "_error": "net::ERR_FAILED"}},
                     "refused", None, "net::ERR_FAILED", id="never opened"),
    ],
)  # fmt: skip
def test_the_end_is_told_where_the_file_tells_it(tmp_path, keys, how, code, detail):
    (closed,) = of(ConnectionClosed, records(tmp_path / "f", har(entry(**keys))))
    assert (closed.how, closed.close_code, closed.detail) == (how, code, detail)


def test_gori_writes_control_frames_in_a_connect(tmp_path):
    ping = {"type": "receive", "time": 1769860800.3, "opcode": 9, "data": "aGk=", "encoding": "base64"}
    request = {"method": "CONNECT", "url": URL, "headers": []}
    found = records(
        tmp_path / "f", har(entry(request=request, response={"status": 200}, _webSocketMessages=[ping]))
    )
    assert [(f.opcode, f.payload) for f in of(RecordedFrame, found)] == [(Opcode.PING, b"hi")]
    assert of(ConnectionClosed, found) == []


def test_mitmproxy_writes_addresses_of_http(tmp_path):
    found = records(tmp_path / "f", har(entry(request={"url": "https://h/x"})))
    assert of(ConnectionOpened, found)[0].url == "wss://h/x"


def test_without_a_wall_clock_offsets_are_all_there_is(tmp_path):
    monotonic = [{**SENT, "time": 5123.5}, {**RECEIVED, "time": 5124.5}]
    content = har(entry(_webSocketMessages=monotonic, startedDateTime="1970-01-01T01:25:23.250Z"))
    found = records(tmp_path / "f", content)
    times = [
        (each.at_us, each.offset_us) for each in (*of(ConnectionOpened, found), *of(RecordedFrame, found))
    ]
    assert times == [(None, 5123250000), (None, 5123500000), (None, 5124500000)]


ATTACHED = "0123456789abcdef0123456789abcdef01234567.jsonl"


def attached(url="wss://h/x"):
    content = {"size": 0, "mimeType": "x-unknown", "_file": ATTACHED}
    made = entry(
        request={"url": url}, response={"status": 101, "content": content}, _resourceType="websocket"
    )
    del made["_webSocketMessages"]
    return har(made)


LINES = "".join(
    json.dumps(each) + "\n" for each in ({**SENT, "time": 1769860800100}, {**RECEIVED, "time": -1})
)


def test_playwright_attaches_messages_beside_the_har_or_in_its_zip(tmp_path):
    (tmp_path / ATTACHED).write_text(LINES)
    beside = records(tmp_path / "har.har", attached())
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as whole:
        whole.writestr("har.har", json.dumps(attached()))
        whole.writestr(ATTACHED, LINES)
    assert records(tmp_path / "f.zip") == beside
    assert [(f.at_us, f.payload) for f in of(RecordedFrame, beside)] == [
        (1769860800100000, b"a"),
        (None, b"\0\1\2"),
    ]


def test_attached_messages_that_are_missing_or_broken_are_told(tmp_path):
    with pytest.raises(BadCapture, match=f"entry 1: its messages are in {ATTACHED}, which is not beside it"):
        records(tmp_path / "f", attached())
    (tmp_path / ATTACHED).write_text(LINES + "{}\n")
    with pytest.raises(BadCapture, match=f"{ATTACHED}, line 3: "):
        records(tmp_path / "f", attached())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(har(entry(), entry(_webSocketMessages=[SENT, {"type": "x"}])),
                     'f, entry 2, message 2: "type" is neither send nor receive', id="unknown side"),
        pytest.param({"log": 5}, None, id="no log"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path, content, says):
    path = tmp_path / "f"
    path.write_text(json.dumps(content))
    with opened(path) as file:
        if says is None:
            assert not HAR.recognise(file)
            return
        with pytest.raises(BadCapture, match=says):
            list(HAR.read(file, lambda _: None))


def test_a_har_that_is_cut_ends_with_its_size(tmp_path):
    path = tmp_path / "f"
    whole = json.dumps(har(entry()))
    path.write_text(whole[:-40])
    with (
        opened(path) as file,
        pytest.raises(BadCapture, match=f"byte {len(whole) - 40}: it ends in the middle"),
    ):
        list(HAR.read(file, lambda _: None))


def test_nested_values_in_a_message_are_skipped(tmp_path):
    odd = {"_x": {"y": [1, {}]}, **SENT, "z": []}
    found = records(tmp_path / "f", har(entry(_webSocketMessages=[odd, RECEIVED])))
    assert [f.payload for f in of(RecordedFrame, found)] == [b"a", b"\0\1\2"]


@pytest.mark.parametrize("escape", [r"\ud83d", r"\ude00", r"\ud83d\u0041"])
def test_a_message_with_half_a_character_is_refused_with_its_place(tmp_path, escape):
    """yajl makes a question mark of it, or of it and what follows another character."""
    message = {"type": "receive", "time": 1769860800.2, "opcode": 1, "data": "\U0001f600 HERE"}
    file = tmp_path / "x.har"
    frames = of(RecordedFrame, records(file, har(entry(_webSocketMessages=[message, message]))))
    assert [each.payload.decode() for each in frames] == ["\U0001f600 HERE"] * 2
    file.write_text(escape.join(file.read_text().rsplit("HERE", 1)))
    with pytest.raises(BadCapture, match=r"entry 1, message 2: a .u escape stands for half a character"):
        records(file)


def test_half_a_character_elsewhere_keeps_no_har_from_being_read(tmp_path):
    file = tmp_path / "x.har"
    found = records(file, har(entry(comment="HERE")))
    file.write_text(file.read_text().replace("HERE", r"\ud83d \ude00"))
    assert records(file) == found
