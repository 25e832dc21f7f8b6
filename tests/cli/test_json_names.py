"""The names of ``--json``: one kind of value under a name, whichever command prints it; units in names."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import orjson
import pytest
import typer.main

from recorder.cli.app import app
from recorder.report.json_views import payload_json
from recorder.wire.frames import Side
from recorder.wire.payloads import Payload

OLD_NAMES = {"sessions", "connections", "frames", "seconds"}
"""Names that counts and durations had; they stay for one release beside those that replace them."""

COMMANDS = [
    "session list", "session show", "session diff last~1 last", "message list", "frame list", "frame show 3",
    "message show played 0", "check", "check --explain all", "find a", "sql", "sql unread", "guide",
    "samples", "archive info", "archive verify", "archive rebuild", "import CAPTURE",
    "replay SCRIPT --clock virtual", "replay SCRIPT --dry-run", "replay SCRIPT --users 1",
]  # fmt: skip
OF_PAYLOADS = {"attach", "proxy", "record"}
"""They print payloads, all by ``payload_json``."""
OF_A_TOKEN = {"login"}
"""It prints a token, where it is good and until when."""
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
def values(run, archive, tmp_path):
    """Everything that is printed under each name."""
    script = tmp_path / "script.yaml"
    script.write_text("steps: [open_conversation, wait: 10ms]\nagent: []\n")
    found = defaultdict(list)
    for command in COMMANDS:
        words = command.replace("SCRIPT", str(script)).replace("CAPTURE", str(CAPTURE)).split()
        result = run(*words, "--json", "-q")
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
    assert tried | OF_PAYLOADS | OF_A_TOKEN == {*with_json(typer.main.get_command(app))}


def is_tried(command):
    return any(f"{each} ".startswith(f"{command} ") for each in COMMANDS)


def test_no_name_has_counts_and_lists(values):
    both = {name for name, seen in values.items() if {list, int} <= {type(each) for each in seen}}
    assert both - OLD_NAMES == set()


def test_durations_are_in_seconds_and_say_so(values):
    in_other_units = {name for name in values if name.endswith(("_us", "_ms", "_seconds"))} - {"server_ms"}
    assert {name for name in in_other_units if f"{name.rpartition('_')[0]}_s" not in values} == set()
    assert {"delay_s", "began_s", "earliest_s", "p50_s"} <= values.keys()


def test_old_names_have_new_ones_beside_them(values):
    for old, new in (
        ("frames", "frame_count"),
        ("connections", "connection_count"),
        ("sessions", "session_count"),
    ):
        assert new in values, old
