"""``recorder replay``: play a scripted consumer, and check what came back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .options import DEFAULT_ARCHIVE, Archive, Json, KeepSecrets, Name, Quiet, help_with
from .output import Talk, write_json
from .tokens import TokenEnv, TokenFile, TokenPrompt, read_token


def add_to(parent: typer.Typer) -> None:
    """Hang the command under ``recorder``."""
    parent.command(
        "replay",
        help=help_with(
            "Play a scripted consumer, record it, and print its messages with their receipts. Without --url "
            "it talks to the built-in simulator. Exit 3: an expectation of the script did not come true.",
            "recorder replay samples/slow-reader.yaml",
        ),
    )(replay)


def replay(
    script: Annotated[
        Path, typer.Argument(metavar="SCRIPT", help="A script in YAML; - reads it from stdin.")
    ],
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="The service; the simulator if not given.")
    ] = None,
    token_env: TokenEnv = None,
    token_file: TokenFile = None,
    token_prompt: TokenPrompt = False,
    init_connection: Annotated[
        bool, typer.Option("--init-connection", help="Send the token in an InitConnection request.")
    ] = False,
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", metavar="'NAME: VALUE'", help="One more header.")
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option("--ca-file", metavar="FILE", help="Certificates to trust besides.")
    ] = None,
    var: Annotated[
        list[str] | None,
        typer.Option("--var", metavar="NAME=VALUE", help="A value for ${NAME} in the script."),
    ] = None,
    keep_secrets: KeepSecrets = False,
    name: Name = None,
    archive: Archive = DEFAULT_ARCHIVE,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """See the help above."""
    from recorder import recipes
    from recorder.report.messages import print_messages
    from recorder.report.view import message_json

    from .signals import stop_on_signals

    talk = Talk(quiet=quiet)
    token = read_token(token_env=token_env, token_file=token_file, token_prompt=token_prompt)
    with stop_on_signals() as stop:
        played = recipes.replay(
            script,
            archive=archive,
            url=url,
            token=token,
            init_connection=init_connection,
            headers=header or (),
            ca_file=ca_file,
            variables=var or (),
            keep_secrets=keep_secrets,
            name=name,
            stop=stop,
            say=talk,
        )
        if json:
            for message in played.messages:
                write_json(message_json(played.session, message))
        else:
            print_messages(sys.stdout, played.messages)
        stop.raise_if_set()
    played.raise_if_failed()
