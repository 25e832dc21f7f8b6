"""Who a token speaks for, and unsigned tokens in LivePerson's shape."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.redaction.tokens import claims_of, is_jwt
from recorder.simulator.protocol.tokens import (
    EXTERNAL_LIFE_S,
    INTERNAL_LIFE_S,
    ExternalIdentity,
    anonymous_token,
    authenticated_token,
    consumer_id_of,
    consumer_name_of,
    guest_token,
    read_external,
)

NOW_S = 1_700_000_000
ANN = ExternalIdentity("ann@brand.example", "https://brand.example", None)


def parts(token):
    return [json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in token.split(".")[:2]]


def jwt(claims):
    text = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return f"eyJhbGciOiJSUzI1NiJ9.{urlsafe_b64encode(text).rstrip(b'=').decode()}.sig"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(guest_token("me", account="1", now_s=NOW_S), id="guest"),
        pytest.param(anonymous_token("me", account="1", now_s=NOW_S), id="anonymous"),
        pytest.param(authenticated_token(ANN, account="1", now_s=NOW_S), id="known"),
    ],
)
def test_every_token_is_a_jwt_to_the_redactor_and_to_clients(token):
    """The redactor must find it, and clients read its claims without padding."""
    assert is_jwt(token)
    head, claims = parts(token)
    assert head["typ"] == "JWT"
    assert (claims["aud"], claims["iss"], claims["iat"]) == ("acc:1", "https://idp.liveperson.net", NOW_S)


def test_a_guest_token_names_its_consumer():
    token = guest_token("f00d", account="1", now_s=NOW_S)
    assert consumer_id_of(token) == "f00d"
    assert claims_of(token).exp == NOW_S + INTERNAL_LIFE_S


def test_an_anonymous_token_lives_ten_minutes():
    assert (
        parts(anonymous_token("x", account="1", now_s=NOW_S))[1]["exp"]
        == NOW_S + EXTERNAL_LIFE_S
        == NOW_S + 600
    )


def test_the_same_person_gets_the_same_consumer_id_whenever_they_come():
    first, later = (
        consumer_id_of(authenticated_token(ANN, account="1", now_s=NOW_S + when)) for when in (0, 9)
    )
    assert first == later
    assert len(first) == 64
    assert consumer_id_of(authenticated_token(ANN._replace(subject="bob"), account="1", now_s=NOW_S)) != first
    assert consumer_id_of(authenticated_token(ANN._replace(issuer=None), account="1", now_s=NOW_S)) != first


def test_an_authenticated_token_names_the_external_identity():
    _, claims = parts(authenticated_token(ANN, account="1", now_s=NOW_S))
    assert claims["lp.ext"] == {"sub": "ann@brand.example", "iss": "https://brand.example"}


@pytest.mark.parametrize(
    ("token", "read"),
    [
        pytest.param(jwt({"sub": "a", "iss": "b", "exp": 7}), ExternalIdentity("a", "b", 7), id="whole"),
        pytest.param(jwt({"sub": "a"}), ExternalIdentity("a", None, None), id="subject-only"),
        pytest.param(
            jwt({"sub": "a", "iss": 3, "exp": "7"}), ExternalIdentity("a", None, None), id="odd-types"
        ),
        pytest.param(jwt({"iss": "b"}), None, id="no-subject"),
        pytest.param(jwt({"sub": ""}), None, id="empty-subject"),
        pytest.param(jwt(["sub"]), None, id="a-list"),
        pytest.param(jwt(b"{"), None, id="no-json"),
        pytest.param("a-code-of-the-brand", None, id="a-code"),
        pytest.param("a.%%%.c", None, id="no-base64"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_claims_of_others_are_read_as_they_stand(token, read):
    assert read_external(token) == read


@given(st.text())
def test_any_text_can_be_handed_over(text):
    read_external(text)
    read_external(f"a.{text}.c")


def test_the_subject_of_a_token_is_the_consumer():
    assert consumer_id_of(jwt({"sub": "29ec5222", "aud": "acc:1"})) == "29ec5222"


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "acc:1"}, id="no-subject"),
        pytest.param({"sub": ""}, id="empty-subject"),
        pytest.param({"sub": 7}, id="subject-is-no-text"),
        pytest.param(["sub"], id="no-object"),
    ],
)
def test_a_token_without_a_subject_still_has_an_id_of_its_own(claims):
    assert len(consumer_id_of(jwt(claims))) == 64


@given(st.text(min_size=1))
def test_a_token_gives_one_id_that_does_not_contain_it(text):
    """Long enough to be a token, it is not to be found in what others are told."""
    assert consumer_id_of(text) == consumer_id_of(text)
    assert len(text) < 8 or text not in consumer_id_of(text)


def test_different_tokens_are_different_consumers():
    assert consumer_id_of("one") != consumer_id_of("two")


@pytest.mark.parametrize(
    ("claims", "name"), [({"sub": "x", "name": "ben"}, "ben"), ({"sub": "x"}, None), ({"name": 7}, None)]
)
def test_a_token_may_call_its_consumer_by_a_name(claims, name):
    assert consumer_name_of(jwt(claims)) == name
    assert consumer_name_of("no token") is None
