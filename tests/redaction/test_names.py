"""Which names are names of secrets, and that the quick look lets every one of them through."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.redaction.names import KNOWN_NAMES, SecretNames
from recorder.redaction.patterns import may_hold_secret
from recorder.redaction.redactor import Redactor

KEY = b"a key of the tests"
SECRET_NAMES = (
    *(
        "tokens",
        "userCredentials",
        "aws_secret_access_key",
        "passphrase",
        "code_verifier",
        "JSESSIONID",
        "PHPSESSID",
        "mfa_code",
        "recovery-codes",
        "verificationCode",
        "magicLink",
        "security_answer",
        "secretKey",
        "AccountKey",
        "connectionString",
        "pin",
    ),
    *(
        "$token",
        "user:password",
        "auth/token",
        "user[password]",
        "[secret]",
        "ключ_token",
        "session_id",
        "csrf",
    ),
    *(
        "csrfToken",
        "otp",
        "totpSecret",
        "userPin",
        "passWord",
        "tokenValue",
        "APIKey",
        "password_2",
        "passwordHash",
    ),
)
PLAIN_NAMES = (
    *(
        "tokenizer",
        "author",
        "authority",
        "tokens_used",
        "token_type",
        "token_count",
        "sequence",
        "id",
        "dialogId",
    ),
    *(
        "sessionId",
        "hash",
        "code",
        "key",
        "ticket",
        "session",
        "pinned",
        "shopping",
        "opinion",
        "signal",
        "secretary",
    ),
)


def redacted(data: str, names: tuple[str, ...] = ()) -> bytes:
    return Redactor(KEY, secret_names=names).payload(data.encode(), stream=1, fin=True, continuation=False)


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize("value", ["hidden", 4711, -1.5e30, [4711], {"a": ["hidden", {"b": 4711}]}])
def test_what_stands_under_them_goes_whatever_its_type(name: str, value: object) -> None:
    for text in (json.dumps({name: value, "b": 1}), json.dumps({name: value}, ensure_ascii=False)):
        blanked = redacted(text)
        assert b"hidden" not in blanked
        assert b"4711" not in blanked
        assert b"1.5e" not in blanked
        assert json.loads(blanked).keys() == json.loads(text).keys()


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_what_stands_under_other_names_stays(name: str) -> None:
    text = json.dumps({name: "shown", "n": {name: 4711}})
    assert redacted(text) == text.encode()


@given(
    st.sampled_from(SECRET_NAMES),
    st.sampled_from(["x", "", "_", "-", "$", "é", "My"]),
    st.sampled_from([str, str.upper, str.capitalize]),
    st.booleans(),
)
def test_the_quick_look_lets_every_secret_name_through(name: str, before: str, case, escaped: bool) -> None:  # type: ignore[no-untyped-def]
    written = before + case(name)
    if KNOWN_NAMES.in_queries(written.encode()):
        assert may_hold_secret(json.dumps({written: 1}, ensure_ascii=escaped).encode())
        assert may_hold_secret(f"?{written}=x".encode())


@given(st.text(alphabet="tokenpasswrdijcfxuhlg_-. $:/[]KTPAS0é", min_size=2, max_size=24))
def test_no_other_spelling_of_a_name_is_kept_from_the_close_look(name: str) -> None:
    if KNOWN_NAMES.anywhere(name.encode()):
        assert may_hold_secret(json.dumps({name: 1}, ensure_ascii=False).encode())


@pytest.mark.parametrize("levels", [0, 1, 2, 3])
def test_a_number_becomes_a_string_that_the_json_around_it_can_hold(levels: int) -> None:
    text = json.dumps({"token": 12345678901234, "n": [1]})
    for _ in range(levels):
        text = json.dumps({"body": text})
    value: object = redacted(text).decode()
    for _ in range(levels):
        value = json.loads(value)["body"]  # type: ignore[arg-type]
    read = json.loads(value)  # type: ignore[arg-type]
    assert read["token"].startswith("⟦token:")
    assert read["n"] == [1]


@pytest.mark.parametrize("cut", range(1, 36))
def test_a_number_spread_over_fragments_does_not_get_through(cut: int) -> None:
    raw, redactor = b'{"token":12345678901234,"n":4711}   ', Redactor(KEY)
    joined = redactor.payload(raw[:cut], stream=1, fin=False, continuation=False)
    joined += redactor.payload(raw[cut:], stream=1, fin=True, continuation=True)
    read = json.loads(joined)
    assert read["token"].startswith("⟦token:")
    assert read["n"] == 4711


@pytest.mark.parametrize("name", ["visitKey2", "X-Visit-Key", "визит", "sessionId"])
@pytest.mark.parametrize("escaped", [True, False])
def test_names_of_a_service_are_added(name: str, escaped: bool) -> None:
    given_name = name.lower()
    text = json.dumps({name: 4711, "m": "shown"}, ensure_ascii=escaped)
    assert redacted(text) == text.encode()
    assert json.loads(redacted(text, (given_name,)))[name] != 4711
    if name.isascii():
        redactor = Redactor(KEY, secret_names=(given_name,))
        assert "hidden" not in redactor.url(f"wss://h/?a=1&{name}=hidden")
        assert redactor.headers([(name, "hidden")])[0][1] != "hidden"


@pytest.mark.parametrize(
    "name", ["ticket", "hash", "otp", "session_id", "csrf", "pin", "code", "user[password]"]
)
def test_parameters_of_a_url_go(name: str) -> None:
    assert "hidden" not in Redactor(KEY).url(f"wss://h/a?v=3&{name}=hidden#x")
    assert "hidden" not in Redactor(KEY).url(f"/a?{name}=hidden")


@pytest.mark.parametrize(
    "name", ["X-Auth", "X-Session-Id", "X-Ticket", "X-CSRF-Token", "X-Otp", "X-User-Credentials"]
)
def test_headers_of_such_names_go(name: str) -> None:
    assert Redactor(KEY).headers([(name, "hidden")])[0][1].startswith("⟦token:")


def test_headers_of_the_handshake_stay() -> None:
    pairs = (
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("WWW-Authenticate", 'Basic realm="x"'),
        ("Sec-WebSocket-Protocol", "graphql-ws, v1.free, chat"),
    )
    assert Redactor(KEY).headers(pairs) == pairs


@pytest.mark.parametrize("names", [(), ("визит",)])
def test_an_empty_list_of_names_adds_none(names: tuple[str, ...]) -> None:
    assert not SecretNames(names).anywhere(b"visit")
