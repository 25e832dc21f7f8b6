"""``recorder import``: add captures made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .activity import Activity
from .options import (
    DEFAULT_ARCHIVE,
    ArchiveOption,
    EverySocketOption,
    JsonOption,
    KeepSecretsOption,
    NameOption,
    QuietOption,
    SecretNameOption,
    SocketUrlOption,
)
from .output import StatusPrinter, write_json


def import_captures(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Captures; - reads stdin.")],
    format_name: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="Read them as this format, whatever they look like."),
    ] = None,
    every_socket: EverySocketOption = False,
    url: SocketUrlOption = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Of a broken file, import what stands before the fault.")
    ] = False,
    keep_secrets: KeepSecretsOption = False,
    secret_name: SecretNameOption = None,
    name: NameOption = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Add captures to the archive: HAR files, NetLogs of Chromium, JSON lines and more, each told by its
    content. A file that is not readable to its end adds nothing. `recorder guide import` lists the formats.

    Example:

        recorder import samples/browser.har
    """
    from recorder import recipes
    from recorder.counted import counted
    from recorder.report.json_views import session_json

    print_status = StatusPrinter(quiet=quiet)
    recipes.check_capture(files[0], format_name)
    with recipes.open_archive(archive, mode="write", create=True, say=print_status) as opened:
        for file in files:
            with Activity(f"importing {file}", quiet=quiet, lasting=True) as say:
                session = recipes.import_capture(
                    opened,
                    file,
                    name=name,
                    format_name=format_name,
                    every_socket=every_socket,
                    url=url,
                    partial=partial,
                    keep_secrets=keep_secrets,
                    secret_names=secret_name or (),
                    say=say,
                )
            if json:
                write_json(session_json(session))
            else:
                typer.echo(f"{session.session}  {counted(session.frames, 'frame')}  {file}")
