"""Options of a replay: parsed once, refused by the name people know them by."""

from __future__ import annotations

import pytest

from recorder.errors import BadOption
from recorder.recipes.replay_options import ReplayOptions, replay_options
from recorder.replay.language.script import load


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        pytest.param({"clock": "sundial"}, "--clock: .*real and virtual", id="no such clock"),
        pytest.param({"clock": "virtual", "url": "ws://x"}, "simulator only", id="a service on virtual time"),
        pytest.param({"tolerance": "5"}, "--tolerance", id="a duration without a unit"),
        pytest.param({"headers": ["X"]}, "--header", id="a header without a colon"),
        pytest.param({"variables": ["X"]}, "--var", id="a variable without a value"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_the_name_of_its_option(given, problem):
    with pytest.raises(BadOption, match=problem):
        replay_options(**given)


def test_a_keyword_argument_that_does_not_exist_is_a_type_error():
    with pytest.raises(TypeError, match="tokn"):
        replay_options(tokn="a.b.c")


def test_given_variables_go_before_defaults_and_those_before_the_environment(monkeypatch):
    monkeypatch.setenv("USER", "root")
    monkeypatch.setenv("CITY", "Berlin")
    assert replay_options().environment(USER="7")["USER"] == "7"
    environment = replay_options(variables=["USER=anna"]).environment(USER="7")
    assert (environment["USER"], environment["CITY"]) == ("anna", "Berlin")


@pytest.mark.parametrize(
    ("written", "given", "policy"),
    [
        pytest.param("{}", {}, None, id="nothing said"),
        pytest.param("{}", {"token_command": "./t"}, "on_auth_close", id="fresh tokens can be had"),
        pytest.param("{reconnect: never}", {"token_command": "./t"}, None, id="the script says"),
        pytest.param("{reconnect: never}", {"reconnect": "always"}, "always", id="asked for"),
    ],
)
def test_consumers_reconnect_by_themselves_if_asked_to_or_if_fresh_tokens_can_be_had(written, given, policy):
    script = load(f"consumer: {written}\nsteps: [{{wait: 1s}}]", file="s.yaml", variables={})
    assert replay_options(**given).reconnect_policy(script) == policy


def test_init_connection_needs_a_token_or_a_command_that_prints_one():
    with pytest.raises(BadOption, match="--init-connection"):
        ReplayOptions().connect_options("ws://x/", None, init_connection=True)
    fetching = replay_options(token_command="./t")
    assert fetching.connect_options("ws://x/", None, init_connection=True).init_connection
