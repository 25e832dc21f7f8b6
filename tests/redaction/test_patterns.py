"""What looks like a secret, and what only looks a little like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.redaction.names import KNOWN_NAMES
from recorder.redaction.patterns import (
    IN_PAYLOADS,
    IN_TEXTS,
    IN_URLS,
    Recogniser,
    is_opaque,
    may_hold_secret,
    open_from,
)

TOKEN = b"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def found(data: bytes, recognisers: tuple[Recogniser, ...] = IN_PAYLOADS) -> set[bytes]:
    return {data[spot.start : spot.end] for recognise in recognisers for spot in recognise(data, KNOWN_NAMES)}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "jwt",
            "JWT",
            "token",
            "access_token",
            "id_token",
            "refresh_token",
            "accessToken",
            "authCode",
            "auth",
        ),
        *("bearer", "secret", "client_secret", "password", "passwd", "api_key", "apikey", "X-Api-Key"),
        *(
            "credentials",
            "private_key",
            "temp_url_sig",
            "lp_sdes",
            "Authorization",
            "Set-Cookie",
            "xsrfToken",
        ),
    ],
)
def test_these_names_are_secret_names(name: str) -> None:
    assert KNOWN_NAMES.anywhere(name.encode())
    data = f'{{"a":1,"{name}" : "hidden"}}'.encode()
    assert found(data) == {b"hidden"}
    assert may_hold_secret(data)


@pytest.mark.parametrize(
    "name", ["tokenizer", "author", "tokens_used", "key", "passage", "secretary", "sub", "jwtId"]
)
def test_these_names_do_not(name: str) -> None:
    assert not KNOWN_NAMES.anywhere(name.encode())
    assert found(f'{{"{name}":"shown"}}'.encode()) == set()


@pytest.mark.parametrize(
    ("data", "secrets"),
    [
        pytest.param(b"see " + TOKEN + b".", {TOKEN}, id="token-before-a-full-stop"),
        pytest.param(b"x" + TOKEN, {TOKEN}, id="glued"),
        pytest.param(b"eyJhbGci.eyJzdWIi.", {b"eyJhbGci.eyJzdWIi."}, id="unsigned"),
        pytest.param(b"eyJhbGci.eyJzdWIi", set(), id="two-parts"),
        pytest.param(b"Bearer abcdef0123", {b"abcdef0123"}, id="bearer"),
        pytest.param(b"jwt  AbcDefGhiJ", {b"AbcDefGhiJ"}, id="jwt-scheme"),
        pytest.param(b"bearer certificates are fine", set(), id="bearer-in-a-sentence"),
        pytest.param(b"the jwt authentication failed", set(), id="jwt-in-a-sentence"),
        pytest.param(b'{"token":""}', set(), id="empty"),
        pytest.param(b'{"token":"cut', {b"cut"}, id="cut"),
        pytest.param(b'{"token":"a\\"b"}', {b'a\\"b'}, id="escaped-quote"),
        pytest.param(b'{"\\u0074oken":"a\\"b"}', {b'a\\"b'}, id="escaped-name"),
        pytest.param(b'{"token":"x","token":"y"}', {b"x", b"y"}, id="twice"),
        pytest.param(
            b'{"token":{"k":"x","l":["y",{"m":"z"}]},"n":"o"}', {b"x", b"y", b"z"}, id="everything-inside"
        ),
        pytest.param(b'{"token":["x"', {b"x"}, id="cut-inside"),
        pytest.param(b"{'token': 'x'}", {b"x"}, id="single-quotes"),
        pytest.param(b'{"authorization":"Bearer xyz"}', {b"xyz"}, id="scheme-kept"),
        pytest.param(b'{"token":123456,"password":null}', {b"123456"}, id="number"),
        pytest.param(b"https://h/?a=1&token=x&b=2", {b"x"}, id="query"),
        pytest.param(b"https://h/?temp_url_sig=x&temp_url_expires=9", {b"x"}, id="signed-url"),
        pytest.param(b"https://h/?q=token&key=home", set(), id="harmless-query"),
        pytest.param(b"https://me:pw@h/", {b"me:pw"}, id="user"),
        pytest.param(b"https://medium.com/@me:x", set(), id="at-in-a-path"),
        pytest.param(b"wss://h/ws_api/account/1/messaging/brand/x1?v=2", {b"x1"}, id="bearer-in-the-path"),
        pytest.param("⟦jwt:00000000 sub=x⟧".encode(), set(), id="placeholder"),
        pytest.param('{"token":"⟦token:00000000⟧"}'.encode(), set(), id="placeholder-in-place"),
        pytest.param("?token=⟦jwt:00000000 sub=x exp=1⟧&a=1".encode(), set(), id="placeholder-in-a-query"),
    ],
)
def test_secrets_are_found_and_nothing_else(data: bytes, secrets: set[bytes]) -> None:
    assert found(data) == secrets


@pytest.mark.parametrize(
    ("data", "secrets"),
    [
        pytest.param(b"Set-Cookie: a=b; Path=/\r\nX: y", {b"a=b; Path=/"}, id="header-line"),
        pytest.param(b"{'authorization': 'jwt x.y'}", {b"x.y"}, id="repr-of-headers"),
        pytest.param(b"password=p failed", {b"p"}, id="assignment"),
        pytest.param(b"token: expired", set(), id="a-sentence"),
        pytest.param(b"token: a1b2c3d4e5", {b"a1b2c3d4e5"}, id="labelled"),
    ],
)
def test_error_texts_quote_secrets_in_more_ways(data: bytes, secrets: set[bytes]) -> None:
    assert found(data, IN_TEXTS) == secrets


@pytest.mark.parametrize(
    ("data", "secrets"),
    [
        (b"wss://u@h/?key=k&v=3", {b"u", b"k"}),
        (b"wss://h/a?v=3&session=s#x", {b"s"}),
        (b"wss://h/a?v=3", set()),
    ],
)
def test_in_a_url_more_names_are_secret(data: bytes, secrets: set[bytes]) -> None:
    assert found(data, IN_URLS) == secrets


@pytest.mark.parametrize(
    ("data", "opened"),
    [
        pytest.param(b"hello eyJhbG", 6, id="token-begun"),
        pytest.param(b"hello eyJ", 6, id="three-letters"),
        pytest.param(b"hello ey", 8, id="two-letters"),
        pytest.param(b"say Bearer ab", 11, id="after-a-scheme"),
        pytest.param(b"https://me", 8, id="maybe-a-user"),
        pytest.param(b"https://me/x", 12, id="no-user"),
        pytest.param(b'{"token":{"a":"b"', 9, id="inside-a-secret-object"),
        pytest.param(b'{"token":{"a":"b"}', 18, id="a-closed-one"),
        pytest.param(b"a\\u00", 1, id="cut-escape"),
        pytest.param(b"a%4", 1, id="cut-percent"),
        pytest.param(b"plain text", 10, id="plain"),
    ],
)
def test_an_unfinished_text_is_safe_up_to_where_a_secret_may_begin(data: bytes, opened: int) -> None:
    assert open_from(data) == opened


def test_what_a_machine_made_is_opaque() -> None:
    assert is_opaque(b"abc1defg")
    assert is_opaque(b"abCdefg")
    assert not is_opaque(b"Certificates")
    assert not is_opaque(b"implementation-specific")


@given(st.binary(max_size=80) | st.text(alphabet="eyJ.\"'{}[]:\\ut0oken=&?@/ ").map(str.encode))
def test_no_bytes_make_them_raise_or_point_outside(data: bytes) -> None:
    for recognise in (*IN_TEXTS, *IN_URLS):
        for spot in recognise(data, KNOWN_NAMES):
            assert 0 <= spot.start < spot.end <= len(data)
    assert 0 <= open_from(data) <= len(data)


@given(st.binary(max_size=60) | st.text(alphabet='eyJ."{}:\\ut0oken=&?@/').map(str.encode))
def test_the_quick_look_misses_nothing_that_the_close_look_finds(data: bytes) -> None:
    if found(data) - found(data, (IN_PAYLOADS[-1],)):
        assert may_hold_secret(data)


@pytest.mark.parametrize(
    "unit",
    [
        b"eyJ",
        b"eyJ.",
        b'"token":{',
        b"://",
        b"://a:",
        b"?token",
        b"jwt ",
        b'"a":"',
        b"\\",
        b"'t':'",
        b"=token=",
    ],
)
def test_hostile_repetition_takes_no_longer_than_its_length(unit: bytes) -> None:
    """A quadratic pattern would take minutes here and hit the test's time limit."""
    data = unit * (400_000 // len(unit))
    for recognise in {*IN_TEXTS, *IN_URLS}:
        for _ in recognise(data, KNOWN_NAMES):
            pass
    open_from(data)
