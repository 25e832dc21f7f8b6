"""``recorder bundle``: one file for a ticket."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import (
    DEFAULT_ARCHIVE,
    LAST,
    ArchiveOption,
    QuietOption,
    RedactOption,
    SessionArgument,
)
from .output import StatusPrinter


def bundle_session(
    session: SessionArgument = LAST,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The file [SESSION.zip].")
    ] = None,
    redact: RedactOption = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    quiet: QuietOption = False,
) -> None:
    """Pack one session into a zip file for a ticket: it alone as an archive, a report, a script that
    reproduces it, versions. Refused if anything in it looks like a secret. `recorder import` takes it back.

    Example:

        recorder bundle last -o ticket.zip --redact text,names
    """
    from recorder import recipes

    print_status = StatusPrinter(quiet=quiet)
    with recipes.open_archive(archive, say=print_status) as opened:
        written = recipes.bundle(opened, session, output, redact=redact, say=print_status)
    typer.echo(written)
