"""The names of ``--json``: one kind of value under a name, whichever command prints it; units in names."""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from pathlib import Path

import orjson
import pytest
import typer.main
from builders.hostile import hostile_capture
from builders.terminal_output import shown_on_a_terminal

from recorder.cli.app import app
from recorder.cli.output import json_line
from recorder.report.json_views import payload_json
from recorder.simulator import SimulatorServer
from recorder.wire.frames import Side
from recorder.wire.payloads import Payload

OLD_NAMES = {"sessions", "connections", "frames", "seconds"}
"""Names that counts and durations had; they stay for one release beside those that replace them."""

COMMANDS = [
    "session list", "session show", "session diff last~1 last", "message list", "frame list", "frame show 3",
    "message show played 0", "check", "check played --watch", "check --explain all", "find a", "sql",
    "sql unread", "sql slowest-reads", "guide", "samples", "archive info", "archive verify",
    "archive rebuild", "import CAPTURE", "replay SCRIPT --clock virtual", "replay SCRIPT --dry-run",
    "replay SCRIPT --users 1", "login 12345678 --base SERVICE",
]  # fmt: skip
OF_OTHERS = [
    "message show two 32", "frame list two --raw", "frame show two 33", "message list two --follow",
    "check two --watch", "find $.kind",
]  # fmt: skip
"""More, of what others may have written."""
OF_PAYLOADS = {"attach", "proxy", "record"}
"""They print payloads, all by ``payload_json``."""
CAPTURE = Path(__file__).parents[2] / "samples" / "tutorial.jsonl"


def pairs(value):
    """Every name in a JSON value, and what stands under it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from pairs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from pairs(inner)


@pytest.fixture
def commands(tmp_path):
    """The words of each command, with what they need."""
    script = tmp_path / "script.yaml"
    script.write_text("steps: [open_conversation, wait: 10ms]\nagent: []\n")
    with SimulatorServer() as service:
        places = {"SCRIPT": str(script), "CAPTURE": str(CAPTURE), "SERVICE": service.base_url}
        yield [[places.get(word, word) for word in command.split()] for command in COMMANDS]


@pytest.fixture
def values(run, commands):
    """Everything that is printed under each name."""
    found = defaultdict(list)
    for command in commands:
        result = run(*command, "--json", "-q")
        assert result.exit_code in (0, 3), (command, result.output)
        for line in result.stdout.splitlines():
            for name, value in pairs(orjson.loads(line)):
                found[name].append(value)
    for name, value in payload_json(Payload(1, 1, 1, Side.SERVICE, 0, 0, 1, b"{}")).items():
        found[name].append(value)
    return found


def with_json(group, words=()):
    """Every command that has ``--json``, by its words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from with_json(command, (*words, name))
        elif any("--json" in each.opts for each in command.params):
            yield " ".join((*words, name))


def test_every_command_with_json_is_tried_here():
    tried = {command for command in with_json(typer.main.get_command(app)) if is_tried(command)}
    assert tried | OF_PAYLOADS == {*with_json(typer.main.get_command(app))}


def is_tried(command):
    return any(f"{each} ".startswith(f"{command} ") for each in COMMANDS)


def test_no_name_has_counts_and_lists(values):
    both = {name for name, seen in values.items() if {list, int} <= {type(each) for each in seen}}
    assert both - OLD_NAMES == set()


def test_durations_are_in_seconds_and_say_so(values):
    in_other_units = {name for name in values if name.endswith(("_us", "_ms", "seconds"))}
    in_other_units -= OLD_NAMES | {"server_ms"}
    assert {name for name in in_other_units if f"{name.rpartition('_')[0]}_s" not in values} == set()
    assert {"delay_s", "began_s", "earliest_s", "p50_s"} <= values.keys()


def test_old_names_have_new_ones_beside_them(values):
    for old, new in (
        ("frames", "frame_count"),
        ("connections", "connection_count"),
        ("sessions", "session_count"),
        ("seconds", "delay_s"),
    ):
        assert new in values, old


# --- on a terminal --------------------------------------------------------------------------------------


def acts(character):
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_on_a_terminal_every_line_is_an_object_that_acts_on_nothing(
    run, archive, commands, tmp_path, monkeypatch
):
    """C1 controls are no escapes of JSON by themselves, and begin control sequences."""
    lines = [json.dumps(line) for line in hostile_capture().lines]
    for name, kept in (("one", lines[:-1]), ("two", lines)):
        (tmp_path / name).write_text("\n".join(kept))
        assert run("import", str(tmp_path / name), "--name", name).exit_code == 0
    monkeypatch.setenv("RECORDER_ARCHIVE", str(archive))
    for words in (*commands, *map(str.split, OF_OTHERS)):
        lines = shown_on_a_terminal([*words, "--json", "-q"], monkeypatch)
        assert lines or "sql" in words, words
        assert not [character for line in lines for character in line if acts(character)], words
        assert all(isinstance(json.loads(line), dict) for line in lines), words


@pytest.mark.parametrize("number", [1, 2**70])
def test_a_payload_acts_on_no_terminal(number):
    line = {"text": "\x1b[2J\x9b31m\u202e\ud800", "number": number}
    written = json_line(line, to_terminal=True).decode()
    assert json.loads(written) == line
    assert not any(map(acts, written.removesuffix("\n")))
