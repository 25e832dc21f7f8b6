"""A HAR of ours is one that DevTools imports with its messages, and that comes back as it was."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.formats.capture_file import opened
from recorder.formats.har import HAR
from recorder.formats.har_writer import write
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed, ConnectionInfo, HttpExchange, RecordedFrame

URL = "wss://va.msg.liveperson.net/ws_api/account/1/messaging/consumer?v=3"
START_US = 1_769_860_800_000_000
C, S = Side.CLIENT, Side.SERVICE
REFUSED = {"how": "refused", "close_code": None, "close_reason": None, "closed_by": None}


def connection(number=1, **changes):
    known = {
        "url": URL, "opened_at_us": START_US, "opened_offset_us": 0,
        "request_line": "GET /x HTTP/1.1", "request_headers": (("Origin", "https://x"),),
        "response_status": 101, "response_headers": (("Upgrade", "websocket"),),
        "closed_at_us": START_US + 9_000_000, "closed_offset_us": 9_000_000, "close_code": 4401,
        "close_reason": "no", "closed_by": S, "how": "closed", "detail": None, "frames": 0,
    }  # fmt: skip
    return ConnectionInfo(number, **{**known, **changes})


def frames(*triples, connection=1):
    return [
        RecordedFrame(n, connection, n - 1, sender, START_US + n, n, opcode & 15, not opcode & 16, 0, payload)
        for n, (sender, opcode, payload) in enumerate(triples, 1)
    ]


def written(connections, by_number, **more):
    return b"".join(write(connections, lambda number: by_number.get(number, ()), version="1", **more))


def devtools_messages(content):
    """The messages that the DevTools front end shows of each entry.

    By the rules of devtools-frontend: HARFormat.ts (what has to be there, as which type) and HARImporter.ts
    (a message without time, opcode or data is passed over).
    """
    log = json.loads(content)["log"]
    assert isinstance(log["version"], str)
    assert all(isinstance(log["creator"][key], str) for key in ("name", "version"))
    assert isinstance(log["pages"], list)
    shown = []
    for entry in log["entries"]:
        datetime.fromisoformat(entry["startedDateTime"])
        assert isinstance(entry["time"], int | float)
        for half, texts in (
            ("request", ("method", "url", "httpVersion")),
            ("response", ("statusText", "httpVersion", "redirectURL")),
        ):
            assert all(isinstance(entry[half][key], str) for key in texts)
            assert all(type(entry[half][key]) is int for key in ("headersSize", "bodySize"))
            assert all(isinstance(entry[half][key], list) for key in ("cookies", "headers"))
        assert type(entry["response"]["status"]) is int
        assert isinstance(entry["request"]["queryString"], list)
        assert type(entry["response"]["content"]["size"]) is int
        assert isinstance(entry["response"]["content"]["mimeType"], str)
        assert all(isinstance(entry["timings"][key], int | float) for key in ("send", "wait", "receive"))
        shown.append([
            (each["type"], each["time"], each["opcode"], each["data"])
            for each in entry.get("_webSocketMessages", ())
            if None not in map(each.get, ("time", "opcode", "data")) and each["type"] in ("send", "receive")
        ])  # fmt: skip
    return shown


def toolkit_events(content):
    """The events that HTTP Toolkit makes of each entry, by the rules of httptoolkit-ui: parseHar in har.ts.

    Of an entry for a WebSocket it reads ``_resourceType``, the status, ``_webSocketMessages`` (type, time,
    opcode, data) and ``_webSocketClose`` (code, reason); without the last, the connection was broken off.
    """
    events = []
    for entry in json.loads(content)["log"]["entries"]:
        assert re.fullmatch(r"(HTTP/)?[\d.]+", entry["request"]["httpVersion"])
        timings = entry["timings"]
        answered_ms = sum(max(timings[key], 0) for key in ("blocked", "dns", "connect", "send", "wait"))
        accepted = entry["_resourceType"] == "websocket" and entry["response"]["status"] == 101
        events.append(("accepted" if accepted else "response", answered_ms))
        if entry["_resourceType"] != "websocket":
            continue
        started_ms = datetime.fromisoformat(entry["startedDateTime"]).timestamp() * 1_000
        for each in entry["_webSocketMessages"]:
            data = each["data"].encode()
            data = base64.b64decode(data, validate=True) if each["opcode"] == 2 else data
            events.append((each["type"], round(each["time"] * 1_000 - started_ms, 2), data))
        closing = entry.get("_webSocketClose", "aborted")
        events.append("aborted" if closing == "aborted" else (closing["code"], closing["reason"]))
    return events


def read_back(path, content):
    path.write_bytes(content)
    with opened(path) as file:
        assert HAR.recognise(file)
        return list(HAR.read(file, [].append))


def of(kind, found):
    return [record for record in found if isinstance(record, kind)]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("har") / "f"


def test_devtools_shows_every_message():
    talk = frames((C, 1, b"a"), (S, 9, b"?"), (S, 2, b"\0"), (S, 8, b"\x0f\xa1no"))
    shown = devtools_messages(written([connection(), connection(2, how=None)], {1: talk}))
    assert shown == [[("send", 1769860800.000001, 1, "a"), ("receive", 1769860800.000003, 2, "AA==")], []]


def test_http_toolkit_shows_every_message_and_how_a_connection_ended():
    talk = frames((C, 1, "ä".encode()), (S, 9, b"?"), (S, 2, b"\0\xff"), (S, 8, b"\x0f\xa1no"))
    talk = [frame._replace(at_us=START_US + 20 * n) for n, frame in enumerate(talk, 1)]
    content = written([connection(), connection(2, how="lost"), connection(3, how=None)], {1: talk})
    assert toolkit_events(content) == [
        ("accepted", 0), ("send", 0.02, "ä".encode()), ("receive", 0.06, b"\0\xff"), (4401, "no"),
        ("accepted", 0), "aborted", ("accepted", 0), "aborted",
    ]  # fmt: skip


def test_control_frames_and_the_end_have_keys_of_their_own():
    talk = frames((S, 9, b"?"), (S, 8, b"\x0f\xa1no"))
    log = json.loads(written([connection()], {1: talk}))["log"]
    (entry,) = log["entries"]
    assert [(each["type"], each["opcode"]) for each in entry["_webSocketControlFrames"]] == [
        ("receive", 9), ("receive", 8),
    ]  # fmt: skip
    assert entry["_webSocketClose"] == {"code": 4401, "reason": "no", "timestamp": 1769860809.0}
    assert "fragments are joined" in log["comment"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Side), st.just(1), st.text().map(lambda text: text.encode("utf-8", "replace"))
        )
        | st.tuples(st.sampled_from(Side), st.sampled_from((1, 2)), st.binary())
    )
)
def test_payloads_sides_and_times_come_back(path, triples):
    talk = frames(*triples)
    found = of(RecordedFrame, read_back(path, written([connection()], {1: talk})))
    keys = ("sender", "opcode", "payload", "at_us")
    told = [[tuple(getattr(frame, key) for key in keys) for frame in each] for each in (found, talk)]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    "ending",
    [
        {},
        {"closed_by": C, "close_code": 1000, "close_reason": ""},
        {"close_code": None, "close_reason": ""},
        {"how": "lost", "close_code": None, "close_reason": None, "closed_by": None},
        {"how": None},
        {**REFUSED, "response_status": 401, "detail": "no"},
        {**REFUSED, "response_status": None, "detail": "no route"},
    ],
)  # fmt: skip
def test_the_end_comes_back(path, ending):
    info = connection(**ending)
    found = of(ConnectionClosed, read_back(path, written([info], {})))
    told = [(each.close_code, each.close_reason, each.closed_by, each.how) for each in found]
    expected = (info.close_code, info.close_reason, info.closed_by, info.how)
    assert told == ([] if info.how is None else [expected])
    assert info.how != "refused" or found[0].detail == info.detail


def test_fragments_are_joined_and_what_is_unfinished_is_marked():
    talk = frames((C, 1 | 16, b"a"), (S, 9, b""), (C, 0, b"b"), (S, 2 | 16, b"c"))
    (entry,) = json.loads(written([connection()], {1: talk}))["log"]["entries"]
    messages = [(each["data"], each.get("_unfinished")) for each in entry["_webSocketMessages"]]
    assert messages == [("ab", None), (base64.b64encode(b"c").decode(), True)]


def test_requests_are_entries_and_a_refusal_has_its_answer(path):
    lookup = HttpExchange(None, "domain-lookup", START_US, 0, "POST", "https://h/api/account/1/x?a=1", 200,
                          START_US + 5_000, 5_000, "text/plain", "application/json", 3, 2, b"x=1",
                          b"{}")  # fmt: skip
    refusal = HttpExchange(1, "upgrade", START_US, 0, "GET", URL, 401, response_body=b"no", response_size=2)
    info = connection(how="refused", response_status=401, close_code=None, closed_by=None)
    content = written([info], {}, exchanges=[lookup, refusal])
    assert devtools_messages(content) == [[], []]
    entries = json.loads(content)["log"]["entries"]
    assert [each["response"]["content"]["text"] for each in entries] == ["{}", "no"]
    assert entries[0]["request"]["queryString"] == [{"name": "a", "value": "1"}]
    (back,) = of(HttpExchange, read_back(path, content))
    assert back._replace(purpose="", offset_us=0, answered_offset_us=5_000) == lookup._replace(purpose="")
