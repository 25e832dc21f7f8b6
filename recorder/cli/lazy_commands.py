"""The commands of the program, each built from its function once it is asked for.

To read the signatures of all takes Typer longer than most commands run; one run needs one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command

from .error_boundary import ErrorBoundary
from .help_layout import CommandWithHeadings, write_commands

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter


SETTINGS: dict[str, Any] = {
    "context_settings": {"help_option_names": ["--help", "-h"]},
    "pretty_exceptions_show_locals": False,  # locals hold tokens
    "rich_markup_mode": None,
}
"""What Typer is told of the program, and of each command."""


class CommandEntry(NamedTuple):
    """One line of the list of commands.

    Attributes:
        name: as it is typed.
        declared: the function of a command, or the Typer app of a group.
        short_help: what it does, in at most 26 characters.
    """

    name: str
    declared: Callable[..., None] | typer.Typer
    short_help: str

    def build(self) -> Command:
        """The command or group, as Typer makes it."""
        holder = typer.Typer(add_completion=False, **SETTINGS)
        if isinstance(self.declared, typer.Typer):
            holder.add_typer(self.declared, name=self.name, short_help=self.short_help)
        else:
            holder.command(self.name, cls=CommandWithHeadings, short_help=self.short_help)(self.declared)
        built = get_command(holder)
        return built.commands[self.name] if isinstance(built, TyperGroup) else built


class LazyCommands(Mapping[str, "Command"]):
    """The commands by name, in the order of their entries."""

    def __init__(self, entries: Sequence[CommandEntry]) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._built: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._built:
            self._built[name] = self._entries[name].build()
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class LazyProgram(ErrorBoundary):
    """A program of many commands.

    Attributes:
        entries: the commands, in the order of the list.
    """

    entries: ClassVar[tuple[CommandEntry, ...]]

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        commands: Any = LazyCommands(self.entries)  # which nobody changes
        self.commands = commands

    def list_commands(self, _ctx: Context) -> list[str]:
        """Their names, in the order of the entries."""
        return list(self.commands)

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the commands, and the few options of the program itself on a line."""
        write_commands([(entry.name, entry.short_help) for entry in self.entries], formatter)
        names = ", ".join(name for each in self.get_params(ctx) for name in each.opts)
        formatter.write_paragraph()
        formatter.write_text(f"Options: {names}.")
