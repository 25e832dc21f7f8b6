"""Receipts that turn while ``recorder record`` records: what follows its session, in a thread of its own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from recorder.errors import RecorderError
from recorder.recipes.stop import StopEvent

from .live import INTERVAL

if TYPE_CHECKING:
    from recorder.recipes import Following, Update


class LiveReceipts:
    """Calls ``show`` in a thread of its own whenever a message is new or a receipt has turned it.

    Used with ``with``; ``follow`` begins it. It reads what is committed, so it delays nothing.

    Args:
        show: called with what is followed, and what changed of it.
        shown: whether to show anything.
    """

    def __init__(self, archive: str, show: Callable[[Following, Update], None], *, shown: bool) -> None:
        self._archive = archive
        self._show = show
        self._shown = shown
        self._end = StopEvent()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> LiveReceipts:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Show nothing more."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def follow(self, session: str) -> None:
        """Show the messages of this session from now on."""
        if self._shown:
            self._thread = threading.Thread(
                target=self._run, args=(session,), name="turning receipts", daemon=True
            )
            self._thread.start()

    def _run(self, session: str) -> None:
        from recorder import recipes

        try:
            with recipes.open_archive(self._archive) as opened:
                following = recipes.Following(opened, session, interval=INTERVAL, stop=self._end)
                for update in following:
                    self._show(following, update)
        except (RecorderError, OSError):  # the archive or the terminal is gone, which the recording tells
            pass


class StatusLines:
    """Says in a line what became of a message of ours, each time that is another."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: dict[object, str] = {}

    def __call__(self, _: Following, update: Update) -> None:
        """Say it of those among the messages that changed."""
        from recorder.report.cells import shows
        from recorder.report.messages import status_words

        draws = shows(sys.stderr, "✓✗")
        for message in update.changed:
            key = message.request_frame or (message.dialog_id, message.sequence)
            if message.mine and self._told.get(key) != message.status:
                self._told[key] = message.status
                self._say(status_words(message, draws=draws))
