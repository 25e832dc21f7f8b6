"""``recorder record``: connect as a consumer, and record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .options import DEFAULT_ARCHIVE, Archive, Json, KeepSecrets, Name, Quiet, help_with
from .output import Talk, write_json, write_payload
from .token_source import TokenEnv, TokenFile, TokenPrompt, read_token

if TYPE_CHECKING:
    from recorder.wire.payloads import Payload


def add_to(parent: typer.Typer) -> None:
    """Hang the command under ``recorder``."""
    parent.command(
        "record",
        help=help_with(
            "Connect to a WebSocket service and record every frame. Lines on stdin go out as text frames, "
            "what comes in is printed. Every frame is in the archive before you see it.",
            'echo \'{"id":1,"type":"GetClock"}\' | recorder record $UMS_URL --token-env UMS_JWT',
        ),
    )(record)


def record(
    url: Annotated[str, typer.Argument(metavar="URL", help="ws:// or wss:// and the rest.")],
    token_env: TokenEnv = None,
    token_file: TokenFile = None,
    token_prompt: TokenPrompt = False,
    init_connection: Annotated[
        bool,
        typer.Option(
            "--init-connection", help="Send the token in an InitConnection request, as a browser must."
        ),
    ] = False,
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", metavar="'NAME: VALUE'", help="One more header.")
    ] = None,
    subprotocol: Annotated[
        list[str] | None, typer.Option("--subprotocol", metavar="NAME", help="A subprotocol to offer.")
    ] = None,
    ping_interval: Annotated[
        str, typer.Option("--ping-interval", metavar="DURATION", help="Keep-alive ping; 0 for none.")
    ] = "30s",
    linger: Annotated[
        str,
        typer.Option(
            "--linger", metavar="DURATION", help="How long to listen on after the last line of a pipe."
        ),
    ] = "2s",
    ca_file: Annotated[
        Path | None, typer.Option("--ca-file", metavar="FILE", help="Certificates to trust besides.")
    ] = None,
    durability: Annotated[
        Literal["second", "full"],
        typer.Option(
            "--durability",
            metavar="LEVEL",
            help="second: power loss costs at most the last second; full: nothing.",
        ),
    ] = "second",
    keep_secrets: KeepSecrets = False,
    name: Name = None,
    archive: Archive = DEFAULT_ARCHIVE,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """See the help above."""
    from recorder import recipes
    from recorder.report.json_views import payload_json

    from .signals import stop_on_signals

    def deliver(payload: Payload) -> None:
        if json:
            write_json(payload_json(payload))
        else:
            write_payload(payload)

    talk = Talk(quiet=quiet)
    token = read_token(token_env=token_env, token_file=token_file, token_prompt=token_prompt)
    with stop_on_signals() as stop:
        recipes.record(
            url,
            archive=archive,
            token=token,
            init_connection=init_connection,
            headers=header or (),
            subprotocols=subprotocol or (),
            ping_interval=ping_interval,
            linger=None if sys.stdin.isatty() else linger,
            ca_file=ca_file,
            durability=durability,
            keep_secrets=keep_secrets,
            name=name,
            lines=recipes.stdin_lines(),
            deliver=deliver,  # called once the frames are committed
            stop=stop,
            say=talk,
        )
        stop.raise_if_set()
