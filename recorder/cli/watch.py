"""``recorder watch``: sessions, messages, frames, evidence and findings on one screen."""

from __future__ import annotations

import sys

import typer

from .options import (
    DEFAULT_ARCHIVE,
    DEFAULT_INTERVAL,
    LAST,
    ArchiveOption,
    AtOption,
    IntervalOption,
    LocalOption,
    SessionArgument,
)
from .signals import stop_on_signals


def watch(
    session: SessionArgument = LAST,
    at: AtOption = None,
    interval: IntervalOption = DEFAULT_INTERVAL,
    local: LocalOption = False,
    archive: ArchiveOption = DEFAULT_ARCHIVE,
) -> None:
    """Look at sessions on a terminal, by keys, while they are recorded too: messages, frames, evidence,
    findings, and a slider for the time. Changes nothing. Wants the extra tui.

    Example:

        recorder watch last
    """
    from recorder import recipes
    from recorder.errors import BadOption

    if not is_terminal():
        raise BadOption("watch", "it needs a terminal", hint="recorder message list last, or --json")
    try:
        from recorder.tui.watch_app import WatchApp
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != "textual":
            raise
        hint = "pip install 'ums-recorder[tui]'"
        raise BadOption("watch", "the package textual is not installed", hint=hint) from None
    recipes.duration_s("--interval", interval)
    with recipes.open_archive(archive) as opened:
        found = opened.find_session(session)
        last = None if at is None else recipes.last_frame_at(opened, found, at)
        where = opened.where
    with stop_on_signals() as stop:
        app = WatchApp(archive, found, shown_as=where, at=last, interval=interval, local=local)
        stop.on_stop(app.request_exit)
        app.run()
        stop.raise_if_set()
    if app.return_code:
        raise typer.Exit(app.return_code)


def is_terminal() -> bool:
    """Whether there is one to read keys from and to draw on; textual draws on stderr."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
