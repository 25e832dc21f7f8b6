"""``recorder replay``: the main job, and what it says when it does not come out."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from recorder.recipes import simulator

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.mark.parametrize("script", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_sample_plays_and_comes_out_as_written(run, script):
    result = run("replay", str(script), "--json")
    assert result.exit_code == 0, result.stderr
    messages = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert messages
    assert run("archive", "verify").exit_code == 0


def test_slow_reader_reads_the_question_when_it_says(run):
    run("replay", str(SAMPLES / "slow-reader.yaml"))
    messages = [orjson.loads(line) for line in run("message", "list", "last", "--json").stdout.splitlines()]
    question = next(message for message in messages if message["mine"] is False)
    read = next(receipt for receipt in question["receipts"] if receipt["status"] == "READ")
    assert read["mine"] is True
    assert read["server_ms"] - question["sent"]["server_ms"] >= 2_000


def test_an_expectation_that_fails_is_3_and_shows_what_was_seen_instead(run, tmp_path):
    script = tmp_path / "hopeful.yaml"
    script.write_text(
        "steps:\n"
        "  - open_conversation:\n"
        "  - say: Anybody?\n"
        "  - expect: {message: last_sent, status: read, within: 200ms}\n"
        "agent:\n"
        "  - on: message\n"
        "    do: [{accept: {after: 10ms}}]\n"
    )
    result = run("replay", str(script))
    assert result.exit_code == 3
    assert "step 3 (expect), line 4" in result.stderr
    assert "accepted" in result.stderr
    assert "Anybody?" in result.stdout


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param("steps:\n  - sya: hello\n", ("line 2", "step 1", "say"), id="a verb with a slip"),
        pytest.param("steps: []\n", ("there are no steps",), id="no steps"),
        pytest.param(
            "steps:\n  - say: ${NOBODY_SET_THIS}\n", ("line 2", "NOBODY_SET_THIS"), id="no variable"
        ),
        pytest.param("a: 1\na: 2\n", ("line 2",), id="a key twice"),
        pytest.param("", (), id="empty"),
        pytest.param(
            "steps:\n  - open_conversation:\nagent:\n  - on: mesage\n    do: []\n",
            ("line 4",),
            id="the agent's slip",
        ),
    ],
)
def test_a_script_with_an_error_names_file_line_and_what_was_meant(run, tmp_path, script, says):
    file = tmp_path / "script.yaml"
    file.write_text(script)
    result = run("replay", str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    for words in ("script.yaml", *says):
        assert words in result.stderr
    assert len(run("session", "list", "--json").stdout.splitlines()) == 2


def test_variables_come_from_the_command_line_before_the_environment(run, tmp_path, monkeypatch):
    monkeypatch.setenv("GREETING", "from the environment")
    file = tmp_path / "script.yaml"
    file.write_text('steps:\n  - open_conversation:\n  - say: "${GREETING}"\nagent: []\n')
    assert "from the environment" in run("replay", str(file)).stdout
    assert (
        "from the command line" in run("replay", str(file), "--var", "GREETING=from the command line").stdout
    )
    assert run("replay", str(file), "--var", "nonsense").exit_code == 2


def test_a_script_that_is_not_there(run):
    result = run("replay", "nowhere.yaml")
    assert (result.exit_code, "nowhere.yaml" in result.stderr) == (2, True)


def test_the_scripts_consumer_section_counts_only_for_a_real_service(run, tmp_path, monkeypatch):
    """Its variables need not be set for the simulator; for a service they must, or a token be given."""
    file = tmp_path / "script.yaml"
    file.write_text('consumer: {url: "${A_URL}", token: "${A_JWT}"}\nsteps: [{open_conversation: }]\n')
    assert run("replay", str(file)).exit_code == 0
    result = run("replay", str(file), "--url", "script")
    assert (result.exit_code, "A_URL" in result.stderr) == (2, True)
    with simulator() as server:
        monkeypatch.setenv("A_URL", server.url)
        monkeypatch.setenv("A_JWT", "any.token.does")
        assert run("replay", str(file), "--url", "script").exit_code == 0


def test_nobody_at_the_url_is_4_and_recorded_as_refused(run):
    result = run("replay", str(SAMPLES / "tutorial-conversation.yaml"), "--url", "ws://127.0.0.1:1/x")
    assert result.exit_code == 4
    shown = orjson.loads(run("session", "show", "last", "--json").stdout)
    assert [connection["how"] for connection in shown["connection_details"]] == ["refused"]
