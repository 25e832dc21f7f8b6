"""``recorder view``: a session as a page in the browser, from the archive, while it is recorded too."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import typer

from .options import (
    DEFAULT_ARCHIVE,
    LAST,
    AliasOption,
    ArchiveOption,
    ListenOption,
    QuietOption,
    RedactOption,
    SessionArgument,
)
from .output import StatusPrinter


def view_session(
    session: SessionArgument = LAST,
    listen: ListenOption = "127.0.0.1:0",
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    redact: RedactOption = None,
    alias: AliasOption = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    quiet: QuietOption = False,
) -> None:
    """Show a session as a page on this machine, until Ctrl-C. It is the page of `recorder report`, without a
    file; what is recorded meanwhile appears in it. The address that is printed opens once.

    Example:

        recorder view last
    """
    from recorder import recipes

    from .signals import stop_on_signals

    def listening(address: str) -> None:
        typer.echo(address)
        print_status(f"listening on {urlsplit(address).netloc}; the address opens once, Ctrl-C ends")
        if open_it:
            typer.launch(address)

    print_status = StatusPrinter(quiet=quiet)
    aliases = recipes.parse_aliases(alias or ())
    with recipes.open_archive(archive, say=print_status) as opened, stop_on_signals() as stop:
        recipes.serve_session(
            opened, session, listen=listen, redact=redact, aliases=aliases, stop=stop, on_listening=listening
        )
        stop.raise_if_set()
