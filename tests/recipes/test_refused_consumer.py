"""A consumer that the service would not have: the archive says the same of one replay and of a load run."""

from __future__ import annotations

import pytest

from recorder import recipes
from recorder.recipes import Load, swarm
from recorder.recipes.endpoints import simulated_token
from recorder.simulator import SimulatorServer, agent_from, moods_from

SCRIPT = """
steps:
- open_conversation:
- say: before
- wait: 1s
- say: after
"""
NEVER_LET_IN = {"close_after": {"code": 4401, "after": "0ms"}}
EXPIRED = {"close_after": {"code": 4401, "requests": 4}}


def played_once(script, archive, url):
    recipes.replay(script, archive=archive, url=url, token=simulated_token("ann"))


def played_by_users(script, archive, url):
    tokens = [simulated_token("ann"), simulated_token("ben")]
    swarm(script, Load(users=2, spawn_rate=1000, url=url, tokens=tokens), archive=archive)


@pytest.mark.parametrize("play", [played_once, played_by_users], ids=["one", "users"])
@pytest.mark.parametrize(
    ("moods", "state"),
    [(NEVER_LET_IN, "refused"), (EXPIRED, "interrupted")],
    ids=["never let in", "expired"],
)
def test_archive_verify_and_check_agree_on_a_consumer_put_out_over_its_token(
    tmp_path, archive, play, moods, state
):
    script = tmp_path / "s.yaml"
    script.write_text(SCRIPT)
    with SimulatorServer(agent_from([]), moods=moods_from(moods)) as simulator:
        play(script, archive, simulator.url)
    with recipes.open_archive(archive) as opened:
        sessions = opened.sessions()
        assert {(each.state, "4401" in (each.detail or "")) for each in sessions} == {(state, True)}
        assert {verdict.state for verdict in recipes.verify(archive)} == {state}
        for each in sessions:
            found = recipes.check(opened, each.session, rule=["recording-incomplete"])
            assert [one.outcome == "violated" for one in found] == [state == "interrupted"] * len(found)
            assert found or state == "refused"
