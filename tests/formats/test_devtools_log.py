"""Logs of DevTools events, in the spellings of the programs that write them."""

from __future__ import annotations

import json

import pytest
from builders.captures import CONVERSATION, START_US, URL, cdp, texts_of

from recorder.errors import BadCapture
from recorder.formats.capture_file import opened
from recorder.formats.devtools_log import CDP
from recorder.wire.records import ConnectionClosed, ConnectionOpened, RecordedFrame

EVENTS = [json.loads(line) for line in cdp().splitlines()]


def as_lines(events):
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def in_array(events):
    return json.dumps(events, indent=1).encode()


def of_playwright(events):
    began = "2026-01-31T12:00:00.000Z pw:browser <launching> chromium\n"
    sent = '2026-01-31T12:00:00.001Z pw:protocol SEND ► {"id":1,"method":"Network.enable","sessionId":"AB"}\n'
    lines = (f"2026-01-31T12:00:00.002Z pw:protocol ◀ RECV {json.dumps(event)} +1ms\n" for event in events)
    return (began + sent + "".join(lines).replace(" +1ms", "")).encode()


def of_chromedriver(events):
    messages = (json.dumps({"message": event, "webview": "W"}) for event in events)
    return json.dumps([{"level": "INFO", "message": each, "timestamp": 1} for each in messages]).encode()


def records(path, content):
    path.write_bytes(content)
    with opened(path) as file:
        assert CDP.recognise(file)
        return list(CDP.read(file, [].append))


def of(kind, found):
    return [record for record in found if isinstance(record, kind)]


@pytest.mark.parametrize("spelling", [as_lines, in_array, of_playwright, of_chromedriver])
def test_every_spelling_gives_the_same_frames(tmp_path, spelling):
    found = records(tmp_path / "f", spelling(EVENTS))
    assert texts_of(of(RecordedFrame, found)) == list(CONVERSATION)
    (began,) = of(ConnectionOpened, found)
    assert (began.url, began.at_us, began.provenance, began.fidelity) == (URL, START_US, "cdp", "messages")
    assert [frame.at_us for frame in of(RecordedFrame, found)][:2] == [
        START_US + 200_000,
        START_US + 1_200_000,
    ]
    assert [closed.how for closed in of(ConnectionClosed, found)] == ["closed"]


def test_the_same_request_of_another_target_is_another_socket(tmp_path):
    other = [{**event, "sessionId": "CD"} for event in EVENTS]
    mixed = [event for pair in zip(EVENTS, other, strict=True) for event in pair]
    found = records(tmp_path / "f", as_lines(mixed))
    assert [began.connection for began in of(ConnectionOpened, found)] == [1, 2]
    for number in (1, 2):
        frames = [frame for frame in of(RecordedFrame, found) if frame.connection == number]
        assert texts_of(frames) == list(CONVERSATION)


def test_a_log_that_begins_in_the_middle_has_its_frames(tmp_path):
    found = records(tmp_path / "f", as_lines(EVENTS[3:]))
    assert texts_of(of(RecordedFrame, found)) == list(CONVERSATION)
    assert [began.url for began in of(ConnectionOpened, found)] == [None]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (as_lines(EVENTS) + b'{"method":\n', f"line {len(EVENTS) + 1}: the line is not JSON"),
        (in_array(EVENTS)[:-3], "byte \\d+: it ends in the middle"),
        (in_array(EVENTS) + b"x", "byte \\d+: it is not JSON"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, content, says):
    with pytest.raises(BadCapture, match=says):
        records(tmp_path / "f", content)


@pytest.mark.parametrize(
    "content",
    [
        b'{"sender": "client", "text": "{\\"method\\": \\"Network.enable\\"}"}\n',
        b'{"kind": "req", "method": "Network.enable"}\n',
        b'[{"kind": "req"}]',
        b'> {"kind":"req","id":"1"}\n',
    ],
)
def test_what_is_no_such_log_is_not_taken_for_one(tmp_path, content):
    (tmp_path / "f").write_bytes(content)
    with opened(tmp_path / "f") as file:
        assert not CDP.recognise(file)
