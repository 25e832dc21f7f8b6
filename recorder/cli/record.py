"""``recorder record``: connect as a consumer, and record."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .options import (
    DEFAULT_ARCHIVE,
    ArchiveOption,
    CaFileOption,
    ConnectTimeoutOption,
    DurabilityOption,
    HeaderOption,
    InitConnectionOption,
    JsonOption,
    KeepSecretsOption,
    MaxPayloadOption,
    NameOption,
    OriginOption,
    ProxyOption,
    QuietOption,
    SecretNameOption,
    SendTimeoutOption,
    TokenEnvOption,
    TokenFileOption,
    TokenPromptOption,
)
from .output import StatusPrinter, write_json, write_payload
from .token_source import read_token

if TYPE_CHECKING:
    from recorder.wire.payloads import Payload


def record(
    url: Annotated[str, typer.Argument(metavar="URL", help="The service, as ws://… or wss://…")],
    token_env: TokenEnvOption = None,
    token_file: TokenFileOption = None,
    token_prompt: TokenPromptOption = False,
    init_connection: InitConnectionOption = False,
    header: HeaderOption = None,
    subprotocol: Annotated[
        list[str] | None,
        typer.Option("--subprotocol", metavar="NAME", help="A subprotocol to offer. Repeatable."),
    ] = None,
    ping_interval: Annotated[
        str,
        typer.Option(
            "--ping-interval", metavar="DURATION", help="Time between keep-alive pings; 0 for none."
        ),
    ] = "30s",
    linger: Annotated[
        str,
        typer.Option(
            "--linger", metavar="DURATION", help="How long to listen on after the last line of a pipe."
        ),
    ] = "2s",
    ca_file: CaFileOption = None,
    proxy: ProxyOption = None,
    origin: OriginOption = None,
    connect_timeout: ConnectTimeoutOption = None,
    send_timeout: SendTimeoutOption = None,
    max_payload: MaxPayloadOption = None,
    durability: DurabilityOption = "second",
    keep_secrets: KeepSecretsOption = False,
    secret_name: SecretNameOption = None,
    name: NameOption = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Connect to a WebSocket service and record every frame. Lines on stdin go out as text frames, what comes
    in is printed. Every frame is in the archive before you see it.

    Example:

        echo '{"id":1,"type":"GetClock"}' | recorder record $UMS_URL --token-env UMS_JWT
    """
    from recorder import recipes
    from recorder.report.json_views import payload_json

    from .signals import stop_on_signals

    def deliver(payload: Payload) -> None:
        if json:
            write_json(payload_json(payload))
        else:
            write_payload(payload)

    print_status = StatusPrinter(quiet=quiet)
    token = read_token(token_env=token_env, token_file=token_file, token_prompt=token_prompt)
    with stop_on_signals() as stop:
        recipes.record(
            url,
            archive=archive,
            lines=recipes.stdin_lines(),
            deliver=deliver,  # called once the frames are committed
            linger=None if sys.stdin.isatty() else linger,
            stop=stop,
            say=print_status,
            token=token,
            init_connection=init_connection,
            headers=header or (),
            subprotocols=subprotocol or (),
            ping_interval=ping_interval,
            ca_file=ca_file,
            proxy=proxy,
            origin=origin,
            connect_timeout=connect_timeout,
            send_timeout=send_timeout,
            max_payload=max_payload,
            name=name,
            keep_secrets=keep_secrets,
            secret_names=secret_name or (),
            durability=durability,
        )
        stop.raise_if_set()
