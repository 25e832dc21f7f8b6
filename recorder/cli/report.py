"""``recorder report``: a session as one HTML file to look at, to keep, to attach to a ticket."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import (
    DEFAULT_ARCHIVE,
    LAST,
    AliasOption,
    ArchiveOption,
    AtOption,
    QuietOption,
    RedactOption,
    SessionArgument,
)
from .output import StatusPrinter


def write_report(
    session: SessionArgument = LAST,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The file [SESSION.html].")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    at: AtOption = None,
    redact: RedactOption = None,
    other: Annotated[
        str | None, typer.Option("--with", metavar="OTHER", help="A session to lay beside it.")
    ] = None,
    alias: AliasOption = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    quiet: QuietOption = False,
) -> None:
    """Write a session as one HTML file: its messages and who read them when, every frame, all findings. It
    fetches nothing and needs no program but a browser.

    Example:

        recorder report last -o report.html
    """
    from recorder import recipes

    print_status = StatusPrinter(quiet=quiet)
    aliases = recipes.parse_aliases(alias or ())
    with recipes.open_archive(archive, say=print_status) as opened:
        file = output or Path(f"{opened.find_session(session, connected=True).session}.html")
        recipes.check_place("--output", file)
        recipes.write_report(
            opened, session, file, at=at, redact=redact, other=other, aliases=aliases, say=print_status
        )
    print_status(f"wrote {file}")
    if open_it:
        typer.launch(file.absolute().as_uri())
