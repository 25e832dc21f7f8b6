"""Serve the page of a session on this machine, and let it grow while the session is recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from recorder.receipts.aliases import Aliases
from recorder.runtime.http.server import HttpServer
from recorder.runtime.listener import bind_listener, parse_listen_address
from recorder.runtime.local_access import LocalAccess
from recorder.store.archive import Archive

from .follow import INTERVAL
from .growing_page import GrowingPage
from .option_values import duration_s
from .page_requests import PageRequests
from .session_view import parse_parts
from .stop import WaitableStop


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

    While the session is recorded the archive is read every ``interval`` for more.

    Raises:
        NotFound: no such session, or it was deleted meanwhile.
        BadOption: the address is none, not local, or taken; no such part; the interval is no duration.
    """
    parts, interval_s = parse_parts(redact), duration_s("--interval", interval)
    host, port = parse_listen_address(listen)

    def may_stop(_: str) -> None:
        if stop.is_set():
            raise _StoppedReading

    try:
        page = GrowingPage(archive, session, parts, aliases, say=may_stop)
    except _StoppedReading:
        return
    listening = bind_listener(host, port)
    port = listening.getsockname()[1]
    requests = PageRequests(LocalAccess(host, port), page)
    with HttpServer(listening, requests.respond, on_failure=stop.set):
        on_listening(f"http://{f'[{host}]' if ':' in host else host}:{port}{requests.first_target}")
        with contextlib.suppress(_StoppedReading):
            while not page.is_complete and not stop.wait(interval_s):
                page.update()
        stop.wait()


class _StoppedReading(Exception):
    """Whoever reads a session as a whole is told to stop."""
