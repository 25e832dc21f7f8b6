"""``recorder attach``: record what a browser on this machine sends and receives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recorder.errors import BadOption

from .options import (
    DEFAULT_ARCHIVE,
    ArchiveOption,
    DurabilityOption,
    EverySocketOption,
    JsonOption,
    KeepSecretsOption,
    NameOption,
    QuietOption,
    SecretNameOption,
    SocketUrlOption,
)
from .output import StatusPrinter, write_json, write_payload_of_side

if TYPE_CHECKING:
    from recorder.wire.payloads import Payload


def attach_to_browser(
    url: Annotated[
        str | None,
        typer.Argument(
            metavar="[URL]",
            help="DevTools of the browser; else http://127.0.0.1:9222. With --launch: the page to open.",
            show_default=False,
        ),
    ] = None,
    launch: Annotated[
        bool,
        typer.Option("--launch", help="Start a browser with a profile of its own, and end it at the end."),
    ] = False,
    url_pattern: SocketUrlOption = None,
    every_socket: EverySocketOption = False,
    net_log: Annotated[
        bool,
        typer.Option(
            "--net-log",
            help="With --launch: record byte for byte, from a NetLog that the browser writes.",
        ),
    ] = False,
    browser: Annotated[
        str | None,
        typer.Option("--browser", metavar="PROGRAM", help="With --launch: this browser, by name or path."),
    ] = None,
    browser_option: Annotated[
        list[str] | None,
        typer.Option(
            "--browser-option",
            metavar="OPTION",
            help="With --launch: an option of the browser's. Repeatable.",
        ),
    ] = None,
    durability: DurabilityOption = "second",
    keep_secrets: KeepSecretsOption = False,
    secret_name: SecretNameOption = None,
    name: NameOption = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Record the sockets of a running Chromium, Chrome, Edge or Electron over its DevTools, without proxy or
    certificate: pages, frames and workers, and sockets that are open already. Every message is in the archive
    before you see it.

    Example:

        recorder attach http://127.0.0.1:9222
    """
    from recorder import recipes
    from recorder.report.json_views import payload_json

    from .signals import stop_on_signals

    for given, option in (
        (net_log, "--net-log"),
        (browser, "--browser"),
        (browser_option, "--browser-option"),
    ):
        if given and not launch:
            raise BadOption(option, "it is for a browser that is started here", hint="add --launch")

    def deliver(payload: Payload) -> None:
        if json:
            write_json(payload_json(payload))
        else:
            write_payload_of_side(payload)

    chosen = recipes.ChosenSockets(url=url_pattern, every_socket=every_socket)
    options = recipes.SessionOptions(
        name=name, keep_secrets=keep_secrets, secret_names=secret_name or (), durability=durability
    )
    started = recipes.BrowserOptions(program=browser, arguments=browser_option or (), url=url)
    say = StatusPrinter(quiet=quiet)
    with stop_on_signals() as stop:
        if net_log:
            recipes.attach_by_net_log(
                started, archive=archive, chosen=chosen, deliver=deliver, options=options, stop=stop, say=say
            )
        else:
            recipes.attach(
                None if launch else url,
                archive=archive,
                chosen=chosen,
                deliver=deliver,
                launch=started if launch else None,
                options=options,
                stop=stop,
                say=say,
            )
        stop.raise_if_set()
