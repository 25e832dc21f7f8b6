"""Requests and responses as values."""

import json

import pytest

from recorder.runtime.http.messages import HttpRequest, error_response, json_response

REQUEST = HttpRequest(
    "GET", "/a%20b/c?x=1&x=2&empty=&y=%7Bz%7D", (("host", "h"), ("origin", "a"), ("origin", "b"))
)


def test_a_request_has_path_and_header_values():
    assert REQUEST.path == "/a%20b/c"
    assert list(REQUEST.values("origin")) == ["a", "b"]
    assert list(REQUEST.values("cookie")) == []


@pytest.mark.parametrize(
    ("name", "value"), [("x", "1"), ("y", "{z}"), ("empty", None), ("none", None), ("X", None)]
)
def test_a_parameter_is_its_first_value_or_none(name, value):
    assert REQUEST.query(name) == value


def test_an_error_is_json_with_its_code():
    response = error_response(418, "I am a teapot")
    assert response.status == 418
    assert json.loads(response.body) == {"code": 418, "message": "I am a teapot"}


def test_a_json_response_is_not_cached():
    assert ("cache-control", "no-store") in json_response({}).headers
