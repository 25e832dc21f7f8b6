"""Where a script plays: chosen by who asked, never guessed where the script names a service."""

from __future__ import annotations

import pytest

from recorder.errors import BadOption
from recorder.recipes.choose_target import choose_target
from recorder.recipes.replay_options import replay_options
from recorder.replay.language.script import load
from recorder.report.replay_target import ReplayTarget

TWO = """
consumers: {anna: {url: "ws://a.example/x"}, ben: {url: "${U}"}, idle: {url: "ws://idle.example/"}}
steps: [{wait: 1s}, {send: {envelope: hi, consumer: ben}}]
"""
UNSET = 'consumer: {url: "${U}"}\nsteps: [{wait: 1s}]\n'


def chosen(text, known=None, tokens=(), **given):
    script = load(text, file="s.yaml", variables={})
    return choose_target(script, replay_options(**given), known or {}, tokens=tokens)


def test_the_urls_of_everybody_who_acts_are_named_once():
    target = chosen(TWO, {"U": "ws://b.example/"}, url="script")
    assert target.url == "ws://a.example/x, ws://b.example/"
    assert chosen(TWO, {"U": "ws://a.example/x"}, url="script").url == "ws://a.example/x"


def test_one_consumer_whose_url_is_filled_in_is_enough_to_ask():
    with pytest.raises(BadOption, match=r"ws://a\.example/x; say whether it is meant"):
        chosen(TWO)


@pytest.mark.parametrize("known", [{}, {"U": ""}], ids=["unset", "empty"])
def test_what_is_not_filled_in_is_the_simulator_and_why(known):
    target = chosen(UNSET, known)
    assert (target.url, target.chosen_by) == (None, "default")
    assert "consumer.url is" in target.because


def test_who_does_nothing_connects_nowhere():
    text = 'consumers: {anna: {}, idle: {url: "ws://idle.example/"}}\nsteps: [{wait: 1s}]\n'
    assert chosen(text) == ReplayTarget(None, "default", "no --url, and the script names no consumer.url")


@pytest.mark.parametrize(
    "given", [{"token": "a.b.c"}, {"token_command": "./t"}, {"init_connection": True}, {"reconnect": "never"}]
)
def test_what_the_simulator_minds_is_for_who_asks_for_it_by_name(given):
    with pytest.raises(BadOption, match="for a service"):
        chosen(UNSET, **given)
    assert chosen(UNSET, url="simulator", **given).url is None
    assert chosen(UNSET, url="ws://x/", **given).url == "ws://x/"


def test_tokens_of_many_users_are_for_a_service_too():
    with pytest.raises(BadOption, match="--token-file"):
        chosen(UNSET, tokens=["a.b.c"])


@pytest.mark.parametrize("url", [None, "simulator"])
@pytest.mark.parametrize(
    "given",
    [
        {"headers": ["X: y"]},
        {"ca_file": "ca.pem"},
        {"origin": "https://a"},
        {"proxy": "http://p:1"},
        {"connect_timeout": "15s"},
        {"send_timeout": "30s"},
        {"max_payload": "16MiB"},
    ],
)
def test_how_a_service_is_reached_means_nothing_to_the_simulator(url, given):
    with pytest.raises(BadOption, match="for a service"):
        chosen(UNSET, url=url, **given)


def test_the_token_is_not_shown_where_the_url_holds_it():
    assert "s3cret" not in (chosen(UNSET, url="ws://x/s3cret-token", token="s3cret-token").url or "")
