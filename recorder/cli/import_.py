"""``recorder import``: add captures made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import (
    DEFAULT_ARCHIVE,
    ArchiveOption,
    JsonOption,
    KeepSecretsOption,
    NameOption,
    QuietOption,
    SecretNameOption,
)
from .output import StatusPrinter, write_json


def import_captures(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="JSONL files; - reads stdin.")],
    keep_secrets: KeepSecretsOption = False,
    secret_name: SecretNameOption = None,
    name: NameOption = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Add captures to the archive: JSONL, one frame a line, as `recorder session export` writes it. A file
    that is not readable to its end adds nothing.

    Example:

        recorder import samples/tutorial.jsonl
    """
    from recorder import recipes
    from recorder.report.counted import counted
    from recorder.report.json_views import session_json

    print_status = StatusPrinter(quiet=quiet)
    with recipes.open_archive(archive, mode="write", create=True, say=print_status) as opened:
        for file in files:
            session = recipes.import_capture(
                opened,
                file,
                name=name,
                keep_secrets=keep_secrets,
                secret_names=secret_name or (),
                say=print_status,
            )
            if json:
                write_json(session_json(session))
            else:
                typer.echo(f"{session.session}  {counted(session.frames, 'frame')}  {file}")
