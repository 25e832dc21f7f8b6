"""``recorder message``: what was said, and who accepted and read it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .options import DEFAULT_ARCHIVE, Archive, Dialog, Json, Quiet, Session, help_with
from .output import write_json

app = typer.Typer(no_args_is_help=True, help="Messages: list them with their receipts, show why.")


def add_to(parent: typer.Typer) -> None:
    """Hang the commands under ``recorder``."""
    parent.add_typer(app, name="message")


@app.command(
    "list",
    help=help_with("List the messages of a session with their receipts.", "recorder message list last"),
)
def list_messages(
    session: Session,
    dialog: Dialog = None,
    archive: Archive = DEFAULT_ARCHIVE,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """See the help above."""
    from recorder import recipes

    with recipes.open_archive(archive) as opened:
        session_id, messages = recipes.messages(opened, session, dialog=dialog)
    if json:
        from recorder.report.view import message_json

        for message in messages:
            write_json(message_json(session_id, message))
        return
    from recorder.report.text import print_messages

    print_messages(sys.stdout, messages)


@app.command(
    "show",
    help=help_with(
        "Show one message and why: every frame that bears on it, with times and proof.",
        "recorder message show last 0",
    ),
)
def show_message(
    session: Session,
    message: Annotated[
        str,
        typer.Argument(
            metavar="[DIALOG:]SEQUENCE",
            help="A sequence, with its dialog where there are several; or #FRAME of a publish without one.",
        ),
    ],
    archive: Archive = DEFAULT_ARCHIVE,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """See the help above."""
    from recorder import recipes

    with recipes.open_archive(archive) as opened:
        session_id, view, rungs = recipes.message_life(opened, session, message)
    if json:
        from recorder.report.view import life_json

        write_json(life_json(session_id, view, rungs))
        return
    from recorder.report.text import print_life

    print_life(sys.stdout, view, rungs)
