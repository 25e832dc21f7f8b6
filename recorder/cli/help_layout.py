"""Help that fits a screen: the commands in two columns, and options under headings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.core import TyperCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer._click import Context, HelpFormatter

_ARGUMENTS, _OPTIONS = "Arguments", "Options"
_OF_EVERY_COMMAND = frozenset({"archive", "json", "quiet", "help"})
_GAP = 2
_NARROWEST_COLUMN = 34


class CommandWithHeadings(TyperCommand):
    """A command whose options stand under headings: its own, those that they name, those of every command."""

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the arguments, and the options by their ``rich_help_panel``, in the declared order."""
        sections: dict[str, list[tuple[str, str]]] = {_ARGUMENTS: [], _OPTIONS: []}
        of_every_command: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            if parameter.name in _OF_EVERY_COMMAND:
                of_every_command.append(record)
                continue
            usual = _ARGUMENTS if parameter.param_type_name == "argument" else _OPTIONS
            heading = getattr(parameter, "rich_help_panel", None) or usual
            sections.setdefault(heading, []).append(record)
        sections["Every command"] = of_every_command
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


def write_commands(commands: Sequence[tuple[str, str]], formatter: HelpFormatter) -> None:
    """Commands and what each does in a few words: two beside each other where there is room."""
    longest = max(len(name) for name, _ in commands)
    inside = formatter.width - _GAP
    columns = 2 if (inside - _GAP) // 2 >= _NARROWEST_COLUMN else 1
    room = (inside - _GAP * (columns - 1)) // columns - longest - _GAP
    cells = [f"{name:<{longest}}  {short_help:<{room}}" for name, short_help in commands]
    rows = -(-len(cells) // columns)
    with formatter.section("Commands"):
        for row in range(rows):
            formatter.write(f"  {'  '.join(cells[row::rows]).rstrip()}\n")
