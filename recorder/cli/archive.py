"""``recorder archive``: the archive as a whole: describe, verify, upgrade, rebuild."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from . import completion
from .activity import Activity, opened_for
from .common_options import CommonOptionsGroup
from .options import DEFAULT_ARCHIVE, ArchiveOption, JsonOption, QuietOption
from .output import write_json, write_json_lines

app = typer.Typer(
    cls=CommonOptionsGroup,
    name="archive",
    no_args_is_help=True,
    help="The archive: describe, verify, upgrade it, rebuild its tables.",
)

DAMAGED, INCOMPLETE = 7, 5
"""Exit codes of ``archive verify``."""


@app.command("info")
def show_info(
    archive: ArchiveOption = DEFAULT_ARCHIVE, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """Show what the archive is, how big, and who writes it.

    Example:

        recorder archive info
    """
    from dataclasses import asdict

    from recorder import recipes
    from recorder.report.json_views import named_counts
    from recorder.report.tables import print_pairs

    with recipes.open_archive(archive) as opened:
        info = asdict(opened.info())
    if json:
        write_json(named_counts(info))
        return
    print_pairs(sys.stdout, info)


@app.command("verify")
def verify_archive(
    archive: ArchiveOption = DEFAULT_ARCHIVE, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """Recount and rehash every frame, and what is read beside them. Exit 0: all complete; 5: a session was
    interrupted; 7: damaged.

    Example:

        recorder archive verify
    """
    from recorder import recipes
    from recorder.report.sessions import print_verified_sessions

    with Activity("verifying the archive", quiet=quiet, lasting=True) as say:
        verified = recipes.verify(archive, say=say)
    if json:
        write_json_lines(map(recipes.verdict_json, verified))
    else:
        print_verified_sessions(sys.stdout, verified)
    states = {session.state for session in verified}
    if "damaged" in states:
        raise typer.Exit(DAMAGED)
    if "interrupted" in states:
        raise typer.Exit(INCOMPLETE)


@app.command("upgrade")
def upgrade_archive(archive: ArchiveOption = DEFAULT_ARCHIVE, quiet: QuietOption = False) -> None:
    """Bring an older archive up to date; a copy of the old file stays next to it.

    Example:

        recorder archive upgrade
    """
    from recorder import recipes

    with Activity("upgrading the archive", quiet=quiet, lasting=True) as say:
        recipes.upgrade(archive, say=say)


@app.command("rebuild")
def rebuild_archive(
    session: Annotated[
        str | None,
        typer.Argument(
            metavar="SESSION",
            help="Only this one; all sessions if not given.",
            autocompletion=completion.sessions,
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that read a long session in parallel.")] = 1,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Drop the derived tables of a session, or of all, and rebuild them from the frames.

    Example:

        recorder archive rebuild
    """
    from recorder import recipes

    with opened_for("deriving tables", archive, quiet=quiet, lasting=True, mode="write") as (opened, say):
        rebuilt = recipes.rebuild(opened, session, jobs=jobs, say=say)
    if json:
        write_json_lines({"session": each} for each in rebuilt)
        return
    say(f"rebuilt the derived tables of {len(rebuilt)} session{'' if len(rebuilt) == 1 else 's'}")
