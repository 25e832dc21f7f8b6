"""Who everybody is, and where."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode

import pytest

from recorder.errors import BadOption
from recorder.recipes.load.endpoints import (
    service_user_endpoints,
    simulator_user_endpoints,
)
from recorder.recipes.replay_options import replay_options
from recorder.replay.language.script import load

TWO = "consumers: {anna: {}, ben: {}}\nsteps: [{say: hi}, {say: {text: ho, consumer: ben}}]\n"
URL = "ws://127.0.0.1:1/ws"


def script(text="steps: [{say: hi}]\n", user=1):
    return load(text, file="s.yaml", variables={"USER": str(user)})


def subject(token: str) -> str:
    claims = token.split(".")[1]
    return json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]


def test_every_consumer_of_every_user_is_somebody_else_and_the_same_again_for_the_same_seed():
    find = simulator_user_endpoints(URL, "http://x", replay_options(seed=7))
    people = [
        subject(place.token) for user in (1, 2, 3) for place in find(script(TWO), user).connect.values()
    ]
    assert len(set(people)) == 6
    again = simulator_user_endpoints(URL, "http://x", replay_options(seed=7))(script(TWO), 1).connect
    assert [subject(place.token) for place in again.values()] == people[:2]
    other = simulator_user_endpoints(URL, "http://x", replay_options(seed=8))(script(TWO), 1).connect
    assert not {subject(place.token) for place in other.values()} & set(people)


def test_files_go_to_the_simulator_too():
    assert simulator_user_endpoints(URL, "http://x", replay_options(seed=0))(script(), 1).uploads == {
        "consumer": "http://x"
    }


def test_a_token_that_is_to_be_fetched_is_not_made_up():
    find = simulator_user_endpoints(URL, "http://x", replay_options(token_command="./token.sh"))
    assert [place.token for place in find(script(), 1).connect.values()] == [None]


def test_tokens_go_round():
    find = service_user_endpoints(URL, replay_options(), ["a", "b"])
    assert [find(script(), user).connect["consumer"].token for user in (1, 2, 3)] == ["a", "b", "a"]


def test_without_tokens_the_script_says_whose_for_each_user():
    text = 'consumer: {url: "ws://h/${USER}", token: "t-${USER}"}\nsteps: [{say: hi}]\n'
    find = service_user_endpoints("script", replay_options(), [])
    place = find(script(text, 5), 5).connect["consumer"]
    assert (place.url, place.token) == ("ws://h/5", "t-5")


def test_a_script_that_names_no_url_is_told_so():
    find = service_user_endpoints("script", replay_options(), [])
    with pytest.raises(BadOption, match="names no url"):
        find(script(), 1)
