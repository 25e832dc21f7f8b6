"""A file is told by its content; what it is not is said."""

from __future__ import annotations

import pytest

from recorder.errors import BadCapture, BadOption
from recorder.formats.capture_file import opened
from recorder.formats.known import FORMATS, format_of, named_format


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'{"sender": "client", "text": ""}\n', "jsonl"),
        (b'\xef\xbb\xbf\n {"recorder": 1}\n', "jsonl"),
        (b'{"log": {"entries": []}}', "har"),
        (b'{"constants": {"activeFieldTrialGroups": []', "netlog"),
        (b'{\n  "log": {\n    "version": "1.2"', "har"),
        (b"2022:9:websocket;0:~", "mitmproxy"),
        (b"\n\r\r\n\x1c\0\0\0", "pcap"),
        (b'{"id":"1","kind":"req"}\n', "envelopes"),
        (b'\n[\n {\n "body": {},\n "kind": "notification"', "envelopes"),
        (b'{"sender": "client", "text": {"kind": "req"}}\n', "jsonl"),
        (b'12:00 DEBUG sent {"kind":"req"}\n', "log"),
        (b'{"level": 20, "msg": "{\\"kind\\": \\"resp\\"}"}\n', "log"),
        (b'{"sender": "me", "note": {"kind": "req"}}\n', "jsonl"),
        (b"$ wscat -c x\nConnected (press CTRL+C to quit)\n", "wscat"),
        (b'> {"kind":"req"}\n', "wscat"),
        (b"\r\x1b[2K\x1b[3D\x1b[34m< x\x1b[39m\n", "wscat"),
    ],
)
def test_the_content_tells_the_format(tmp_path, content, name):
    path = tmp_path / "of.any.name"
    path.write_bytes(content)
    with opened(path) as file:
        assert format_of(file).name == name


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "there is nothing in it"),
        ("{}".encode("utf-16"), "it is UTF-16; save it as UTF-8"),
        ("[]".encode("utf-16-le"), "it is UTF-16; save it as UTF-8"),
        (b"SQLite format 3\0", "it is an archive, not a capture"),
        (b"\x89PNG\r\n", "it is in no format that is known"),
    ],
)
def test_what_is_no_capture_is_said(tmp_path, content, says):
    path = tmp_path / "f"
    path.write_bytes(content)
    with opened(path) as file, pytest.raises(BadCapture, match=says):
        format_of(file)


def test_names_are_unique_and_found():
    assert len({each.name for each in FORMATS}) == len(FORMATS)
    assert all(named_format(each.name) is each for each in FORMATS)
    with pytest.raises(BadOption, match='there is no format "hra"') as raised:
        named_format("hra")
    assert raised.value.hint == f"one of {', '.join(each.name for each in FORMATS)}"
