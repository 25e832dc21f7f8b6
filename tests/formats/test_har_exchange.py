"""HTTP requests beside the WebSockets of a HAR become summaries."""

from __future__ import annotations

import base64
import json

import pytest

from recorder.formats.capture_file import opened
from recorder.formats.har import HAR
from recorder.wire.records import BODY_LIMIT, HttpExchange

ENTRY = {
    "startedDateTime": "2026-01-31T12:00:00.000Z",
    "time": 50,
    "timings": {"blocked": 1.5, "dns": -1, "connect": -1, "send": 0.25, "wait": 20, "receive": 5},
    "request": {
        "method": "POST",
        "url": "https://idp.example/api/account/1/signup",
        "headers": [],
        "bodySize": 2,
        "postData": {"mimeType": "application/json", "text": "{}"},
    },
    "response": {
        "status": 200,
        "headers": [],
        "content": {"mimeType": "application/json", "size": 9, "text": '{"jwt":1}'},
    },
}


def exchange(path, **changed):
    path.write_text(json.dumps({"log": {"entries": [{**ENTRY, **changed}]}}))
    with opened(path) as file:
        (record,) = HAR.read(file, lambda _: None)
    return record


def test_a_request_and_its_answer_are_summed_up(tmp_path):
    assert exchange(tmp_path / "f") == HttpExchange(
        connection=None,
        purpose="signup",
        at_us=1769860800000000,
        offset_us=None,
        method="POST",
        url="https://idp.example/api/account/1/signup",
        status=200,
        answered_at_us=1769860800021750,
        request_type="application/json",
        response_type="application/json",
        request_size=2,
        response_size=9,
        request_body=b"{}",
        response_body=b'{"jwt":1}',
    )


def test_what_a_program_leaves_out_is_unknown(tmp_path):
    bare = exchange(tmp_path / "f", timings={}, request={"url": "https://x/y"}, response={"status": 0})
    assert bare == HttpExchange(None, "other", 1769860800000000, None, "GET", "https://x/y", None)


@pytest.mark.parametrize("encoding", ["base64", None])
def test_of_a_large_body_only_the_beginning_is_held(tmp_path, encoding):
    body = bytes(range(65, 91)) * 40_000
    text = base64.b64encode(body) if encoding else body
    content = {"text": text.decode(), "size": len(body), "encoding": encoding}
    kept = exchange(tmp_path / "f", response={"status": 200, "content": content})
    assert BODY_LIMIT < len(kept.response_body) < 2 * BODY_LIMIT
    assert body.startswith(kept.response_body)
    assert kept.response_size == len(body)


def test_a_body_that_is_not_in_base64_is_left_out(tmp_path):
    content = {"text": "!", "encoding": "base64"}
    assert exchange(tmp_path / "f", response={"status": 200, "content": content}).response_body in (b"", None)
