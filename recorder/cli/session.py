"""``recorder session``: list, show, compare, export and delete sessions."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from recorder.errors import BadOption

from . import completion
from .activity import Activity, opened_for
from .common_options import CommonOptionsGroup
from .options import (
    DEFAULT_ARCHIVE,
    LAST,
    AliasOption,
    ArchiveOption,
    JsonOption,
    LimitOption,
    LocalOption,
    OptionalSessionArgument,
    OutputOption,
    QuietOption,
    RedactOption,
    SessionArgument,
)
from .output import StatusPrinter, write_exact, write_json, write_json_lines

app = typer.Typer(
    cls=CommonOptionsGroup,
    name="session",
    no_args_is_help=True,
    help="Sessions: list, show, compare, export and delete them.",
)


@app.command("list")
def list_sessions(
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="Only sessions whose names hold this text.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="WHEN", help="Only those begun since: a time, or a duration like 2h."
        ),
    ] = None,
    limit: LimitOption = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="The newest first.")] = False,
    every: Annotated[
        bool, typer.Option("--all", help="List each session of a load run (replay --users), too.")
    ] = False,
    local: LocalOption = False,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List the sessions of the archive, oldest first; those of a load run in one line. --limit keeps the
    newest.

    Example:

        recorder session list --since 2h
    """
    from recorder import recipes

    say = StatusPrinter(quiet=quiet)
    with recipes.open_archive(archive) as opened:
        sessions = recipes.listed_sessions(opened, name=name, since=since)
    if json:
        from recorder.report.json_views import session_json

        write_json_lines(map(session_json, recipes.newest(sessions, limit, reverse=reverse)))
        return
    from recorder.report.load_runs import LoadRun, folded
    from recorder.report.sessions import print_sessions

    lines = recipes.newest(sessions if every else list(folded(sessions)), limit, reverse=reverse)
    print_sessions(sys.stdout, lines, local=local)
    if any(isinstance(line, LoadRun) for line in lines):
        say("a load run is one line; --all lists its sessions")
    elif not sessions:
        say("no session is like that" if name or since else "the archive holds no session yet")


@app.command("show")
def show_session(
    session: SessionArgument = LAST,
    alias: AliasOption = None,
    local: LocalOption = False,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show one session: its connections, frames, messages.

    Example:

        recorder session show last
    """
    from recorder import recipes

    aliases = recipes.parse_aliases(alias or ())
    with opened_for(f"reading session {session}", archive, quiet=quiet) as (opened, say):
        summary = recipes.summary(opened, session, aliases=aliases, say=say)
    if json:
        from recorder.report.summary import summary_json

        write_json(summary_json(summary))
        return
    from recorder.report.summary import print_summary

    print_summary(sys.stdout, summary, local=local)


@app.command("diff")
def diff_sessions(
    first: Annotated[
        str,
        typer.Argument(
            metavar="A",
            autocompletion=completion.sessions,
            help="The earlier session: an id, a unique prefix of one, a name, or: last;"
            " NAME~1 is the one before.",
        ),
    ] = f"{LAST}~1",
    second: Annotated[
        str,
        typer.Argument(
            metavar="B",
            help="The later session, given in the same way.",
            autocompletion=completion.sessions,
        ),
    ] = LAST,
    fail: Annotated[bool, typer.Option("--fail", help="Exit with 3 if they differ.")] = False,
    delays_over: Annotated[
        str | None,
        typer.Option(
            "--delays-over",
            metavar="DURATION",
            help="Count a delay that moved by more than this (100ms, 2s) as a difference; else none counts.",
        ),
    ] = None,
    alias: AliasOption = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare two sessions message by message: receipts that appeared, vanished, came in another order.

    Example:

        recorder session diff last~1 last
    """
    from recorder import recipes
    from recorder.report.difference import difference_json, print_difference

    aliases = recipes.parse_aliases(alias or ())
    with opened_for("comparing the sessions", archive, quiet=quiet) as (opened, say):
        difference = recipes.session_difference(
            opened, first, second, aliases=aliases, delays_over=delays_over, say=say
        )
    if not difference.changes:
        say("nothing differs")
    if json:
        write_json_lines(difference_json(difference))
    else:
        print_difference(sys.stdout, difference)
    if fail:
        recipes.fail_if_different(difference)


@app.command("script")
def script_session(
    session: SessionArgument = LAST,
    pace: Annotated[
        str, typer.Option("--pace", metavar="PACE", help="original, fast (no pauses), or a factor like 2x.")
    ] = "original",
    max_gap: Annotated[
        str | None, typer.Option("--max-gap", metavar="DURATION", help="Cut longer pauses to this.")
    ] = None,
    output: OutputOption = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    quiet: QuietOption = False,
) -> None:
    """Write a session as a script to edit and replay: ids become names, waits become awaits, receipts are
    timed from the message they are for.

    Example:

        recorder session script last -o again.yaml
    """
    from recorder import recipes

    with opened_for(f"reading session {session}", archive, quiet=quiet) as (opened, say):
        written = recipes.session_script(opened, session, pace=pace, max_gap=max_gap, say=say)
    if output is None:
        write_exact(written.encode("utf-8", "backslashreplace"))
        return
    recipes.save(written, output)
    say(f"wrote {output}")


@app.command("export")
def export_session(
    session: SessionArgument = LAST,
    form: Annotated[
        Literal["jsonl", "har", "wscat", "html", "markdown", "csv", "mermaid", "perfetto"],
        typer.Option(
            "--format",
            help="jsonl has everything, har is for DevTools and HTTP Toolkit, wscat a plain log; html is"
            " the page of recorder report, markdown for tickets, csv for spreadsheets, mermaid a sequence"
            " diagram, perfetto a trace.",
        ),
    ] = "jsonl",
    redact: RedactOption = None,
    output: OutputOption = None,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    quiet: QuietOption = False,
) -> None:
    """Write one session to a file. `recorder import` reads back jsonl (frame for frame), har and wscat; the
    others show its messages with their receipts.

    Example:

        recorder session export last -o session.jsonl
    """
    from recorder import recipes

    exporting = f"exporting session {session}"
    with opened_for(exporting, archive, quiet=quiet, lasting=True) as (opened, say):
        if output is None:
            if sys.stdout.isatty():  # there it shows by itself what is going on
                say.end()
            recipes.export_to_stdout(opened, session, form=form, redact=redact, say=say)
            return
        recipes.export_to_file(opened, session, output, form=form, redact=redact, say=say)
    say(f"wrote {output}")


@app.command("delete")
def delete_session(
    session: OptionalSessionArgument = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    quiet: QuietOption = False,
) -> None:
    """Delete one session with all its frames; their bytes in the file are overwritten.

    Example:

        recorder session delete last --yes
    """
    from recorder import recipes
    from recorder.counted import counted

    print_status = StatusPrinter(quiet=quiet)
    if session is None and yes:
        raise BadOption("SESSION", "say which one to delete without asking", hint="last is one, too")
    with recipes.open_archive(archive, mode="write", create=False, say=print_status) as opened:
        info = opened.find_session(session or LAST)
        question = f"delete session {info.session} with its {counted(info.frames, 'frame')}?"
        if not yes and not sys.stdin.isatty():
            raise BadOption("session delete", "there is no terminal to ask at", hint="say --yes")
        if not yes and not typer.confirm(question, err=True):
            raise typer.Exit(2)
        with Activity(f"deleting session {info.session}", quiet=quiet):
            opened.delete_session(info.session)
    print_status(f"deleted session {info.session}")
