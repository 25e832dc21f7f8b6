"""Claims survive redaction; nothing else of a token does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.redaction.tokens import (
    PLACEHOLDER,
    TokenClaims,
    claims_of,
    fingerprint,
    is_jwt,
    placeholder,
    secret_bytes,
)

NOTHING = TokenClaims(None, None, None)


def test_claims_read_the_same_before_and_after(make_jwt: Callable[..., str]) -> None:
    token = make_jwt(sub="5e9ee96c-226e", aud="acc:123", exp=1700000000, iss="https://idp", lp={"sdes": "x"})
    claims = TokenClaims("5e9ee96c-226e", "acc:123", 1700000000)
    kept = placeholder(b"key", token, word="jwt", claims=claims_of(token))
    assert claims_of(token) == claims_of(f"jwt {token}") == claims
    assert claims_of(kept) == claims_of(f"jwt {kept}") == claims
    assert PLACEHOLDER.fullmatch(kept)


@pytest.mark.parametrize(
    ("claims", "read"),
    [
        pytest.param({}, NOTHING, id="none"),
        pytest.param({"sub": "a b", "aud": ["x"], "exp": "soon"}, NOTHING, id="no-plain-words"),
        pytest.param({"sub": 'a"⟧', "aud": "", "exp": True}, NOTHING, id="what-would-break-the-brackets"),
        pytest.param({"sub": "x" * 129, "exp": -1}, NOTHING, id="too-long"),
        pytest.param({"sub": "eyJhbGci.eyJzdWIi.c2ln"}, NOTHING, id="a-token-in-a-token"),
        pytest.param({"exp": 1.7e9}, TokenClaims(None, None, 1_700_000_000), id="fraction"),
    ],
)
def test_claims_that_are_no_plain_words_are_dropped(
    claims: dict[str, object], read: TokenClaims, make_jwt: Callable[..., str]
) -> None:
    assert claims_of(make_jwt(**claims)) == read


@pytest.mark.parametrize(
    "text", ["", "jwt", "__YOUR_JWT__", "eyJhbGci.eyJzdWIi", "⟦token:00000000⟧", "⟦jwt:…⟧"]
)
def test_without_a_token_there_are_no_claims(text: str) -> None:
    assert claims_of(text) is None


@pytest.mark.parametrize("payload", ["A", "____", "W10", "bnVsbA", "eyJzdWIiOg", "A" * 70_000])
def test_a_payload_that_does_not_decode_has_no_claims(payload: str) -> None:
    assert claims_of(f"eyJhbGci.{payload}.c2ln") == NOTHING


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    claims_of(text)
    claims_of(f"eyJ{text}.{text}.{text}")


def test_fingerprints_differ_by_secret_and_key() -> None:
    assert fingerprint(b"key", "one") == fingerprint(b"key", "one")
    assert len({fingerprint(b"key", "one"), fingerprint(b"key", "two"), fingerprint(b"other", "one")}) == 3


def test_secrets_of_any_bytes_go_back_to_those_bytes() -> None:
    assert secret_bytes(b"\xffabc".decode("utf-8", "surrogateescape")) == b"\xffabc"
    assert secret_bytes("\ud800") == b"\xed\xa0\x80"


def test_only_a_whole_token_is_a_jwt(make_jwt: Callable[..., str]) -> None:
    assert is_jwt(make_jwt(sub="x"))
    assert not is_jwt(f"jwt {make_jwt(sub='x')}")
