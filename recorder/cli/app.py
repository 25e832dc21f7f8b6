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
)
from .error_boundary import ErrorBoundary

app = typer.Typer(
    name="recorder",
    cls=ErrorBoundary,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    add_completion=True,
    pretty_exceptions_show_locals=False,  # locals hold tokens
    rich_markup_mode=None,
    help="Record, explain and replay sessions of LivePerson's Messaging Window API.",
    epilog="The manual: recorder guide. The samples of the examples: recorder samples --all samples.",
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


for verb in (record.record, proxy.proxy, replay.replay, simulate.simulate, login.login):
    app.command()(verb)
app.command("attach")(attach.attach_to_browser)
app.command("import")(import_.import_captures)
app.command()(check.check)
app.command()(find.find)
app.command("report")(report.write_report)
app.command("bundle")(bundle.bundle_session)
app.command("mcp")(mcp.answer_assistant)
app.command()(sql.sql)
app.command("guide")(guide.show_guide)
app.command("samples")(samples.show_samples)
for noun in (session, message, frame, archive):
    app.add_typer(noun.app)
