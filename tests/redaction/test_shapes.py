"""Secrets in the shapes that texts and payloads have them in, and texts that only look like those."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.redaction.names import KNOWN_NAMES
from recorder.redaction.patterns import IN_PAYLOADS, may_hold_secret
from recorder.redaction.redactor import Redactor

SECRET = "h1ddenValue"
SHAPES = [
    "https://h/cb#access_token={}&state=1",
    "wss://h/a?v=1#id_token={}",
    "password={}&user=me",
    "grant_type=password&client_secret={}",
    "user[password]={}&a=1",
    '{{"name": "Authorization", "value": "{}"}}',
    '{{"name": "Authorization", "value": ["{}"]}}',
    '{{"value": "{}", "name": "X-Api-Key"}}',
    '[{{"key":"Cookie","value":"{}"}}]',
    "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic {}\r\nA: b",
    "X-Auth-Token: {}",
    "Accept: x\nCookie: lang=en; sid={}\n",
    "https://me:p@{}@h/",
    "wss://me:{}@@h",
]
shapes = pytest.mark.parametrize("shape", SHAPES)


def redacted(data: str) -> str:
    return Redactor(b"k").payload(data.encode(), stream=1, fin=True, continuation=False).decode()


@shapes
@pytest.mark.parametrize("levels", [0, 1, 2])
def test_the_secret_goes_and_the_json_around_it_stays(shape: str, levels: int) -> None:
    text = shape.format(SECRET)
    for _ in range(levels):
        text = json.dumps({"body": text, "n": 1})
    blanked = redacted(text)
    assert SECRET not in blanked
    for _ in range(levels):
        read = json.loads(blanked)
        assert read["n"] == 1
        blanked = read["body"]


@given(st.sampled_from(SHAPES), st.text(alphabet="abcXYZ019", min_size=7).map("a".__add__))
def test_what_the_recognisers_find_the_quick_look_lets_through(shape: str, secret: str) -> None:
    plain = shape.format(secret)
    for data in (plain.encode(), json.dumps(plain).encode(), quote(plain).encode()):
        if any(True for recognise in IN_PAYLOADS for _ in recognise(data, KNOWN_NAMES)):
            assert may_hold_secret(data)


@pytest.mark.parametrize(
    "text",
    [
        "Password: Please ask the desk",
        "Authorization: please call me",
        "cookie: chocolate or vanilla",
        "token: expired",
        '{"name": "author", "value": "Ann"}',
        '{"name": "hash", "value": "Ann"}',
        '{"value": "Ann", "name": "sequence"}',
        "see https://h/#section=2 and mail me@example.com",
        "hash=abc is prose, ticket=12 too",
    ],
)
def test_ordinary_texts_stay(text: str) -> None:
    assert redacted(text) == text
    wrapped = json.dumps({"message": text})
    assert redacted(wrapped) == wrapped


@pytest.mark.parametrize(
    "value", ["/cb?code=hidden", "?ticket=hidden", "cb#token=hidden", "https://h/?hash=hidden"]
)
def test_a_relative_location_is_read_as_a_url(value: str) -> None:
    assert "hidden" not in Redactor(b"k").headers([("Location", value)])[0][1]


def test_headers_that_the_user_gave_go_but_harmless_ones() -> None:
    redactor = Redactor(b"k", given_headers=("X-Anything", "User-Agent", "Origin"))
    pairs = [("x-anything", "hidden"), ("User-Agent", "me/1"), ("Origin", "https://h"), ("X-Other", "shown")]
    blanked = redactor.headers(pairs)
    assert blanked[0][1].startswith("⟦")
    assert list(blanked[1:]) == pairs[1:]


@pytest.mark.parametrize("cut", range(1, 44))
def test_a_list_beside_its_name_is_held_back_until_it_ends(cut: int) -> None:
    raw, redactor = b'{"name":"Cookie","value":["h1dden","h2dden"]}', Redactor(b"k")
    joined = redactor.payload(raw[:cut], stream=1, fin=False, continuation=False)
    joined += redactor.payload(raw[cut:], stream=1, fin=True, continuation=True)
    assert b"dden" not in joined
    assert json.loads(joined)["name"] == "Cookie"
