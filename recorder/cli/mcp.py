"""``recorder mcp``: let an assistant ask about the sessions of an archive."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import DEFAULT_ARCHIVE, ArchiveOption


def answer_assistant(
    with_texts: Annotated[
        bool,
        typer.Option("--with-texts", help="Show message texts and payloads too, which third parties wrote."),
    ] = False,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
) -> None:
    """Answer an assistant over the Model Context Protocol, on stdin and stdout: list sessions and messages,
    show evidence and frames, check, explain rules, compare. Nothing can be changed. Wants the extra mcp.

    Example:

        recorder mcp --archive recorder.db
    """
    from recorder import recipes

    recipes.serve_assistant(archive, with_texts=with_texts)
