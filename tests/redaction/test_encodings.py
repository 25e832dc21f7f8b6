"""A secret in other spellings, and every spelling undone."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recorder.redaction.encodings import spellings_of, views, whole_escapes

SECRET = "pa/ss+wörd?=12"


@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"xyz"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_is_found_in_base64_at_any_alignment(before: bytes, encode: object) -> None:
    text = encode(before + SECRET.encode() + b"after")  # type: ignore[operator]
    assert any(form in text for form in spellings_of(SECRET))


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(SECRET, id="plain"),
        pytest.param(quote(SECRET, safe=""), id="percent"),
        pytest.param(quote(SECRET, safe="").lower(), id="percent-lower"),
        pytest.param(json.dumps(SECRET), id="json-ascii"),
        pytest.param(json.dumps(SECRET).replace("/", "\\/"), id="json-slash"),
    ],
)
def test_a_secret_is_found_in_other_spellings(written: str) -> None:
    assert any(form in written.encode() for form in spellings_of(SECRET))


@given(st.binary(min_size=8, max_size=40), st.binary(max_size=5), st.binary(max_size=5))
def test_base64_forms_hold_for_any_neighbours(secret: bytes, before: bytes, after: bytes) -> None:
    text = secret.decode("utf-8", "surrogateescape")
    if len(text) >= 8:
        assert any(form in base64.b64encode(before + secret + after) for form in spellings_of(text))


def test_short_secrets_have_no_forms() -> None:
    assert spellings_of("1234567") == []
    assert len(spellings_of("12345678")) > 3


def test_views_undo_escapes_one_level_at_a_time() -> None:
    inner = json.dumps({"token": "a/b"}).replace("/", "\\/")
    data = json.dumps({"body": inner}).encode()
    assert [b'"token"' in view.data for view in views(data)] == [False, True, False]
    assert [b"a/b" in view.data for view in views(data)] == [False, False, True]


def test_the_quotes_a_view_stands_in_are_bounds_and_no_quotes() -> None:
    plain, undone = views(b'{"a":"say \\"x\\"","b":1}')
    assert undone.data == b'{\xffa\xff:\xffsay "x"\xff,\xffb\xff:1}'
    assert undone.original(10, 12) == (10, 13)
    assert plain.depth < undone.depth


def test_a_url_within_a_url_is_undone_too() -> None:
    data = quote(quote("x?token=y", safe=""), safe="").encode()
    assert [view.data for view in views(data)][-1] == b"x?token=y"


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12), st.integers(0, 3))
def test_a_stretch_of_a_view_leads_back_to_its_place(before: str, word: str, after: str, levels: int) -> None:
    """A word wrapped in JSON strings: what is found in a view and cut from the payload is the word."""
    marked = f"{before}\\<{word}>\\{after}"  # the backslashes see to it that there is a view for each level
    for _ in range(levels):
        marked = json.dumps(marked)
    data = marked.encode("utf-8", "surrogatepass")
    view = views(data)[levels]
    start, end = view.original(view.data.index(b"<"), view.data.rindex(b">") + 1)
    cut = (data[:start] + b"()" + data[end:]).decode("utf-8", "surrogatepass")
    for _ in range(levels):
        cut = json.loads(cut)
    first, last = before.split("<")[0], after.split(">")[-1]
    assume("<" not in before + word and ">" not in word + after)
    assert cut == f"{first}\\()\\{last}"


@pytest.mark.parametrize(
    ("data", "stretch", "whole"),
    [
        pytest.param(rb"a\nbc", (2, 4), (1, 4), id="begins-in-an-escape"),
        pytest.param(rb"a\\nbc", (3, 5), (3, 5), id="an-escaped-backslash"),
        pytest.param(rb"\u0041bc", (3, 7), (0, 7), id="begins-in-a-code"),
        pytest.param(rb"ab\n", (0, 3), (0, 4), id="ends-in-an-escape"),
        pytest.param(b"abc", (0, 3), (0, 3), id="no-escape"),
    ],
)
def test_no_escape_is_cut_in_two(data: bytes, stretch: tuple[int, int], whole: tuple[int, int]) -> None:
    assert whole_escapes(data, *stretch) == whole


@given(st.binary(max_size=60) | st.text(alphabet="\\u0041dD8%2F").map(str.encode))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    for view in views(data):
        assert view.original(0, len(view.data)) == (0, len(data)) or not view.data
