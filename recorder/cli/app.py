"""The command tree of ``recorder``. Each command is a module that imports what it needs when it runs."""

from __future__ import annotations

from collections.abc import Callable
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
from .error_boundary import ErrorBoundary
from .help_layout import CommandWithHeadings

app = typer.Typer(
    name="recorder",
    cls=ErrorBoundary,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    add_completion=True,
    pretty_exceptions_show_locals=False,  # locals hold tokens
    rich_markup_mode=None,
    help="Record, explain and replay sessions of LivePerson's Messaging Window API.",
    epilog="All take --archive, --json and --quiet, before or behind the name; --help behind it says more."
    " The manual: recorder guide. The samples of the examples: recorder samples --all samples.",
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


# Which, and what it does in at most 26 characters, as the list of commands shows it.
_VERBS: tuple[tuple[str, Callable[..., None], str], ...] = (
    ("record", record.record, "connect and record"),
    ("proxy", proxy.proxy, "record any client"),
    ("attach", attach.attach_to_browser, "record a running browser"),
    ("import", import_.import_captures, "add captures of others"),
    ("login", login.login, "log in as a consumer"),
    ("replay", replay.replay, "play a scripted consumer"),
    ("simulate", simulate.simulate, "pretend to be LivePerson"),
    ("check", check.check, "apply rules to a session"),
    ("find", find.find, "look through all sessions"),
    ("watch", watch.watch, "all of it on one screen"),
    ("sql", sql.sql, "ask the archive in SQL"),
    ("report", report.write_report, "write a page of a session"),
    ("view", view.view_session, "show that page, live"),
    ("bundle", bundle.bundle_session, "pack a session for a ticket"),
    ("mcp", mcp.answer_assistant, "answer an assistant (MCP)"),
    ("guide", guide.show_guide, "read the manual"),
    ("samples", samples.show_samples, "scripts and captures"),
)
for _name, _verb, _does in _VERBS:
    app.command(_name, cls=CommandWithHeadings, short_help=_does)(_verb)
for _noun, _holds in (
    (session.app, "list, show, compare, export"),
    (message.app, "messages and their receipts"),
    (frame.app, "frames, decoded and in hex"),
    (archive.app, "verify, upgrade, rebuild"),
):
    app.add_typer(_noun, short_help=_holds)
