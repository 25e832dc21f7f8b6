"""Requests and answers as values."""

import json

import pytest

from recorder.simulator.http.messages import Ask, json_answer, refusal, unescaped

ASK = Ask("GET", "/a%20b/c?x=1&x=2&empty=&y=%7Bz%7D", (("host", "h"), ("origin", "a"), ("origin", "b")))


def test_a_request_tells_its_parts():
    assert ASK.path == "/a%20b/c"
    assert list(ASK.values("origin")) == ["a", "b"]
    assert list(ASK.values("cookie")) == []


@pytest.mark.parametrize(
    ("name", "value"), [("x", "1"), ("y", "{z}"), ("empty", None), ("none", None), ("X", None)]
)
def test_a_parameter_is_its_first_value_or_none(name, value):
    assert ASK.query(name) == value


def test_an_error_is_json_with_its_code():
    answer = refusal(418, "I am a teapot")
    assert answer.status == 418
    assert json.loads(answer.body) == {"code": 418, "message": "I am a teapot"}


def test_an_answer_with_a_token_is_kept_nowhere():
    assert ("cache-control", "no-store") in json_answer({}).headers


def test_a_segment_is_read_as_it_was_meant():
    assert unescaped("a%2Fb%20ü") == "a/b ü"
