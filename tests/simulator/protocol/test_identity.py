"""Who a token speaks for."""

import json
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.simulator.protocol.identity import consumer_of, name_of


def token(claims):
    body = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{body}.c2lnbmF0dXJl"


def test_the_subject_of_a_token_is_the_consumer():
    assert consumer_of(token({"sub": "29ec5222", "aud": "acc:1"})) == "29ec5222"


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
    assert len(consumer_of(token(claims))) == 64


@given(st.text(min_size=1))
def test_any_token_gives_one_id_and_does_not_show_in_it(text):
    """Long enough to be a token, it is not to be found in what others are told."""
    assert consumer_of(text) == consumer_of(text)
    assert len(text) < 8 or text not in consumer_of(text)


def test_different_tokens_are_different_consumers():
    assert consumer_of("one") != consumer_of("two")


@pytest.mark.parametrize(
    ("claims", "name"), [({"sub": "x", "name": "ben"}, "ben"), ({"sub": "x"}, None), ({"name": 7}, None)]
)
def test_a_token_may_call_its_consumer_by_a_name(claims, name):
    assert name_of(token(claims)) == name
    assert name_of("no token") is None
