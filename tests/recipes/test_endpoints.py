"""Where consumers connect, and as whom: what was asked for goes before what the script says."""

from __future__ import annotations

import pytest

from recorder import recipes
from recorder.errors import BadOption, BadScript
from recorder.recipes import Load, swarm
from recorder.recipes.endpoints import (
    SIMULATED_CONSUMER,
    service_endpoints,
    simulated_token,
    simulator_endpoints,
)
from recorder.recipes.replay_options import ReplayOptions, replay_options
from recorder.redaction.tokens import claims_of
from recorder.replay.language.includes import Folder
from recorder.replay.language.script import load
from recorder.report.load_html import load_html

URL = "ws://service.example/x"
ONE = """
consumer: {url: "${U}", token: "${T}", upload_url: "https://files.example"}
steps: [{wait: 1s}]
"""
TWO = """
consumers:
  anna: {url: "ws://a.example/x", token: a.a.a}
  ben: {token: b.b.b, init_connection: true, upload_url: "${F}"}
  idle: {token: "${NOT_SET}"}
steps: [{wait: 1s}, {send: {envelope: hi, consumer: ben}}]
"""


def script(text):
    return load(text, file="s.yaml", variables={})


def test_a_url_and_a_token_from_outside_need_nothing_of_the_script():
    connect, uploads, *_ = service_endpoints(script(ONE), URL, replay_options(token="o.o.o"), {})
    assert (connect["consumer"].url, connect["consumer"].token) == (URL, "o.o.o")
    assert uploads == {"consumer": "https://files.example"}


def test_what_the_script_says_is_filled_in():
    connect, *_ = service_endpoints(script(ONE), "script", ReplayOptions(), {"U": URL, "T": "s.s.s"})
    assert (connect["consumer"].url, connect["consumer"].token) == (URL, "s.s.s")


def test_everybody_who_acts_connects_on_their_own():
    read = script(TWO)
    assert read.acting == ["anna", "ben"]
    connect, uploads, *_ = service_endpoints(read, URL, ReplayOptions(), {"F": "http://files.example"})
    assert {name: place.token for name, place in connect.items()} == {"anna": "a.a.a", "ben": "b.b.b"}
    assert [place.init_connection for place in connect.values()] == [False, True]
    assert uploads == {"ben": "http://files.example"}


def test_a_token_from_outside_is_the_first_ones():
    connect, *_ = service_endpoints(
        script(TWO), URL, replay_options(token="o.o.o"), {"F": "http://files.example"}
    )
    assert [place.token for place in connect.values()] == ["o.o.o", "b.b.b"]


@pytest.mark.parametrize(
    ("text", "known", "error", "says"),
    [
        pytest.param(ONE, {}, BadScript, "T|U", id="a variable that is not set"),
        pytest.param(TWO, {"F": "http://f"}, BadOption, "no url for ben", id="no url"),
        pytest.param(TWO, {"F": "ftp://f"}, BadOption, "no url|upload_url", id="nowhere to upload to"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_connected(text, known, error, says):
    with pytest.raises(error, match=says):
        service_endpoints(script(text), "script", ReplayOptions(), known)


def test_a_token_that_will_be_fetched_may_be_missing_even_for_init_connection():
    options = replay_options(token_command="./token.sh", init_connection=True)
    connect, *_ = service_endpoints(script("steps: [{wait: 1s}]"), URL, options, {})
    assert (connect["consumer"].token, connect["consumer"].init_connection) == (None, True)


def test_at_the_simulator_everybody_is_somebody_else_and_always_the_same():
    def subjects():
        connect = simulator_endpoints(script(TWO), URL, ReplayOptions())
        return [claims_of(place.token).sub for place in connect.values()]

    assert subjects() == subjects()
    assert subjects()[0] == SIMULATED_CONSUMER
    assert len(set(subjects())) == 2


def test_the_simulated_token_has_the_usual_shape():
    assert claims_of(simulated_token()).aud == "acc:le-sim"


def test_what_is_overridden_is_not_looked_at():
    text = 'consumer: {url: "${", token: "${T}", upload_url: "${F}"}\nsteps: [{wait: 1s}]\n'
    connect, uploads, *_ = service_endpoints(script(text), URL, replay_options(token="o.o.o"), {})
    assert (connect["consumer"].url, connect["consumer"].token, uploads) == (URL, "o.o.o", {})
    connect, *_ = service_endpoints(script(text), URL, replay_options(token_command="./t"), {})
    assert connect["consumer"].token is None


def test_where_files_go_must_be_known_where_files_are_sent(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    text = 'consumer: {upload_url: "${F}"}\nsteps: [{send_file: a.png}]\n'
    read = load(text, file="s.yaml", variables={}, folder=Folder(tmp_path))
    with pytest.raises(BadScript, match="F is not set"):
        service_endpoints(read, URL, ReplayOptions(), {})


def test_a_token_of_the_script_must_be_filled_in_unless_something_takes_its_place():
    read = script(ONE)
    with pytest.raises(BadScript, match="T is not set"):
        service_endpoints(read, URL, ReplayOptions(), {})
    connect, *_ = service_endpoints(read, URL, replay_options(headers=["Authorization: jwt x"]), {"T": "t"})
    assert connect["consumer"].token is None
    connect, *_ = service_endpoints(read, URL, replay_options(simulated_tokens=True), {})
    assert claims_of(connect["consumer"].token).sub == SIMULATED_CONSUMER


# --- tokens that the simulator does not take ------------------------------------------------------------

OWN_TOKEN = "0paque-t0ken-of-the-script"
NAMING_ITS_TOKEN = """
consumer: {token: "${T}"}
steps:
- open_conversation:
- say: "my token is ${T}"
- await: {message: {from: agent}, within: 30s}
- expect: {message: {matching: "no ${T} here"}, within: 1ms}
"""


@pytest.mark.parametrize("how", ["real", "virtual", "users"])
def test_a_token_of_the_script_is_kept_nowhere_though_the_simulator_takes_its_own(tmp_path, how):
    """Neither in the archive nor in what is printed and reported of the run, or generated from it."""
    script, archive = tmp_path / "s.yaml", str(tmp_path / "x.db")
    script.write_text(NAMING_ITS_TOKEN)
    if how == "users":
        load = Load(users=1, url="simulator", variables=[f"T={OWN_TOKEN}"])
        result = swarm(script, load, archive=archive)
        shown = [str(result.summary.failures), load_html(result)]
    else:
        clock = {} if how == "real" else {"clock": how}
        url = None if how == "virtual" else "simulator"
        played = recipes.replay(script, archive=archive, url=url, variables=[f"T={OWN_TOKEN}"], **clock)
        shown = [str(played.outcome), str(played.messages)]
    assert not any(OWN_TOKEN in text for text in shown), shown
    for file in tmp_path.glob("x.db*"):
        assert OWN_TOKEN.encode() not in file.read_bytes()
