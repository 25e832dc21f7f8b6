"""The options that mean the same under every command."""

from __future__ import annotations

from typing import Annotated

import typer

Archive = Annotated[
    str,
    typer.Option(
        "--archive",
        envvar="RECORDER_ARCHIVE",
        metavar="PATH|URL",
        help="The archive: a SQLite file, or postgresql://… for a database.",
    ),
]
DEFAULT_ARCHIVE = "recorder.db"

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks on stderr.")]
Session = Annotated[
    str, typer.Argument(metavar="SESSION", help="A session id, a unique prefix of one, a name, or: last.")
]
Name = Annotated[str | None, typer.Option("--name", help="A name to find the session by.")]
Dialog = Annotated[str | None, typer.Option("--dialog", metavar="ID", help="Only this dialog.")]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="WHEN",
        help="As of then: a frame ('#123'), an offset (+12.5s), or an ISO time. Nothing later counts.",
    ),
]
Alias = Annotated[
    list[str] | None,
    typer.Option("--alias", metavar="OLD=NEW", help="Two ids of one person: show OLD as NEW. Repeatable."),
]
KeepSecrets = Annotated[
    bool, typer.Option("--keep-secrets", help="Store tokens and cookies as they are. Off for good reason.")
]


def help_with(text: str, example: str) -> str:
    """Help that ends with an example; a test runs every one of them."""
    return f"{text}\n\nExample:\n\n    {example}"
