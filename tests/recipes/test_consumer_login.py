"""Logging in, as a library does it."""

from __future__ import annotations

import pytest

from recorder import recipes
from recorder.errors import BadOption, CannotConnect
from recorder.redaction.tokens import claims_of
from recorder.simulator import SimulatorServer, agent_from


@pytest.fixture
def base():
    with SimulatorServer(agent_from([])) as server:
        yield server.base_url


def test_a_token_comes_with_its_address_and_its_end(base):
    said = []
    got = recipes.login("12345678", base=base, say=said.append)
    claims = claims_of(got.token)
    assert got.url == base.replace("http", "ws") + "/ws_api/account/12345678/messaging/consumer?v=3"
    assert got.expires_us == claims.exp * 1_000_000
    assert claims.aud == "acc:12345678"
    assert got.token not in repr(got) + "".join(said)


def test_a_guest_is_new_each_time_and_a_known_one_the_same(base):
    guests = [claims_of(recipes.login("1", base=base).token).sub for _ in range(2)]
    anonymous = [
        claims_of(recipes.login("1", base=base, anonymous=True, connector="c").token).sub for _ in range(2)
    ]
    known = [claims_of(recipes.login("1", base=base, code="ann").token).sub for _ in range(2)]
    assert len({*guests, *anonymous, *known}) == 5


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param({"anonymous": True}, "--anonymous", id="anonymous-without-connector"),
        pytest.param({"connector": "c"}, "--connector", id="connector-for-nothing"),
        pytest.param({"anonymous": True, "code": "x", "connector": "c"}, "--anonymous", id="both"),
        pytest.param({"base": "http://brand.example"}, "clear text", id="clear-text"),
    ],
)
def test_options_that_exclude_each_other_are_refused(base, options, says):
    with pytest.raises(BadOption, match=says):
        recipes.login("1", **({"base": base} | options))


def test_a_refusal_that_repeats_the_code_does_not_get_it_printed(base):
    with pytest.raises(CannotConnect, match="401") as refused:
        recipes.login("1", base=base, code="the-code", connector="c")
    assert "the-code" not in str(refused.value)
    assert refused.value.__cause__ is None
