"""``--archive``, ``--json`` and ``--quiet`` before the command, between its words and behind it."""

from __future__ import annotations

import pytest
import typer.main
from typer.testing import CliRunner

from recorder.cli.app import app


def leaves(group, words=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, (*words, name))
        else:
            yield (*words, name)


COMMANDS = sorted(leaves(typer.main.get_command(app)))
GIVEN = ("--archive", "given.db", "--json", "-q")


def context_of(*arguments):
    """The context of the command that these arguments name, as far as it can be read."""
    command = typer.main.get_command(app)
    context = command.make_context("recorder", list(arguments), resilient_parsing=True)
    while hasattr(context.command, "commands"):
        name, found, rest = context.command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        context = found.make_context(name, rest, parent=context, resilient_parsing=True)
    return context


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_takes_them_in_every_place(command):
    expected = context_of(*command, *GIVEN)
    values = {"archive": "given.db", "json": True, "quiet": True}
    known = values.keys() & expected.params.keys()
    assert {name: expected.params[name] for name in known} == {name: values[name] for name in known}
    for place in range(len(command)):
        given = context_of(*command[:place], *GIVEN, *command[place:])
        assert given.command.name == command[-1]
        assert given.params == expected.params
        assert given.args == []


def test_they_reach_the_command(run, archive):
    lists = [
        run(*words.split()).stdout
        for words in ("--json session list", "session --json list", "session list --json")
    ]
    assert lists[0].startswith('{"session":')
    assert lists[0] == lists[1] == lists[2]
    elsewhere = CliRunner().invoke(app, [f"--archive={archive}", "-q", "session", "list"])
    assert "imported" in elsewhere.stdout
    behind = run("--archive", "nowhere.db", "session", "list", "--archive", str(archive))
    assert "imported" in behind.stdout


def test_a_command_that_has_no_use_for_them_ignores_them(run):
    assert run("--json", "--archive", "x", "samples", "--quiet").exit_code == 0


def test_an_option_of_its_own_before_the_command_is_an_error(run):
    assert "recorder has no option --dialog" in run("--dialog", "x", "message", "list").stderr
