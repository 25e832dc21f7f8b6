"""Record the sockets of a running browser, or of one that is started for it, over the DevTools Protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack

from recorder.capture.devtools.browser import BrowserOptions, launch_browser
from recorder.capture.devtools.connection import BrowserGone, DevToolsConnection, open_devtools
from recorder.capture.devtools.targets import (
    FIRST_COMMAND,
    AttachedTargets,
    DevToolsCommand,
    TargetEvent,
    TargetGone,
)
from recorder.capture.tracker import SYNC_AFTER_IDLE_S
from recorder.clock import Clock
from recorder.counted import counted
from recorder.errors import CannotConnect
from recorder.formats.devtools_events import DevToolsSockets
from recorder.wire.payloads import Payload
from recorder.wire.records import Record

from .archives import open_archive
from .chosen_sockets import ChosenSockets, left_out
from .live_records import LiveRecords
from .queries import Notify, silent
from .record_session import SessionOptions, recording
from .stop import NeverStop, Stop

DEFAULT_ADDRESS = "http://127.0.0.1:9222"
"""Where browsers listen that were started with ``--remote-debugging-port=9222``."""

REST_TIMEOUT_S = 2.0
"""How long the pages are waited for at the end, to tell of what they did before it."""

BROWSER_ENDED = "the browser ended"


def attach(
    address: str | None = None,
    *,
    archive: str,
    chosen: ChosenSockets,
    deliver: Callable[[Payload], None],
    launch: BrowserOptions | None = None,
    options: SessionOptions | None = None,
    stop: Stop | None = None,
    say: Notify = silent,
) -> str:
    """Record the sockets of a browser until it ends or ``stop`` is set; return the id of the session.

    Pages, frames and workers that are there or come later are attached to; sockets that were opened before
    are recorded from their next message on.

    Args:
        address: the browser's DevTools, ``http://HOST:PORT``; None: ``DEFAULT_ADDRESS``.
        chosen: which sockets are recorded.
        deliver: gets each payload of both sides, once it is in the archive.
        launch: start a browser like this instead, and end it at the end.

    Raises:
        BadOption: the address or the browser cannot be used.
        CannotConnect: no browser answers there, or it does not start.
        StorageFailed: the archive could not take a frame; nothing later was delivered.
    """
    stop = NeverStop() if stop is None else stop
    with ExitStack() as ending:
        browser = None
        if launch is not None:
            browser = launch_browser(launch)
            ending.callback(browser.end)
            address = browser.address
        connection = open_devtools(address or DEFAULT_ADDRESS)
        ending.callback(connection.close)
        opened = ending.enter_context(open_archive(archive, mode="write", create=True, say=say))
        active = ending.enter_context(
            recording(opened, source="cdp", options=options or SessionOptions(), say=say)
        )
        say(f"recording session {active.intake.session} into {opened.where}")
        stop.on_stop(connection.wake)
        sockets = DevToolsSockets(
            chosen, numbers=active.numbers, connections=active.connections, began_us=active.clock.wall_us()
        )
        page = None if launch is None else launch.url
        live = LiveRecords(active, deliver, say=say)
        watched = _WatchedBrowser(connection, sockets, live, active.clock, page=page, say=say)
        try:
            watched.run(stop)
        finally:
            say(f"{counted(active.intake.frames, 'frame')} recorded{left_out(sockets.left_out)}")
        return active.intake.session


class _WatchedBrowser:
    """One browser that is being recorded: its targets, its sockets, and where their records go."""

    def __init__(
        self,
        connection: DevToolsConnection,
        sockets: DevToolsSockets,
        live: LiveRecords,
        clock: Clock,
        *,
        page: str | None,
        say: Notify,
    ) -> None:
        self._page = page
        self._connection = connection
        self._sockets = sockets
        self._live = live
        self._clock = clock
        self._say = say
        self._targets = AttachedTargets()
        self._unanswered: set[int] = set()
        self._is_attached = False

    def run(self, stop: Stop) -> None:
        """Record until the browser is gone or ``stop`` is set."""
        try:
            self._send(FIRST_COMMAND)
            while not stop.is_set():
                self._record_messages(SYNC_AFTER_IDLE_S)
            self._record_rest()
        except BrowserGone:
            self._live.add(self._sockets.all_gone(BROWSER_ENDED, came_us=self._clock.wall_us()))
            self._say(BROWSER_ENDED)

    def _record_rest(self) -> None:
        """Record what the pages did before now: all that comes before each has answered once more."""
        self._unanswered.clear()
        for command in self._targets.last_commands():
            self._send(command)
        until_s = self._clock.now_s() + REST_TIMEOUT_S
        while self._unanswered and (left_s := until_s - self._clock.now_s()) > 0:
            self._record_messages(left_s)

    def _record_messages(self, timeout_s: float) -> None:
        """Take what is there, or wait for it; where nothing comes, the archive syncs what it holds."""
        records: list[Record] = []
        for message in self._connection.receive(timeout_s):
            commands, told = self._targets.feed(message)
            for command in commands:
                self._send(command)
            self._note_answer(message)
            came_us = self._clock.wall_us()
            if isinstance(told, TargetEvent):
                records += self._sockets.feed(told.session, told.method, told.params, came_us=came_us)
            elif isinstance(told, TargetGone):
                records += self._sockets.target_gone(told.session, told.detail, came_us=came_us)
        self._live.add(records)

    def _send(self, command: DevToolsCommand) -> None:
        self._unanswered.add(self._connection.send(command))

    def _note_answer(self, message: Mapping[str, object]) -> None:
        """Say that we are attached once every target that was there has taken what we asked of it."""
        answered = message.get("id")
        if not isinstance(answered, int):
            return
        self._unanswered.discard(answered)
        if answered == 1 and "error" in message:
            raise CannotConnect(self._connection.base_url, "its DevTools do not let us attach to its pages")
        if not self._unanswered and not self._is_attached:
            self._is_attached = True
            self._say(f"attached to the browser at {self._connection.base_url}")
            for command in self._targets.open_page(self._page) if self._page is not None else ():
                self._send(command)
