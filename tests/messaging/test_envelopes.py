"""Payloads to envelopes and back: nothing raises, nothing is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.envelopes import (
    Notification,
    Request,
    Response,
    Unreadable,
    dump,
    id_text,
    one_or_many,
    parse,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("frame", "from_client", "kind"),
    [
        pytest.param({"kind": "req", "id": "1", "type": "GetClock"}, True, Request, id="request"),
        pytest.param({"id": "0", "type": "InitConnection"}, True, Request, id="no-kind"),
        pytest.param({"type": "InitConnection", "headers": []}, True, Request, id="neither-kind-nor-id"),
        pytest.param({"kind": "resp", "reqId": "1", "code": 200}, False, Response, id="response"),
        pytest.param({"reqId": "A3HC", "code": 200}, False, Response, id="bare-answer"),
        pytest.param(
            {"kind": "notification", "type": "x", "body": {}}, False, Notification, id="notification"
        ),
        pytest.param({"type": "ms.MessagingEventNotification"}, False, Notification, id="told-without-kind"),
        pytest.param({"kind": "new", "id": "1", "type": "x"}, True, Request, id="unheard-of-kind"),
        pytest.param({"kind": ["req"], "reqId": 1}, False, Response, id="kind-is-a-list"),
        pytest.param({"kind": "req", "type": "x"}, False, Request, id="kind-decides-against-the-side"),
        pytest.param({"dialogId": "d", "participants": []}, False, Unreadable, id="a-fragment"),
        pytest.param({}, True, Unreadable, id="empty-object"),
    ],
)
def test_kind_decides_and_where_it_is_missing_the_shape(
    frame: dict[str, Any], from_client: bool, kind: type
) -> None:
    envelope = parse(json.dumps(frame).encode(), from_client=from_client)
    assert type(envelope) is kind
    if not isinstance(envelope, Unreadable):
        assert envelope.raw == frame
        assert envelope.from_client is from_client


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "not-json", id="empty"),
        pytest.param(b"hello", "not-json", id="text"),
        pytest.param(b'{"kind":"req"', "not-json", id="cut"),
        pytest.param(b'{"a":NaN}', "not-json", id="nan"),
        pytest.param(b"\xef\xbb\xbf{}", "not-json", id="byte-order-mark"),
        pytest.param(b'{"a":"\xff"}', "not-utf8", id="bad-utf8"),
        pytest.param('{"kind":"req"}'.encode("utf-16"), "not-utf8", id="utf16"),
        pytest.param(b"[" * 1025 + b"]" * 1025, "too-deep", id="depth-1025"),
        pytest.param(b'{"body":' * 100_000, "too-deep", id="depth-100000"),
        pytest.param(b"[1,2]", "not-an-object", id="array"),
        pytest.param(b"null", "not-an-object", id="null"),
        pytest.param(b'"x"', "not-an-object", id="string"),
        pytest.param(b"7", "not-an-object", id="number"),
        pytest.param(b'{"x":1}', "no-envelope", id="no-envelope"),
    ],
)
def test_what_is_no_envelope_says_why(data: bytes, reason: str) -> None:
    envelope = parse(data, from_client=False)
    assert isinstance(envelope, Unreadable)
    assert (envelope.reason, envelope.data) == (reason, data)
    assert envelope.detail


def test_a_binary_frame_is_not_read() -> None:
    """The protocol is text; what comes in binary frames is somebody else's, even if it is JSON."""
    envelope = parse(b'{"kind":"req","id":"1"}', from_client=True, binary=True)
    assert isinstance(envelope, Unreadable)
    assert envelope.reason == "binary"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *[("1", "1"), (1, "1"), ("1,", "1,"), (2**63, str(2**63)), ("x" * 65, "x" * 65)],
        *[("", None), (None, None), (True, None), (["1"], None), ({}, None), (1.5, "1.5")],
    ],
)
def test_ids_are_strings(written: object, read: str | None) -> None:
    assert id_text(written) == read
    request = parse(json.dumps({"kind": "req", "id": written}).encode(), from_client=True)
    response = parse(json.dumps({"kind": "resp", "reqId": written}).encode(), from_client=False)
    assert isinstance(request, Request)
    assert isinstance(response, Response)
    assert request.id == response.request_id == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *[(200, 200), (429, 429), (200.0, 200), ("200", 200), ("OK", 200), ("NOT_FOUND", 404)],
        *[("fine", None), (None, None), (True, None), ([200], None), (200.5, None), ("", None)],
    ],
)
def test_codes_are_numbers_or_unknown(written: object, read: int | None) -> None:
    response = parse(json.dumps({"kind": "resp", "reqId": "1", "code": written}).encode(), from_client=False)
    assert isinstance(response, Response)
    assert response.code == read


def test_half_an_emoji_does_not_cost_the_frame() -> None:
    """A script cut a text in the middle of a pair; an escaped backslash before a u is no escape."""
    raw = rb'{"kind":"req","id":"1","type":"x","body":["\ud83d!","\ud83d\ude00","\\ud83d"]}'
    envelope = parse(raw, from_client=True)
    assert isinstance(envelope, Request)
    assert envelope.body == ["\ufffd!", "\U0001f600", "\\ud83d"]


def test_of_two_equal_keys_the_last_counts() -> None:
    envelope = parse(b'{"kind":"req","id":"1","type":"a","type":"ms.PublishEvent"}', from_client=True)
    assert isinstance(envelope, Request)
    assert envelope.type == "ms.PublishEvent"


@given(st.binary(max_size=60), st.booleans())
def test_no_bytes_make_it_raise(data: bytes, from_client: bool) -> None:
    assert parse(data, from_client=from_client) is not None


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("kind", "id", "reqId", "code", "type", "body", "headers"), JSON)
    )
)
def test_no_object_makes_it_raise_and_dumping_gives_it_back(frame: dict[str, Any]) -> None:
    envelope = parse(json.dumps(frame).encode(), from_client=True)
    if not isinstance(envelope, Unreadable):
        assert parse(dump(envelope).encode(), from_client=True) == envelope


def test_dump_takes_plain_objects_and_numbers_of_any_length() -> None:
    assert dump({"a": [1, "ü"]}) == '{"a":[1,"ü"]}'
    assert json.loads(dump({"a": 2**70})) == {"a": 2**70}
    assert json.loads(dump({"a": "\ud83d"})) == {"a": "\ud83d"}


@pytest.mark.parametrize(
    ("value", "elements"), [([1, 2], [1, 2]), (1, [1]), ({}, [{}]), ([], []), (None, [])]
)
def test_one_stands_for_an_array_of_one(value: object, elements: list[object]) -> None:
    assert one_or_many(value) == elements
