"""Start a browser that writes a NetLog, and record its WebSockets from that while it grows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from recorder.capture.devtools.browser import BrowserOptions, LaunchedBrowser, launch_browser
from recorder.capture.tracker import SYNC_AFTER_IDLE_S
from recorder.counted import counted
from recorder.errors import CannotConnect
from recorder.formats.capture_format import SessionHeader
from recorder.formats.growing_file import GrowingFile
from recorder.formats.netlog import NETLOG
from recorder.formats.session_order import numbered
from recorder.runtime.selector import Wakeup, readable
from recorder.wire.payloads import Payload
from recorder.wire.records import ConnectionOpened, HttpExchange, Record

from .archives import open_archive
from .chosen_sockets import ChosenSockets, left_out, wants_exchange
from .live_records import LiveRecords
from .queries import Notify, silent
from .record_session import SessionOptions, recording
from .stop import NeverStop, Stop

_LOOK_EVERY_S = 0.1
_FIRST_BYTES_WITHIN_S = 30.0


def attach_by_net_log(
    launch: BrowserOptions,
    *,
    archive: str,
    chosen: ChosenSockets,
    deliver: Callable[[Payload], None],
    options: SessionOptions | None = None,
    stop: Stop | None = None,
    say: Notify = silent,
) -> str:
    """Start a browser, and record its sockets until it ends or ``stop`` is set; return the id of the session.

    Everything that crosses a WebSocket is recorded: control frames, fragments, masks, close codes. Chromium
    writes its log some events at a time: what is shown comes a little late. The log itself, which holds the
    browser's whole traffic, secrets included, is removed at the end.

    Raises:
        BadOption: the browser cannot be used.
        CannotConnect: it does not start, or writes no log.
        StorageFailed: the archive could not take a frame; nothing later was delivered.
    """
    stop = NeverStop() if stop is None else stop
    with ExitStack() as ending:
        folder = ending.enter_context(tempfile.TemporaryDirectory(prefix="recorder-net-log-"))
        log = Path(folder) / "net-log.json"
        wakeup = ending.enter_context(closing(Wakeup()))
        stop.on_stop(wakeup.set)
        browser = launch_browser(replace(launch, net_log=log))
        ending.callback(browser.end)
        opened = ending.enter_context(open_archive(archive, mode="write", create=True, say=say))
        active = ending.enter_context(
            recording(opened, source="netlog", options=options or SessionOptions(), say=say)
        )
        say(f"recording session {active.intake.session} into {opened.where}")
        live = LiveRecords(active, deliver, say=say)
        waiting = _LogWait(browser, wakeup, stop, sync=lambda: live.add(()))
        waiting.await_file(log)
        file = ending.enter_context(
            closing(GrowingFile(log, is_ended=lambda: not browser.is_running, wait=waiting.wait))
        )
        say(f"the browser writes down what it does: {browser.address}")
        kept = _ChosenRecords(chosen)
        try:
            for record in numbered(kept.of(NETLOG.read(file, lambda _: None))):
                live.add([record])
        finally:
            say(f"{counted(active.intake.frames, 'frame')} recorded{left_out(kept.left_out)}")
        return active.intake.session


class _LogWait:
    """Waits for more of the log; ends the browser when somebody asks to stop, so that it finishes the log."""

    def __init__(
        self, browser: LaunchedBrowser, wakeup: Wakeup, stop: Stop, *, sync: Callable[[], None]
    ) -> None:
        self._browser = browser
        self._wakeup = wakeup
        self._stop = stop
        self._sync = sync
        self._waits_until_sync = round(SYNC_AFTER_IDLE_S / _LOOK_EVERY_S)
        self._waits = 0

    def await_file(self, log: Path) -> None:
        """Return once there is something in the file. Raises ``CannotConnect`` if there never is."""
        for _ in range(round(_FIRST_BYTES_WITHIN_S / _LOOK_EVERY_S)):
            if log.exists() and log.stat().st_size:
                return
            if self._stop.is_set() or not self._browser.is_running:
                break
            readable([self._wakeup], _LOOK_EVERY_S)
        raise CannotConnect("the browser", "it writes no NetLog", hint="is it a Chromium, Chrome or Edge?")

    def wait(self) -> None:
        """Return after a moment, or once the browser has been ended because of ``stop``."""
        if self._stop.is_set():
            self._browser.end()
            return
        self._waits += 1
        if self._waits % self._waits_until_sync == 0:
            self._sync()
        readable([self._wakeup], _LOOK_EVERY_S)


class _ChosenRecords:
    """Lets through the records of the sockets that are chosen, and of requests beside them.

    Attributes:
        left_out: how many sockets were not let through.
    """

    def __init__(self, chosen: ChosenSockets) -> None:
        self._chosen = chosen
        self._refused: set[int] = set()

    @property
    def left_out(self) -> int:
        """How many sockets were not let through."""
        return len(self._refused)

    def of(self, records: Iterator[SessionHeader | Record]) -> Iterator[Record]:
        """Those of these records that are let through."""
        for record in records:
            if not isinstance(record, SessionHeader) and self._lets_through(record):
                yield record

    def _lets_through(self, record: Record) -> bool:
        if isinstance(record, HttpExchange) and not wants_exchange(record):
            return False
        if isinstance(record, ConnectionOpened) and not self._chosen.wants(record.url):
            self._refused.add(record.connection)
        return getattr(record, "connection", None) not in self._refused
