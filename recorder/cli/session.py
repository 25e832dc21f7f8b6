"""``recorder session``: what was recorded, whole."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import DEFAULT_ARCHIVE, Alias, Archive, Json, Output, Quiet, Session, help_with
from .output import Talk, write_json

app = typer.Typer(no_args_is_help=True, help="Sessions: list, show, compare, export and delete them.")


def add_to(parent: typer.Typer) -> None:
    """Hang the commands under ``recorder``."""
    parent.add_typer(app, name="session")


@app.command(
    "list", help=help_with("List the sessions of the archive, oldest first.", "recorder session list")
)
def list_sessions(archive: Archive = DEFAULT_ARCHIVE, json: Json = False, quiet: Quiet = False) -> None:
    """See the help above."""
    from recorder import recipes
    from recorder.report.json_views import session_json

    with recipes.open_archive(archive) as opened:
        sessions = opened.sessions()
    if json:
        for session in sessions:
            write_json({**session_json(session)})
        return
    import sys

    from recorder.report.sessions import print_sessions

    print_sessions(sys.stdout, sessions)
    if not sessions:
        Talk(quiet=quiet)("the archive holds no session yet")


@app.command(
    "show",
    help=help_with("Show one session: its connections, frames, messages.", "recorder session show last"),
)
def show_session(
    session: Session,
    alias: Alias = None,
    archive: Archive = DEFAULT_ARCHIVE,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """See the help above."""
    from recorder import recipes

    aliases = recipes.parse_aliases(alias or ())
    with recipes.open_archive(archive) as opened:
        summary = recipes.summary(opened, session, aliases=aliases, say=Talk(quiet=quiet))
    if json:
        from recorder.report.summary import summary_json

        write_json(summary_json(summary))
        return
    import sys

    from recorder.report.summary import print_summary

    print_summary(sys.stdout, summary)


@app.command(
    "diff",
    help=help_with(
        "Compare two sessions message by message: receipts that appeared, vanished, came in another order.",
        "recorder session diff last last",
    ),
)
def diff_sessions(
    first: Annotated[str, typer.Argument(metavar="A", help="A session, as everywhere: the one before.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another: the one after.")],
    fail: Annotated[bool, typer.Option("--fail", help="Exit with 3 if they differ.")] = False,
    delays_over: Annotated[
        str | None,
        typer.Option(
            "--delays-over",
            metavar="DURATION",
            help="Count a delay that moved by more than this (100ms, 2s) as a difference; else none counts.",
        ),
    ] = None,
    alias: Alias = None,
    archive: Archive = DEFAULT_ARCHIVE,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """See the help above."""
    import sys

    from recorder import recipes
    from recorder.report.difference import difference_json, print_difference

    talk = Talk(quiet=quiet)
    aliases = recipes.parse_aliases(alias or ())
    with recipes.open_archive(archive) as opened:
        difference = recipes.session_difference(
            opened, first, second, aliases=aliases, delays_over=delays_over, say=talk
        )
    if not difference.changes:
        talk("nothing differs")
    if json:
        for line in difference_json(difference):
            write_json(line)
    else:
        print_difference(sys.stdout, difference)
    if fail:
        recipes.fail_if_different(difference)


@app.command(
    "script",
    help=help_with(
        "Write a session as a script to edit and replay: ids become names, waits become awaits, receipts "
        "are timed from the message they are for.",
        "recorder session script last -o again.yaml",
    ),
)
def script_session(
    session: Session,
    pace: Annotated[
        str, typer.Option("--pace", metavar="PACE", help="original, fast (no pauses), or a factor like 2x.")
    ] = "original",
    max_gap: Annotated[
        str | None, typer.Option("--max-gap", metavar="DURATION", help="Cut longer pauses to this.")
    ] = None,
    output: Output = None,
    archive: Archive = DEFAULT_ARCHIVE,
    quiet: Quiet = False,
) -> None:
    """See the help above."""
    import sys

    from recorder import recipes

    talk = Talk(quiet=quiet)
    with recipes.open_archive(archive, say=talk) as opened:
        written = recipes.session_script(opened, session, pace=pace, max_gap=max_gap)
    if output is None:
        sys.stdout.write(written)
        return
    recipes.save(written, output)
    talk(f"wrote {output}")


@app.command(
    "export",
    help=help_with(
        "Write one session as JSONL; `recorder import` reads it back, frame for frame.",
        "recorder session export last -o session.jsonl",
    ),
)
def export_session(
    session: Session,
    output: Output = None,
    archive: Archive = DEFAULT_ARCHIVE,
    quiet: Quiet = False,
) -> None:
    """See the help above."""
    from recorder import recipes

    talk = Talk(quiet=quiet)
    with recipes.open_archive(archive) as opened:
        if output is None:
            recipes.export_to_stdout(opened, session)
            return
        recipes.export_to_file(opened, session, output, say=talk)
    talk(f"wrote {output}")


@app.command(
    "delete",
    help=help_with(
        "Delete one session, its frames and all. What was stored is overwritten.",
        "recorder session delete last --yes",
    ),
)
def delete_session(
    session: Session,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    archive: Archive = DEFAULT_ARCHIVE,
    quiet: Quiet = False,
) -> None:
    """See the help above."""
    from recorder import recipes

    talk = Talk(quiet=quiet)
    with recipes.open_archive(archive, mode="write", create=False, say=talk) as opened:
        info = opened.find_session(session)
        question = f"delete session {info.session} with its {info.frames} frames?"
        if not yes and not typer.confirm(question, err=True):
            raise typer.Exit(2)
        opened.delete_session(info.session)
    talk(f"deleted session {info.session}")
