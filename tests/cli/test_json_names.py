"""The names of ``--json``: one kind of value under a name, whichever command prints it; units in names."""

from __future__ import annotations

from collections import defaultdict

import orjson
import pytest

OLD_NAMES = {"sessions", "connections", "frames", "seconds"}
"""Names that counts and durations had; they stay for one release beside those that replace them."""

COMMANDS = [
    "session list", "session show", "session diff last~1 last", "message list", "frame list", "frame show 3",
    "message show played 0", "check", "check --explain all", "archive info", "archive verify",
    "replay SCRIPT --clock virtual", "replay SCRIPT --dry-run", "replay SCRIPT --users 1",
]  # fmt: skip


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
        result = run(*command.replace("SCRIPT", str(script)).split(), "--json", "-q")
        assert result.exit_code in (0, 3), (command, result.output)
        for line in result.stdout.splitlines():
            for name, value in pairs(orjson.loads(line)):
                found[name].append(value)
    return found


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
