"""The command tree of ``recorder``. Each command is a module that imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from . import (
    archive,
    attach,
    bundle,
    check,
    find,
    frame,
    guide,
    import_,
    login,
    mcp,
    message,
    proxy,
    record,
    replay,
    report,
    samples,
    session,
    simulate,
    sql,
    view,
    watch,
)
from .lazy_commands import SETTINGS, CommandEntry, LazyProgram


class Program(LazyProgram):
    """All commands, in the order of the list, with what each does in at most 26 characters."""

    entries = (
        CommandEntry("record", record.record, "connect and record"),
        CommandEntry("proxy", proxy.proxy, "record any client"),
        CommandEntry("attach", attach.attach_to_browser, "record a running browser"),
        CommandEntry("import", import_.import_captures, "add captures of others"),
        CommandEntry("login", login.login, "log in as a consumer"),
        CommandEntry("replay", replay.replay, "play a scripted consumer"),
        CommandEntry("simulate", simulate.simulate, "pretend to be LivePerson"),
        CommandEntry("check", check.check, "apply rules to a session"),
        CommandEntry("find", find.find, "look through all sessions"),
        CommandEntry("watch", watch.watch, "all of it on one screen"),
        CommandEntry("sql", sql.sql, "ask the archive in SQL"),
        CommandEntry("report", report.write_report, "write a page of a session"),
        CommandEntry("view", view.view_session, "show that page, live"),
        CommandEntry("bundle", bundle.bundle_session, "pack a session for a ticket"),
        CommandEntry("mcp", mcp.answer_assistant, "answer an assistant (MCP)"),
        CommandEntry("guide", guide.show_guide, "read the manual"),
        CommandEntry("samples", samples.show_samples, "scripts and captures"),
        CommandEntry("session", session.app, "list, show, compare, export"),
        CommandEntry("message", message.app, "messages and their receipts"),
        CommandEntry("frame", frame.app, "frames, decoded and in hex"),
        CommandEntry("archive", archive.app, "verify, upgrade, rebuild"),
    )


app = typer.Typer(
    name="recorder",
    cls=Program,
    no_args_is_help=True,
    add_completion=True,
    help="Record, explain and replay sessions of LivePerson's Messaging Window API.",
    epilog="All take --archive, --json and --quiet, before or behind the name; --help behind it says more."
    " The manual: recorder guide. The samples of the examples: recorder samples --all samples.",
    **SETTINGS,
)


def _print_version(requested: bool) -> None:
    if requested:
        from recorder import __version__

        typer.echo(f"recorder {__version__}")
        raise typer.Exit


@app.callback()
def recorder(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Record, explain and replay sessions of LivePerson's Messaging Window API."""
