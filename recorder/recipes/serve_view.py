"""Serve the page of a session on this machine, and let it grow while the session is recorded."""

from __future__ import annotations

from collections.abc import Callable

from recorder.clock import RealClock
from recorder.receipts.aliases import Aliases
from recorder.redaction.people import Part
from recorder.report.session_page.served import ServedPage, served_page
from recorder.runtime.gc_control import collector_paused
from recorder.runtime.http.server import HttpServer
from recorder.runtime.listener import bind_listener, parse_listen_address
from recorder.runtime.local_access import LocalAccess
from recorder.store.archive import Archive
from recorder.wire.records import ConnectionInfo, SessionInfo

from .follow import INTERVAL
from .option_values import duration_s
from .page_requests import PageRequests
from .report_session import session_source
from .session_view import parse_parts
from .stop import WaitableStop

KEPT = 2
"""Versions of a page whose blocks can be fetched: the newest, and the one that a browser may still show."""


def serve_session(
    archive: Archive,
    session: str,
    *,
    listen: str,
    redact: str | None = None,
    aliases: Aliases | None = None,
    interval: str = INTERVAL,
    stop: WaitableStop,
    on_listening: Callable[[str], None],
) -> None:
    """Serve the page of a session at ``listen`` until ``stop`` is set; ``on_listening`` gets its address.

    While the session is recorded the archive is read every ``interval`` for more, or as often as the time
    that it takes to read the session allows.

    Raises:
        NotFound: no such session, or it was deleted meanwhile.
        BadOption: the address is none, not local, or taken; no such part; the interval is no duration.
    """
    parts, interval_s = parse_parts(redact), duration_s("--interval", interval)
    host, port = parse_listen_address(listen)
    pages = _Pages(archive, session, parts, aliases)
    listening = bind_listener(host, port)
    port = listening.getsockname()[1]
    requests = PageRequests(LocalAccess(host, port), pages.find)
    with HttpServer(listening, requests.respond, on_failure=stop.set):
        on_listening(f"http://{f'[{host}]' if ':' in host else host}:{port}{requests.first_target}")
        pages.follow(interval_s, stop)
        stop.wait()


class _Pages:
    """The last versions of the page of one session. Made in one thread, found in any."""

    def __init__(
        self, archive: Archive, session: str, parts: frozenset[Part], aliases: Aliases | None
    ) -> None:
        self._archive, self._parts, self._aliases = archive, parts, aliases
        self._session = archive.find_session(session, connected=True).session
        self._kept: tuple[ServedPage, ...] = ()
        self._state = self._now()
        self._add()

    def find(self, version: int | None) -> ServedPage | None:
        """The page of a version, None: the newest."""
        kept = self._kept
        if version is None:
            return kept[-1]
        return next((page for page in kept if page.version == version), None)

    def follow(self, interval_s: float, stop: WaitableStop) -> None:
        """Make a version more each time the session has grown, until it is over or ``stop`` is set."""
        clock, pause_s = RealClock(), interval_s
        while self._state[0].state == "recording" and not stop.wait(pause_s):
            now = self._now()
            if now == self._state:
                continue
            began_s = clock.now_s()
            self._state = now
            self._add()
            pause_s = max(interval_s, clock.now_s() - began_s)

    def _now(self) -> tuple[SessionInfo, list[ConnectionInfo]]:
        found = self._archive.find_session(self._session)
        return found, self._archive.connections(found)

    def _add(self) -> None:
        version = self._kept[-1].version + 1 if self._kept else 1
        with collector_paused():
            source = session_source(self._archive, self._session, aliases=self._aliases)
            page = served_page(source, version=version, redact=self._parts)
        self._kept = (*self._kept, page)[-KEPT:]
