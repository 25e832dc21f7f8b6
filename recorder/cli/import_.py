"""``recorder import``: add captures made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import DEFAULT_ARCHIVE, Archive, Json, KeepSecrets, Name, Quiet, help_with
from .output import Talk, write_json


def add_to(parent: typer.Typer) -> None:
    """Hang the command under ``recorder``."""
    parent.command(
        "import",
        help=help_with(
            "Add captures to the archive: JSONL, one frame a line, as `recorder session export` writes it. "
            "A file that is not readable to its end adds nothing.",
            "recorder import samples/tutorial.jsonl",
        ),
    )(import_captures)


def import_captures(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="JSONL files; - reads stdin.")],
    keep_secrets: KeepSecrets = False,
    name: Name = None,
    archive: Archive = DEFAULT_ARCHIVE,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """See the help above."""
    from recorder import recipes
    from recorder.report.json_views import session_json

    talk = Talk(quiet=quiet)
    with recipes.open_archive(archive, mode="write", create=True, say=talk) as opened:
        for file in files:
            session = recipes.import_capture(opened, file, name=name, keep_secrets=keep_secrets, say=talk)
            if json:
                write_json({**session_json(session)})
            else:
                typer.echo(f"{session.session}  {session.frames} frames  {file}")
