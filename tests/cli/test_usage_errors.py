"""Errors of the command line itself are said as all others are."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        ("--foo", "recorder has no option --foo", "recorder --help"),
        ("sesion list", 'there is no command "sesion" (did you mean "session"?)', "--help"),
        ("session shwo", 'there is no command "shwo" (did you mean "show"?)', "session --help"),
        ("archive info --jso", "recorder archive info has no option --jso (did you mean --json?)", ""),
        ("replay", "recorder replay: SCRIPT is missing", "recorder replay [OPTIONS] SCRIPT"),
        ("replay a b", "recorder replay: it cannot use b, which is too much", ""),
        ("replay a --seed x", "--seed: it is no whole number", "recorder replay --help"),
        ("replay a --seed -1", "--seed: it must be at least 0", "recorder replay --help"),
        ("replay a --clock soon", '--clock: "soon" is none of real, virtual', "recorder replay --help"),
        ("replay a --seed", "--seed: it needs a value", "--help"),
        ("replay a --json=1", "--json: it takes no value", "--help"),
        ("--json", "recorder: the command is missing", "recorder --help"),
        ("session -q", "recorder session: the command is missing", "recorder session --help"),
    ],
)  # fmt: skip
def test_one_sentence_and_a_hint(run, arguments, error, hint):
    result = run(*arguments.split())
    assert result.exit_code == 2
    first, second = result.stderr.splitlines()
    assert first == f"error: {error}"
    assert second.startswith("hint: ")
    assert hint in second
    assert result.stdout == ""


def test_a_group_without_a_command_shows_its_help(run):
    result = run("session")
    assert "Usage: recorder session" in result.output
    assert "error:" not in result.output
