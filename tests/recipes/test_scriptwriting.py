"""A recording made into a script, and the script played: the receipts are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder import recipes
from recorder.errors import BadOption, NotFound
from recorder.messaging.tokens import PLACEHOLDER

SAMPLES = Path(__file__).parents[2] / "samples"

AWAY_AND_BACK = """\
steps:
  - open_conversation
  - say: Are you there?
  - await: {message: {from: agent, matching: Yes}, as: yes}
  - accept: {message: yes, after: 100ms}
  - wait: 1s
  - disconnect: abort
  - reconnect: {from_sequence: 0, after: 2s}
  - read: {message: yes, after: 4s}
  - say: I was away for a moment
  - expect: {message: last_sent, status: read}
agent:
  - on: message
    do: [{read: {after: 300ms}}]
  - on: message
    nth: 1
    do: [{say: "Yes (of course)?", after: 500ms}]
"""

TWICE_THE_SAME = """\
receipts: {accept: 100ms}
steps:
  - open_conversation
  - await: {message: {matching: one}, as: one}
  - await: {message: {matching: two}, as: two}
  - read: {message: [one, two], after: 2s}
  - type: COMPOSING
  - wait: 3s
  - receipt: {status: READ, message: one}
  - receipt: {status: NACK, message: two, after: 4s}
  - say: "costs $${5} {message}"
  - wait: 5s
agent:
  - on: conversation
    do: [{say: one, after: 500ms}, {say: two, after: 700ms}]
  - on: message
    do: [{receipt: NACK, after: 200ms}, {close: {after: 6s}}]
"""

WRITTEN_HERE = {"away and back": AWAY_AND_BACK, "twice the same": TWICE_THE_SAME}
PLAYED = [*(path.stem for path in sorted(SAMPLES.glob("*.yaml"))), *WRITTEN_HERE]


def play(script: Path, archive: str) -> str:
    played = recipes.replay(script, archive=archive, clock="virtual")
    played.raise_if_failed()
    return played.session


def script_of(archive: str, session: str, **options: str) -> str:
    with recipes.open_archive(archive) as opened:
        return recipes.session_script(opened, session, **options)


@pytest.mark.parametrize("name", PLAYED)
def test_what_was_recorded_is_done_again(name, archive, tmp_path):
    """Receipt for receipt, and each as long after its message as before."""
    first, again = SAMPLES / f"{name}.yaml", tmp_path / "again.yaml"
    if name in WRITTEN_HERE:
        first = tmp_path / "first.yaml"
        first.write_text(WRITTEN_HERE[name])
    recorded = play(first, archive)
    again.write_text(script_of(archive, recorded))
    replayed = play(again, archive)
    with recipes.open_archive(archive) as opened:
        assert recipes.messages(opened, recorded)[1]
        assert recipes.session_difference(opened, recorded, replayed, delays_over="20ms").changes == ()


@pytest.mark.parametrize("sample", ["tutorial.jsonl", "step-up.jsonl"])
def test_a_capture_from_elsewhere_can_be_played_against_the_simulator(sample, archive, samples, tmp_path):
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, samples / sample, name="imported")
    again = tmp_path / "again.yaml"
    again.write_text(script_of(archive, "imported", pace="fast"))
    play(again, archive)


def test_without_pauses_it_takes_no_time_and_gives_the_same_receipts(archive, tmp_path):
    first, fast = tmp_path / "first.yaml", tmp_path / "fast.yaml"
    first.write_text((SAMPLES / "slow-reader.yaml").read_text())
    recorded = play(first, archive)
    fast.write_text(script_of(archive, recorded, pace="fast"))
    assert "after" not in fast.read_text()
    assert "- wait" not in fast.read_text()
    replayed = play(fast, archive)
    with recipes.open_archive(archive) as opened:
        assert not recipes.session_difference(opened, recorded, replayed).differs


def test_no_secret_is_written(archive, tmp_path):
    script = tmp_path / "s.yaml"
    script.write_text(
        "steps: [open_conversation, {say: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl'}]\n"
    )
    text = script_of(archive, play(script, archive))
    assert "eyJ" not in text
    assert PLACEHOLDER.search(text) is None
    assert "say: '${JWT_1}'" in text


def test_what_cannot_be_written_is_said(archive, tmp_path):
    script = tmp_path / "s.yaml"
    script.write_text("steps: [open_conversation]\n")
    session = play(script, archive)
    with pytest.raises(BadOption, match="--pace"):
        script_of(archive, session, pace="slow")
    with pytest.raises(BadOption, match="--max-gap"):
        script_of(archive, session, max_gap="long")
    with pytest.raises(NotFound):
        script_of(archive, "nothing")
