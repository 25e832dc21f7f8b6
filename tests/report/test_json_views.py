"""The lines of the contract, to the letter."""

from __future__ import annotations

import orjson

from recorder.messaging.events import Proof
from recorder.receipts.delays import Delay
from recorder.receipts.echoes import Echo
from recorder.receipts.evidence import TimelineEntry
from recorder.receipts.proofs import ProvenFact
from recorder.receipts.queries import ContentView
from recorder.report.json_views import (
    delay_json,
    forwarded_json,
    frame_json,
    message_json,
    payload_json,
    proven_json,
    session_json,
    timeline_json,
)
from recorder.wire.frames import CompressedPayload, Side
from recorder.wire.payloads import Payload
from recorder.wire.records import FrameForwarded, SessionInfo


def test_message_json_has_the_documented_members(message):
    assert message_json("7f01", message) == {
        "session": "7f01", "dialog": "dialog-1", "sequence": 2, "author": "3d834d4d-8f0b",
        "role": "ASSIGNED_AGENT", "mine": False, "type": "text/plain", "text": "red \x1b[31m[/x] :smile:",
        "audience": None, "status": "read", "contents": None,
        "sent": {
            "frame": 41, "at": "2017-02-18T22:04:01.507000Z", "server_ms": 1487455441507,
            "proof": "announced",
        },
        "receipts": [
            {
                "participant": "me-1", "role": "CONSUMER", "mine": True, "status": "ACCEPT", "frame": 44,
                "at": "2017-02-18T22:04:01.757000Z", "server_ms": None, "proof": "acknowledged",
            },
            {
                "participant": "me-1", "role": "CONSUMER", "mine": True, "status": "READ", "frame": 52,
                "at": "2017-02-18T22:04:03.507000Z", "server_ms": 1487455443507, "proof": "announced",
            },
            {
                "participant": "me-1", "role": "CONSUMER", "mine": True, "status": "ACCESS", "frame": 60,
                "at": "2017-02-18T22:04:04.507000Z", "server_ms": None, "proof": "refused",
            },
        ],
    }  # fmt: skip


def test_unknown_is_null(message):
    unseen = message._replace(
        sequence=None, author=None, role=None, mine=None, text=None, sent=None, receipts=()
    )
    line = message_json("7f01", unseen)
    assert [name for name, value in line.items() if value is None] == [
        "sequence", "author", "role", "mine", "text", "audience", "sent", "contents",
    ]  # fmt: skip


def test_a_timeline_is_the_message_and_every_entry(message):
    read = TimelineEntry(
        "READ replayed", "me-1", message.receipts[1].evidence, "replayed", "CONSUMER", True, "READ", 7, 44,
        Delay(2.0, "server"),
    )  # fmt: skip
    sent = TimelineEntry("message announced", "3d834d4d-8f0b", message.sent, after=Delay(0.0, "server"))
    line = timeline_json("7f01", message, [sent, read])
    announced, replayed = line["life"]
    assert announced == {
        "says": "message announced", "kind": "announced", "participant": "3d834d4d-8f0b", "role": None,
        "mine": None, "status": None, "own_sequence": None, "repeats": None,
        "after": {"delay_s": 0.0, "seconds": 0.0, "clock": "server"}, "code": None, "reason": None,
        "frame": 41, "at": "2017-02-18T22:04:01.507000Z",
        "server_ms": 1487455441507, "proof": "announced",
    }  # fmt: skip
    assert (replayed["status"], replayed["own_sequence"], replayed["repeats"]) == ("READ", 7, 44)
    assert replayed["after"] == {"delay_s": 2.0, "seconds": 2.0, "clock": "server"}
    assert {**line, **message_json("7f01", message)} == line
    assert (line["ask"], line["probable_echo"]) == (None, None)


def test_a_probable_echo_is_named_beside_the_message(message):
    line = timeline_json(
        "7f01", message._replace(request_frame=12, echo=Echo(12, message.sent, message.sent)), []
    )
    assert (line["ask"], line["probable_echo"], line["life"]) == (12, 41, [])


