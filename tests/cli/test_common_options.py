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


def found(words):
    """The command of these words."""
    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    return command


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


# --- SESSION --------------------------------------------------------------------------------------------

NEVER_THE_LAST_UNNAMED = {"archive rebuild": "all sessions", "session delete": "asks first, or wants a name"}
"""What these do where SESSION is left out."""
BEHIND_SESSION = {"frame show": ["3"], "message show": ["0"]}
"""What is given beside it; SESSION may be left out before it."""
PRINTS_A_PATH = {"report", "bundle"}
WITH_SESSION = [
    words
    for words in COMMANDS
    for parameter in found(words).params
    if parameter.param_type_name == "argument" and parameter.metavar == "SESSION"
]


def test_a_session_that_is_left_out_is_the_last_one_of_every_command():
    assert {" ".join(words) for words in WITH_SESSION} >= {"check", "bundle", "session show", "frame list"}
    for words in WITH_SESSION:
        (session,) = (each for each in found(words).params if each.metavar == "SESSION")
        assert not session.required, words
        if " ".join(words) not in NEVER_THE_LAST_UNNAMED.keys() | BEHIND_SESSION.keys():
            assert session.default == "last", words
    first, second = (each for each in found(("session", "diff")).params if each.metavar in ("A", "B"))
    assert (first.default, second.default) == ("last~1", "last")


@pytest.mark.parametrize(
    "words",
    [each for each in WITH_SESSION if each[0] not in ("watch", "view", "archive") and each[-1] != "delete"],
    ids=" ".join,
)
def test_it_prints_the_same_as_for_the_last_one(run, words, tmp_path):
    prints_a_path = words[0] in PRINTS_A_PATH
    printed = []
    for place, session in enumerate(([], ["last"])):
        more = ["-o", str(tmp_path / f"{place}.out")] if prints_a_path else []
        result = run(*words, *session, *BEHIND_SESSION.get(" ".join(words), []), *more)
        assert result.exit_code == 0, result.output
        printed.append((tmp_path / f"{place}.out").stat().st_size > 0 if prints_a_path else result.stdout)
    assert printed[0] == printed[1]
    assert printed[0]
