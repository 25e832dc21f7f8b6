"""``recorder find``: what somebody knows of a conversation leads to sessions, messages and frames."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from .options import (
    DEFAULT_ARCHIVE,
    SESSION_HELP,
    ArchiveOption,
    JsonOption,
    LocalOption,
    QuietOption,
    SinceOption,
    UntilOption,
)
from .output import StatusPrinter, write_json_lines

_LIMIT = 20


def find(
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT",
            help="An id or its first four characters, some words, a type, a code, or: '$.body.code == 404'.",
        ),
    ],
    session: Annotated[
        str | None, typer.Option("--session", metavar="SESSION", help=f"Only in this one. {SESSION_HELP}")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="No more than so many.")] = _LIMIT,
    local: LocalOption = False,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find an id, words, a type or a code in all sessions, newest first; each answer ends with what to type
    next.

    Example:

        recorder find "order number"
    """
    from recorder import recipes
    from recorder.report.hits import hit_json, print_hits

    say = StatusPrinter(quiet=quiet)
    filters = recipes.parse_filters(since=since, until=until, limit=limit)
    with recipes.open_archive(archive, say=say) as opened:
        hits = recipes.find_everywhere(opened, text, session=session, filters=filters, say=say)
        named = _archive_words(archive, opened.where)
        if json:
            write_json_lines(hit_json(hit, named) for hit in hits)
        else:
            print_hits(sys.stdout, hits, named, local=local)


def _archive_words(archive: str, where: str) -> tuple[str, ...]:
    """The words that name the archive to the next command; none if it finds that by itself.

    A URL is written without its password.
    """
    usual = os.environ.get("RECORDER_ARCHIVE") or DEFAULT_ARCHIVE
    return () if archive == usual else ("--archive", where)
