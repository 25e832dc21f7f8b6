"""Replay from Python: a script, the simulator, an archive; and what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder import recipes
from recorder.errors import BadOption, BadScript, ExpectationFailed
from recorder.recipes.endpoints import SIMULATED_CONSUMER, simulated_token
from recorder.redaction.tokens import claims_of


def test_a_sample_plays_and_its_messages_are_read_from_the_recorded_frames(archive, samples):
    said = []
    played = recipes.replay(samples / "read-without-accept.yaml", archive=archive, say=said.append)
    assert played.outcome.passed
    steps = [line.split(" after ")[0] for line in said if line.startswith("step ")]
    assert steps[:2] == ["step 1 open_conversation ok", "step 2 say ok"]
    assert len(steps) == len(played.outcome.results)
    played.raise_if_failed()
    with recipes.open_archive(archive) as opened:
        assert recipes.messages(opened, played.session) == (played.session, played.messages)
    assert {receipt.status for message in played.messages for receipt in message.receipts} == {"READ"}


def test_a_failed_expectation_is_an_error_that_says_what_was_seen(archive, tmp_path):
    script = tmp_path / "s.yaml"
    script.write_text(
        "steps:\n  - open_conversation:\n  - say: hi\n"
        "  - expect: {message: last_sent, status: read, within: 50ms}\nagent: []\n"
    )
    played = recipes.replay(script, archive=archive)
    with pytest.raises(ExpectationFailed, match=r"step 3 \(expect\), line 4"):
        played.raise_if_failed()
    assert [message.status for message in played.messages] == ["sent"]


def test_against_a_service_at_an_address(archive, samples):
    with recipes.simulator() as server:
        played = recipes.replay(
            samples / "tutorial-conversation.yaml", archive=archive, url=server.url,
            token=simulated_token("x"), init_connection=True,
        )  # fmt: skip
    assert played.outcome.passed
    assert {receipt.participant for receipt in played.messages[0].receipts} == {"x"}


def test_a_stop_ends_the_script_where_it_is_and_keeps_what_was_said(archive, tmp_path):
    class Stop:
        told = False

        def is_set(self):
            return self.told

        def on_stop(self, wake):
            self.told = True
            wake()

    script = tmp_path / "s.yaml"
    script.write_text("steps:\n  - open_conversation:\n  - wait: 10m\nagent: []\n")
    played = recipes.replay(script, archive=archive, stop=Stop())
    assert played.cut_short is not None
    assert not played.outcome.passed
    played.raise_if_failed()
    with recipes.open_archive(archive) as opened:
        assert opened.find_session("last").state == "complete"


def test_the_simulated_consumer_has_a_token_in_the_usual_shape():
    claims = claims_of(simulated_token())
    assert (claims.sub, claims.aud) == (SIMULATED_CONSUMER, "acc:le-sim")


@pytest.mark.parametrize("written", ["NOVALUE", "1X=2", "=x"])
def test_variables_are_checked(archive, samples, written):
    with pytest.raises(BadOption, match="NAME=VALUE"):
        recipes.replay(samples / "slow-reader.yaml", archive=archive, variables=[written])


MOODY = """
name: moody
receipts: {accept: 10ms, read: 20ms}
simulator:
  scalar_sequence_list: true
  lost_receipts: {status: ACCEPT}
steps:
  - open_conversation
  - say: Hello
  - expect: {message: last_sent, status: read, within: 5s}
agent:
  - on: message
    do: [accept, {read: {after: 50ms}}]
"""


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_a_script_says_what_mood_the_simulator_is_in(archive, tmp_path, clock):
    """The agent's ACCEPT is lost on the way, its READ comes with a bare number: it counts all the same."""
    script = tmp_path / "moody.yaml"
    script.write_text(MOODY)
    played = recipes.replay(script, archive=archive, clock=clock)
    played.raise_if_failed()
    (hello,) = [message for message in played.messages if message.text == "Hello"]
    assert {receipt.status for receipt in hello.receipts} == {"READ"}


def test_a_mood_that_does_not_exist_is_refused_with_its_line_and_nothing_is_played(archive, tmp_path):
    script = tmp_path / "moody.yaml"
    script.write_text(MOODY.replace("scalar_sequence_list", "scalar_sequence"))
    with pytest.raises(BadScript, match=r'line 5.*unknown key "scalar_sequence" \(did you mean'):
        recipes.replay(script, archive=archive)
    assert not Path(archive).exists()


TWO = """\
consumers: {anna: {}, ben: {}}
steps:
  - open_conversation
  - open_conversation: {consumer: ben}
  - await: {message: {matching: Hello Ben}, consumer: ben}
  - expect: {not: {message: {from: agent}}, for: 2s}
agent:
  - {on: conversation, consumer: NAME, do: [{say: Hello Ben, after: 1s}]}
"""


def test_a_rule_of_the_agent_may_be_for_one_consumer_of_the_script(tmp_path, archive):
    script = tmp_path / "two.yaml"
    script.write_text(TWO.replace("NAME", "ben"))
    recipes.replay(script, archive=archive, clock="virtual").raise_if_failed()


def test_a_rule_for_a_consumer_the_script_has_not_is_refused(tmp_path, archive):
    script = tmp_path / "two.yaml"
    script.write_text(TWO.replace("NAME", "bne"))
    with pytest.raises(BadScript, match=r'line 8.*unknown consumer "bne" \(did you mean "ben"\?\)'):
        recipes.replay(script, archive=archive, clock="virtual")


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_a_slow_pattern_of_the_agent_does_not_keep_the_script_from_its_end(archive, tmp_path, clock):
    script, said = tmp_path / "slow.yaml", []
    script.write_text(
        f"steps:\n- open_conversation:\n- say: {'a' * 4_000}b\n- await: {{message: {{from: agent}}}}\n"
        "agent:\n- on: message\n  matching: (a+)+$\n  do: [read]\n"
        "- on: message\n  do: [{say: yes}]\n"
    )
    recipes.replay(script, archive=archive, clock=clock, say=said.append).raise_if_failed()
    assert [sentence for sentence in said if "rule 1 of the agent: the pattern (a+)+$" in sentence]
