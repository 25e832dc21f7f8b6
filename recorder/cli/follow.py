"""``recorder message list --follow``: the table again, or a line of JSON, whenever something changed."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from .output import StatusPrinter, write_json_lines
from .signals import stop_on_signals

CLEAR = "\x1b[H\x1b[2J"
"""Moves a terminal's cursor home and clears the screen."""


def follow_messages(
    archive: str,
    session: str,
    *,
    dialog: str | None,
    interval: str,
    json: bool,
    quiet: bool,
    fixed: Mapping[str, object],
) -> None:
    """Print until the session ends. ``fixed`` are options that ask for something that does not change.

    Raises:
        BadOption: one of those was given, or the interval is no duration.
        NotFound: no such session, or it ended without such a dialog.
        Stopped: a signal came.
    """
    from recorder import recipes
    from recorder.errors import BadOption
    from recorder.report.json_views import message_json
    from recorder.report.messages import print_messages

    for option, value in fixed.items():
        if value:
            raise BadOption(option, "it does not go together with --follow")
    say = StatusPrinter(quiet=quiet)
    with stop_on_signals() as stop, recipes.open_archive(archive, say=say) as opened:
        following = recipes.Following(opened, session, dialog=dialog, interval=interval, stop=stop)
        for update in following:
            if json:
                write_json_lines(message_json(update.session, message) for message in update.changed)
                continue
            if sys.stdout.isatty():
                sys.stdout.write(CLEAR)
            if update.changed or sys.stdout.isatty():
                print_messages(sys.stdout, following.messages(), following.selves())
            sys.stdout.flush()
        stop.raise_if_set()
