"""``recorder watch`` in a test: an archive that is recorded into meanwhile, keys to press, panes to read."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.widgets import Input

from recorder import recipes
from recorder.clock import VirtualClock
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.tui.watch_app import WatchApp
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame, SessionInfo

PATIENCE_S = 30.0
STARTED_US = 1_700_000_000_000_000


def session_in(path: str, name: str = "last") -> SessionInfo:
    with recipes.open_archive(path) as archive:
        return archive.find_session(name)


class Recording:
    """A session that is being recorded: ``say("hi")`` puts a message into it, ``read(0)`` a receipt."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._archive = Archive.open(path, mode="write")
        self.sink = self._archive.begin_session(
            source="client",
            started_at_us=STARTED_US,
            clock=VirtualClock(),
            name="live",
            options=IntakeOptions(keep_secrets=True),
        )
        self.sink([ConnectionOpened(1, None, STARTED_US, 0)])
        self._frames = 0
        self._messages = 0

    def say(self, *texts: str, by: str = "agent") -> None:
        self.sink([self._told(text, by) for text in texts])

    def read(self, *sequences: int, by: str = "me") -> None:
        event = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": list(sequences)}
        self.sink([self._frame(event, 1_000 + self._frames, by)])

    def end(self) -> None:
        self.sink.finish(STARTED_US + 60_000_000)

    def close(self) -> None:
        self._archive.close()

    def _told(self, text: str, by: str) -> RecordedFrame:
        self._messages += 1
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
        return self._frame(event, self._messages - 1, by)

    def _frame(self, event: dict[str, object], sequence: int, by: str) -> RecordedFrame:
        self._frames += 1
        number = self._frames
        change = {
            "sequence": sequence, "dialogId": "d", "originatorId": by, "event": event,
            "serverTimestamp": STARTED_US // 1_000 + number * 1_000,
        }  # fmt: skip
        body = {"changes": [change]}
        notification = {"kind": "notification", "type": "ms.MessagingEventNotification", "body": body}
        at_us = number * 1_000_000
        payload = json.dumps(notification).encode()
        return RecordedFrame(
            number, 1, number - 1, Side.SERVICE, STARTED_US + at_us, at_us, 1, True, 0, payload
        )


class Watched:
    """The application while a test presses keys: what its panes show, as text."""

    def __init__(self, app: WatchApp, pilot) -> None:
        self.app = app
        self.pilot = pilot

    async def until(self, holds: Callable[[], object]) -> None:
        """Return when it holds: what comes from threads is shown when it comes."""
        give_up_s = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < give_up_s, "\n".join(self.screen())
            await self.pilot.pause(0.005)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Put this into the line at the bottom; key by key it would take seconds."""
        self.app.query_one("#prompt", Input).value = text
        await self.press("enter")

    def pane(self, name: str) -> str:
        """The lines of a pane, whole."""
        lines = self.app._panes[name].lines
        return "\n".join(lines.searchable(index) for index in range(len(lines)))

    def title(self, name: str) -> str:
        return str(self.app._panes[name].border_title)

    def line(self, name: str) -> str:
        """The line that the cursor of a pane is on."""
        view = self.app._panes[name]
        return view.lines.searchable(view.cursor)

    def around(self, name: str) -> str:
        """The line called title, moment or status."""
        return str(self.app.query_one(f"#{name}").render())

    def screen(self) -> list[str]:
        """The lines of the terminal."""
        width, height = self.app.size
        strips = self.app.screen._compositor.render_strips()
        return [strip.text[:width] for strip in strips[:height]]


@asynccontextmanager
async def watching(path: str, size: tuple[int, int] = (80, 24), *, name: str = "last", at: int | None = None):
    """Watch a session of an archive."""
    app = WatchApp(path, session_in(path, name), shown_as=path, at=at, interval="100ms")
    async with app.run_test(size=size) as pilot:
        yield Watched(app, pilot)


def run(story) -> None:
    asyncio.run(story())
