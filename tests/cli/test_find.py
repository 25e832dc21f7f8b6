"""``recorder find``: from what a ticket holds to the frame that proves a READ, in two commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import orjson
import pytest
from builders.conversations import record_conversation
from typer.testing import CliRunner

from recorder.cli.app import app
from recorder.store.archive import Archive

SESSIONS = 200


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with 200 sessions of a conversation each, with READ of its first message in frame 6."""
    path = tmp_path_factory.mktemp("many") / "many sessions.db"
    with Archive.open(path, mode="write") as archive:
        for number in range(SESSIONS):
            record_conversation(
                archive, number, [f"ticket {number}", "anything else?"], derived=number % 10 > 0
            )
    return path


def recorder(*arguments, **environment):
    return CliRunner(env=environment).invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("known", "number"),
    [("conversation-123", 123), ("dialog-40", 40), ("ticket 199", 199), ("dialog-7:0", 7)],
)
def test_two_commands_lead_from_a_ticket_to_the_frame_that_proves_the_read(many, known, number):
    found = recorder("find", known, "--archive", str(many))
    assert (found.exit_code, found.stderr) == (0, "")
    (command,) = [line.strip() for line in found.stdout.splitlines() if line.startswith("    recorder ")]
    shown = recorder(*shlex.split(command)[1:])
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert re.search(r"\bconsumer [^#]*#6$|^#6 .* READ announced", shown.stdout, re.MULTILINE)
    (told,) = [
        orjson.loads(line)
        for line in recorder("find", known, "--json", "--archive", str(many)).stdout.splitlines()
    ]
    assert told["next"] == command
    proof = recorder("frame", "show", told["session"], "6", "--archive", str(many)).stdout
    assert f"proves: READ by consumer on message 0 of dialog dialog-{number} (announced)" in proof


def test_the_archive_of_the_environment_is_not_named_again(many):
    found = recorder("find", "conversation-9", "--limit", "1", RECORDER_ARCHIVE=str(many))
    assert "--archive" not in found.stdout
    assert found.stderr == "there are more than 1; --limit shows more\n"
    assert found.stdout.splitlines()[1].startswith("  dialog dialog-99 of conversation conversation-99: MAIN")


def test_nothing_found_is_no_error(many):
    found = recorder("find", "no such words", "--archive", str(many), "--session", "last")
    assert (found.exit_code, found.stdout) == (0, "")
    assert found.stderr.endswith("nothing is like that in 1 session\n")
    assert (
        recorder("find", "no such words", "--archive", str(many), "--session", "last", "--quiet").stderr == ""
    )


def test_a_password_is_not_printed(database):
    with Archive.open(database, mode="write") as archive:
        record_conversation(archive, 0)
    found = recorder("find", "hello", "--archive", database)
    assert re.search(r"--archive '?postgresql://[^:]+(:\*\*\*)?@", found.stdout)
