"""A run builds the command that it runs, and no other."""

from __future__ import annotations

import subprocess
import sys

import typer
import typer.main
from typer.core import TyperGroup

from recorder.cli.app import Program, app
from recorder.cli.lazy_commands import CommandEntry, LazyCommands

FUNCTIONS = {each.declared.__name__ for each in Program.entries if not isinstance(each.declared, typer.Typer)}
COUNT_SIGNATURES = """
import sys, typer.main
read = []
original = typer.main.get_params_from_function
def counting(function):
    read.append(function.__name__)
    return original(function)
typer.main.get_params_from_function = counting
from recorder.cli.app import app
try:
    app(sys.argv[1:])
except SystemExit:
    print(*sorted(set(read)), file=sys.stderr)
"""


def signatures_read(*arguments: str) -> set[str]:
    ran = subprocess.run([sys.executable, "-c", COUNT_SIGNATURES, *arguments], capture_output=True, text=True)
    read = set(ran.stderr.split())
    assert "recorder" in read, ran.stderr  # the function of the program itself
    return read


def test_the_list_of_commands_builds_none():
    assert signatures_read("--help") & FUNCTIONS == set()


def test_a_command_is_built_alone():
    assert signatures_read("samples", "--help") & FUNCTIONS == {"show_samples"}


def greet(name: str) -> None:
    """Greet somebody."""
    typer.echo(name)


def test_commands_are_built_once_and_keep_their_order():
    group = typer.Typer(help="Several.")
    group.command("one")(greet)
    commands = LazyCommands([CommandEntry("hello", greet, "greet"), CommandEntry("more", group, "several")])
    assert list(commands) == ["hello", "more"]
    assert commands["hello"] is commands["hello"]
    assert (commands["hello"].name, commands["hello"].get_short_help_str()) == ("hello", "greet")
    assert isinstance(commands["more"], TyperGroup)
    assert list(commands["more"].commands) == ["one"]
    assert "no such command" not in commands


def test_every_command_of_the_program_has_its_entry_as_short_help():
    program = typer.main.get_command(app)
    assert isinstance(program, TyperGroup)
    assert [(name, command.get_short_help_str(30)) for name, command in program.commands.items()] == [
        (entry.name, entry.short_help) for entry in type(program).entries
    ]
