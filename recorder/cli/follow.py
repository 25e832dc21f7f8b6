"""``message list --follow``: the table again, or a line of JSON, whenever something changed.

``frame list --follow``: the frames that are there, and those that come.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .output import StatusPrinter, write_json_lines
from .signals import stop_on_signals

if TYPE_CHECKING:
    from recorder.recipes.filters import Filters
    from recorder.wire.records import RecordedFrame

CLEAR = "\x1b[H\x1b[2J"
"""Moves a terminal's cursor home and clears the screen."""


def follow_messages(
    archive: str,
    session: str,
    *,
    dialog: str | None,
    interval: str,
    json: bool,
    local: bool,
    quiet: bool,
    fixed: Mapping[str, object],
    filters: Filters | None = None,
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
            chosen = recipes.ListingFilter(filters or recipes.Filters(), update.session)
            changed = list(chosen.passing(update.changed))
            if json:
                write_json_lines(message_json(update.session, message) for message in changed)
                continue
            if sys.stdout.isatty():
                sys.stdout.write(CLEAR)
            if changed or sys.stdout.isatty():
                messages = list(chosen.passing(following.messages()))
                print_messages(sys.stdout, messages, following.selves(), local=local)
            sys.stdout.flush()
        stop.raise_if_set()


def follow_frames(
    archive: str,
    session: str,
    *,
    connection: int | None,
    filters: Filters | None,
    interval: str,
    say: StatusPrinter,
    print_rows: Callable[..., None] | None,
) -> None:
    """Print the frames of a session, and go on until it ends: with ``print_rows``, else as JSON.

    Raises:
        BadOption: a filter or the interval cannot be used.
        NotFound: no such session.
        Stopped: a signal came.
    """
    from recorder import recipes
    from recorder.report.json_views import frame_json

    with stop_on_signals() as stop, recipes.open_archive(archive, say=say) as opened:
        batches = recipes.followed_frames(
            opened, session, connection=connection, filters=filters, interval=interval, stop=stop
        )
        if print_rows is None:
            for some in batches:
                write_json_lines(map(frame_json, some))
        else:
            first = next(batches, ())
            print_rows(_flushed(first, batches), window=len(first))
        stop.raise_if_set()


def _flushed(
    first: Sequence[RecordedFrame], batches: Iterable[Sequence[RecordedFrame]]
) -> Iterator[RecordedFrame]:
    """All of these frames; what was printed leaves before the next ones are waited for."""
    yield from first
    sys.stdout.flush()
    for some in batches:
        yield from some
        sys.stdout.flush()
