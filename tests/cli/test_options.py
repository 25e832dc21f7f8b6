"""Options that several commands share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import typer.main

from recorder.cli.app import app

# Options that mean different things, with the commands of each meaning.
OF_SEVERAL_MEANINGS = {
    # Of captures, of findings, of what is written.
    "--format": [["import"], ["check"], ["export"], ["sql"]],
    # Of a browser's or a capture's WebSockets, of the samples, and of a load run's sessions.
    "--all": [["attach", "import"], ["list"], ["samples"]],
    # Of a new session, and of those looked for.
    "--name": [["attach", "import", "proxy", "record", "replay"], ["list"]],
    # Within a session, and of sessions.
    "--since": [["find", "list", "list"], ["list"]],
    # Which service, and which WebSockets.
    "--url": [["replay"], ["attach", "import"]],
    # `record` takes the names of wscat as well: --ca, -o.
    "--ca-file": [["login", "proxy", "replay"], ["record"]],
    "--origin": [["record"], ["replay"]],
    # Of the client that logs in by a certificate, and of the server.
    "--key": [["record"], ["simulate"]],
    # Of a script's delays, and of a simulator's ids.
    "--seed": [["replay"], ["simulate"]],
    # To stdout if not given, or to a file named after the session: nobody reads those in a terminal.
    "--output": [["bundle"], ["check", "export", "samples", "script"], ["report"]],
}


def parameters(group: typer.core.TyperGroup) -> Iterator[tuple[str, typer.core.TyperOption]]:
    """The parameters of every command, with the command's name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from parameters(command)
        else:
            yield from ((name, each) for each in command.params)


def test_an_option_of_several_commands_has_one_help_text():
    commands = defaultdict(lambda: defaultdict(list))
    for command, parameter in parameters(typer.main.get_command(app)):
        if isinstance(parameter, typer.core.TyperOption):
            meaning = parameter.help, parameter.metavar, tuple(parameter.opts)
            commands[parameter.opts[0]][meaning].append(command)
    assert {"--archive", "--token-env", "--ca-file", "--header", "--init-connection"} <= commands.keys()
    different = {
        option: sorted(map(sorted, meanings.values()))
        for option, meanings in commands.items()
        if len(meanings) > 1
    }
    assert different == {option: sorted(each) for option, each in OF_SEVERAL_MEANINGS.items()}