def test_what_a_frame_proves_is_told_in_parts():
    fact = ProvenFact("receipt", "READ by you …", Proof.CLAIMED, "d", 2, "me", "CONSUMER", True, "READ", 26)
    assert proven_json(fact) == {
        "kind": "receipt", "says": "READ by you …", "proof": "claimed", "dialog": "d", "sequence": 2,
        "participant": "me", "role": "CONSUMER", "mine": True, "status": "READ", "better": 26,
    }  # fmt: skip


def test_a_delay_names_its_clock():
    assert delay_json(Delay(0.0150000001, "local")) == {"delay_s": 0.015, "seconds": 0.015, "clock": "local"}
    assert delay_json(None) is None


def test_frame_json_has_the_documented_members(frames):
    first, binary, broken, close, odd = map(frame_json, frames)
    assert first == {
        "frame": 1, "connection": 1, "index": 0, "sender": "client", "at": "2017-02-18T22:04:01.507000Z",
        "opcode": 1, "fin": True, "rsv": 0, "length": 15, "text": '{"kind":"resp"}', "redacted": False,
        "violation": None,
    }  # fmt: skip
    assert (binary["data"], "text" in binary) == ("AP8=", False)
    assert (broken["data"], broken["violation"]) == ("wyg=", "text is not UTF-8 (RFC 6455 8.1)")
    assert close["data"] == "ETFleHBpcmVk"
    assert (odd["at"], odd["rsv"], odd["fin"], odd["redacted"]) == (None, 4, False, True)
    assert all(orjson.loads(orjson.dumps(line)) == line for line in (first, binary, broken, close, odd))


def test_frame_json_tells_what_came_compressed(frames):
    compressed = CompressedPayload(9, b"\x01\x02", b"not shown", "it does not inflate")
    line = frame_json(frames[0]._replace(compressed=compressed))
    assert (line["wire_length"], line["wire_digest"]) == (9, "0102")
    assert line["withheld"] == "it does not inflate"
    assert forwarded_json(None) == {}
    assert forwarded_json(FrameForwarded(1, 0, 5)) == {"forwarded_at": "1970-01-01T00:00:00.000000Z"}


def test_session_json_has_the_documented_members():
    info = SessionInfo("7f01", None, "client", "complete", 1_000_000, None, 1, 5)
    assert session_json(info) == {
        "session": "7f01", "name": None, "source": "client", "state": "complete",
        "started_at": "1970-01-01T00:00:01.000000Z", "ended_at": None, "connections": 1, "frames": 5,
        "connection_count": 1, "frame_count": 5,
    }  # fmt: skip


def test_a_payload_line_names_its_frame():
    payload = Payload(7, 6, 1, Side.SERVICE, 0, 0, 1, b"hi")
    assert payload_json(payload) == {
        "frame": 7, "connection": 1, "sender": "service", "at": "1970-01-01T00:00:00.000000Z", "text": "hi",
    }  # fmt: skip
    assert payload_json(payload._replace(data=b"\xff"))["data"] == "/w=="
    assert payload_json(payload._replace(opcode=2))["data"] == "aGk="


def test_audience_snapshot_and_contents_of_a_message(message):
    line = message_json("s", message)
    assert (line["audience"], line["contents"], "snapshot" in line["sent"]) == (None, None, False)
    shown = message.sent._replace(snapshot=True)
    contents = (ContentView("a", "t", "x", shown), ContentView(None, "t", None, message.sent))
    line = message_json("s", message._replace(audience="BOTS", contents=contents, sent=shown))
    assert (line["audience"], line["sent"]["snapshot"]) == ("BOTS", True)
    assert line["contents"][0] == {"author": "a", "type": "t", "text": "x", **line["sent"]}
    assert [each.get("snapshot") for each in line["contents"]] == [True, None]
