"""``recorder proxy``: record what any client and a service say to each other, until a signal comes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .options import (
    DEFAULT_ARCHIVE,
    AllowOriginOption,
    ArchiveOption,
    AsHostOption,
    CaFileOption,
    JsonOption,
    KeepSecretsOption,
    ListenOption,
    NameOption,
    QuietOption,
    SecretNameOption,
)
from .output import (
    ReadyStdout,
    StatusPrinter,
    json_line,
    line_of_side,
    stdout_is_discarded,
)

if TYPE_CHECKING:
    from recorder.wire.payloads import Payload


def proxy(
    upstream: Annotated[
        str, typer.Option("--upstream", metavar="URL", help="The service: wss://HOST, without a path.")
    ],
    listen: ListenOption = "127.0.0.1:9001",
    tls_ca: Annotated[
        Path | None,
        typer.Option(
            "--tls-ca",
            metavar="DIR",
            help="Speak TLS; keep a certificate authority here, whose ca.pem clients are to trust.",
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option("--tls-cert", metavar="FILE", help="Speak TLS, with this certificate (PEM)."),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="FILE", help="The key of the certificate (PEM).")
    ] = None,
    rewrite_lookup: Annotated[
        bool,
        typer.Option(
            "--rewrite-lookup",
            help="Put our own addresses into answers to domain lookups, one for each service.",
        ),
    ] = False,
    session_per_connection: Annotated[
        bool, typer.Option("--session-per-connection", help="A session for each WebSocket, not one for all.")
    ] = False,
    on_storage_failure: Annotated[
        Literal["close", "passthrough"],
        typer.Option(
            "--on-storage-failure",
            metavar="WAY",
            help="close: end all connections; passthrough: let bytes go on without being stored.",
        ),
    ] = "close",
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let other machines connect, to the address of --listen.")
    ] = False,
    allow_origin: AllowOriginOption = None,
    as_host: AsHostOption = None,
    ca_file: CaFileOption = None,
    keep_secrets: KeepSecretsOption = False,
    secret_name: SecretNameOption = None,
    name: NameOption = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Record what any client and the service say to each other: point the client here instead. Bytes go on
    unchanged, and every frame is in the archive before it does. Prints payloads as they pass.

    Example:

        recorder proxy --upstream wss://va.msg.liveperson.net --tls-ca ~/.recorder-ca
    """
    from recorder import recipes
    from recorder.report.json_views import payload_json

    from .signals import stop_on_signals

    def deliver(payloads: Sequence[Payload]) -> None:
        if json:
            stdout.write(
                b"".join(json_line(payload_json(each), to_terminal=to_terminal) for each in payloads)
            )
        else:
            lines = "".join(line_of_side(payload, to_terminal=to_terminal) for payload in payloads)
            stdout.write(lines.encode("utf-8", "backslashreplace"))

    stdout, to_terminal = ReadyStdout(), sys.stdout.isatty()
    print_status = StatusPrinter(quiet=quiet)
    with stop_on_signals() as stop:
        recipes.proxy(
            upstream,
            archive=archive,
            listen=listen,
            deliver=None if stdout_is_discarded() else deliver,
            may_deliver=stdout.takes_more,
            stop=stop,
            say=print_status,
            on_listening=lambda url: print_status(f"listening on {url}"),
            tls_cert=tls_cert,
            tls_key=tls_key,
            tls_ca=tls_ca,
            ca_file=ca_file,
            allow_remote=allow_remote,
            allow_origins=allow_origin or (),
            as_hosts=as_host or (),
            rewrite_lookup=rewrite_lookup,
            session_per_connection=session_per_connection,
            on_storage_failure=on_storage_failure,
            name=name,
            keep_secrets=keep_secrets,
            secret_names=secret_name or (),
        )
        stdout.finish()
        stop.raise_if_set()
