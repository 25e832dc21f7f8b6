"""Decide from a request's head who may use the simulator: Host, Origin, path and Authorization.

A page from anywhere can make a browser connect to loopback. ``Host`` shows a foreign name that was made
to point here, ``Origin`` the page; both must be local, or allowed (``as_hosts``, ``allow_origins``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from recorder.errors import BadOption

from ..protocol.request_parser import RequestRefused

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
USUAL_PORTS = (80, 443)
CONSUMER_PATH = re.compile(r"/ws_api/account/([^/]+)/messaging/consumer")
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.IGNORECASE)


class Admitted(NamedTuple):
    """The WebSocket may open. ``token`` is None without Authorization: InitConnection must follow."""

    account: str
    token: str | None


class Admission:
    """Checks the head of every request to the server at ``host`` and ``port``.

    Args:
        allow_origins: origins of web pages that may connect, besides local ones.
        as_hosts: host names accepted besides local ones, with this port, 80, 443 or none.

    Raises:
        BadOption: one of ``as_hosts`` is no host name.
    """

    def __init__(
        self, host: str, port: int, *, allow_origins: Sequence[str] = (), as_hosts: Sequence[str] = ()
    ) -> None:
        names = {*LOCAL_NAMES, f"[{host}]" if ":" in host else host}
        self._hosts = {f"{name}:{port}" for name in names}
        if port == 80:
            self._hosts |= names
        for name in as_hosts:
            self._hosts |= _host_headers(name, port)
        self._allowed = frozenset(allow_origins)

    def check_headers(self, *, hosts: Sequence[str], origins: Sequence[str]) -> None:
        """Check all values of the headers Host and Origin. Raises ``RequestRefused``, 403."""
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            raise RequestRefused(
                403, "Host must be localhost, 127.0.0.1 or [::1] with this port, or be allowed"
            )
        if not all(origin in self._allowed or _is_local(origin) for origin in origins):
            raise RequestRefused(403, "Origin must be local, or be allowed")

    def admit(
        self, path: str, *, hosts: Sequence[str], origins: Sequence[str], authorizations: Sequence[str]
    ) -> Admitted:
        """Decide on a WebSocket by its request target and all values of Host, Origin and Authorization.

        Raises:
            RequestRefused: 401, 403 or 404; it may not open.
        """
        self.check_headers(hosts=hosts, origins=origins)
        account = CONSUMER_PATH.fullmatch(path.partition("?")[0])
        if account is None:
            raise RequestRefused(404, "The only socket here is /ws_api/account/{account}/messaging/consumer")
        if not authorizations:
            return Admitted(unquote(account[1]), None)
        token = _token_in(authorizations)
        if token is None:
            raise RequestRefused(401, "Authorization must be: jwt <token>")
        return Admitted(unquote(account[1]), token)


def _host_headers(name: str, port: int) -> set[str]:
    if not _NAME.fullmatch(name):
        raise BadOption("--as-host", f'"{name}" is no host name', hint="write it like api.liveperson.net")
    return {name.lower(), *(f"{name.lower()}:{each}" for each in (port, *USUAL_PORTS))}


def _is_local(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    local = parts.hostname in ("localhost", "127.0.0.1", "::1") and parts.username is None
    return local and parts.scheme in ("http", "https") and origin == f"{parts.scheme}://{parts.netloc}"


def _token_in(authorizations: Sequence[str]) -> str | None:
    if len(authorizations) != 1:
        return None
    scheme, _, token = authorizations[0].strip().partition(" ")
    return token.strip() or None if scheme.lower() == "jwt" else None
