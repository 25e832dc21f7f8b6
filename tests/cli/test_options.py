"""Options that several commands share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import typer.main

from recorder.cli.app import app


def parameters(group: typer.core.TyperGroup) -> Iterator[typer.core.TyperOption]:
    for command in group.commands.values():
        yield from parameters(command) if hasattr(command, "commands") else command.params


def test_an_option_of_several_commands_has_one_help_text():
    helps = defaultdict(set)
    for parameter in parameters(typer.main.get_command(app)):
        if isinstance(parameter, typer.core.TyperOption):
            helps[parameter.opts[0]].add((parameter.help, parameter.metavar, tuple(parameter.opts)))
    assert {"--archive", "--token-env", "--ca-file", "--header", "--init-connection"} <= helps.keys()
    # Both are about time: of a simulator's ids, and of a script's delays.
    different = {option for option, found in helps.items() if len(found) > 1}
    assert different == {"--seed"}
