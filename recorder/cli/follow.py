"""``message list --follow``: the messages that are there, and those that change; ``frame list --follow``."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from .output import StatusPrinter, write_json_lines
from .signals import stop_on_signals

if TYPE_CHECKING:
    from recorder.recipes import Following, ListingFilter, Update
    from recorder.recipes.filters import Filters
    from recorder.report.frame_words import FrameWords
    from recorder.report.messages import MessageView
    from recorder.wire.records import RecordedFrame


def clear_screen() -> None:
    """Begin a page anew: on a cleared screen, or where the terminal clears none behind an empty line."""
    from recorder.report.cells import moves_cursor

    sys.stdout.write("\x1b[H\x1b[2J" if moves_cursor(sys.stdout) else "\n")


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

    for option, value in fixed.items():
        if value:
            raise BadOption(option, "it does not go together with --follow")
    say = StatusPrinter(quiet=quiet)
    with stop_on_signals() as stop, recipes.open_archive(archive, say=say) as opened:
        session = recipes.session_to_follow(opened, session, interval=interval, stop=stop, say=say)
        stop.raise_if_set()
        following = recipes.Following(opened, session, dialog=dialog, interval=interval, stop=stop)
        for update in following:
            chosen = recipes.ListingFilter(filters or recipes.Filters(), update.session)
            _print_update(following, update, chosen, json=json, local=local)
            sys.stdout.flush()
        stop.raise_if_set()


def _print_update(
    following: Following, update: Update, chosen: ListingFilter, *, json: bool, local: bool
) -> None:
    """As JSON and in a pipe the messages that changed; on a terminal all, as far as they fit its height."""
    from recorder.report.json_views import message_json
    from recorder.report.messages import print_listing

    if json:
        write_json_lines(message_json(update.session, each) for each in chosen.passing(update.changed))
        return
    on_terminal = sys.stdout.isatty()
    messages = list(chosen.passing(following.messages() if on_terminal else update.changed))
    if on_terminal:
        clear_screen()
    if on_terminal and not update.over:
        print_newest(sys.stdout, following, messages, other_lines=_OTHER_LINES, local=local)
    elif messages or on_terminal:
        print_listing(sys.stdout, following.listing(messages), following.people(), local=local)


def print_newest(
    stream: IO[str],
    following: Following,
    messages: Sequence[MessageView],
    *,
    other_lines: int,
    local: bool = False,
) -> None:
    """Print the newest messages, as many as fit the terminal beside ``other_lines``, and how many do not."""
    from recorder.counted import counted
    from recorder.report.messages import print_listing
    from recorder.report.tables import print_line

    fitting = max(shutil.get_terminal_size().lines - other_lines, 2) // 2
    if len(messages) > fitting:
        print_line(stream, f"not shown: {counted(len(messages) - fitting, 'earlier message')}")
        messages = messages[-fitting:]
    print_listing(stream, following.listing(messages), following.people(), local=local)


_OTHER_LINES = 5
"""Of a screen of messages: what is not shown, the dialog, the headings, and the cursor."""


def follow_frames(
    archive: str,
    session: str,
    *,
    connection: int | None,
    filters: Filters | None,
    interval: str,
    say: StatusPrinter,
    print_rows: Callable[..., None] | None,
    words: FrameWords | None,
) -> None:
    """Print the frames of a session, and go on until it ends: with ``print_rows``, which is given ``words``,
    else as JSON.

    Raises:
        BadOption: a filter or the interval cannot be used.
        NotFound: no such session.
        Stopped: a signal came.
    """
    from recorder import recipes
    from recorder.report.json_views import frame_json

    with stop_on_signals() as stop, recipes.open_archive(archive, say=say) as opened:
        session = recipes.session_to_follow(opened, session, interval=interval, stop=stop, say=say)
        stop.raise_if_set()
        batches = recipes.followed_frames(
            opened,
            session,
            connection=connection,
            filters=filters,
            interval=interval,
            stop=stop,
            words=words,
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
