"""``--archive``, ``--json`` and ``--quiet`` on every command, before its name or behind it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import typer
from typer.core import TyperGroup
from typer.main import get_command

from recorder.errors import InputUnusable

from .options import DEFAULT_ARCHIVE, ArchiveOption, JsonOption, QuietOption

if TYPE_CHECKING:
    from typer._click import Command, Context, Parameter

_FLAGS = ("--json", "--quiet", "-q")
_WITH_VALUE = "--archive"


class CommonOptionsGroup(TyperGroup):
    """A group of commands that hands the options of every command on to the command they stand before.

    A command that has nothing to do with one of them takes it, and ignores it.
    """

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Put the options before the command's name behind it, and read the rest as usual."""
        count = _leading_options(args)
        if args and count == len(args) and not ctx.resilient_parsing:
            raise InputUnusable(
                f"{ctx.command_path}: the command is missing", hint=f"see {ctx.command_path} --help"
            )
        if count < len(args) and not args[count].startswith("-"):
            args = [args[count], *args[:count], *args[count + 1 :]]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """The command of this name, which takes these options."""
        command = super().get_command(ctx, cmd_name)
        if command is not None and not isinstance(command, TyperGroup):
            known = {name for each in command.params for name in each.opts}
            command.params += [option for option in _ignored_options() if known.isdisjoint(option.opts)]
        return command


def _leading_options(args: list[str]) -> int:
    """How many of the first arguments are options of every command, and their values."""
    place = 0
    while place < len(args):
        if args[place] in _FLAGS or args[place].startswith(f"{_WITH_VALUE}="):
            place += 1
        elif args[place] == _WITH_VALUE and place + 1 < len(args):
            place += 2
        else:
            break
    return place


@cache
def _ignored_options() -> tuple[Parameter, ...]:
    """The options as commands have them, not shown and not passed on."""

    def any_command(
        archive: ArchiveOption = DEFAULT_ARCHIVE, json: JsonOption = False, quiet: QuietOption = False
    ) -> None:
        """Takes all of them."""

    app = typer.Typer(add_completion=False)
    app.command()(any_command)
    options = tuple(get_command(app).params)
    for option in options:
        option.expose_value = False
        option.hidden = True  # type: ignore[attr-defined]
    return options
