"""What is asked of many users is checked before anything begins."""

from __future__ import annotations

import pytest

from recorder.errors import BadOption
from recorder.recipes import Load


@pytest.mark.parametrize(
    ("load", "says"),
    [
        pytest.param(Load(users=0), "--users", id="no users"),
        pytest.param(Load(users=20_001), "--users", id="more than one process can hold"),
        pytest.param(Load(users=1, spawn_rate=0), "--spawn-rate", id="nobody ever begins"),
        pytest.param(Load(users=1, spawn_rate=float("nan")), "--spawn-rate", id="not a number"),
        pytest.param(Load(users=1, run_time="5"), "--run-time", id="no unit"),
    ],
)
def test_numbers_that_cannot_be_used_are_refused_by_the_name_of_their_option(load, says):
    with pytest.raises(BadOption, match=says):
        load.run_time_s()


def test_a_run_time_is_in_seconds_and_need_not_be_given():
    assert (Load(users=1, run_time="2m").run_time_s(), Load(users=1).run_time_s()) == (120.0, None)


def test_what_a_single_replay_has_too_is_parsed_as_its_options_are():
    options = Load(
        users=3, seed=7, variables=["CITY=Berlin"], name="load", keep_secrets=True
    ).replay_options()
    assert (options.seed, options.variables) == (7, {"CITY": "Berlin"})
    assert (options.session.name, options.session.keep_secrets) == ("load", True)


def test_a_load_does_not_show_its_tokens():
    assert "secret-token" not in repr(Load(users=1, tokens=["secret-token"]))
