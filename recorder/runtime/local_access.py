"""Decide by Host and Origin whether a request to a server on this machine is meant for it.

A page from anywhere can make a browser connect to loopback. ``Host`` shows a foreign name that was made
to point here (DNS rebinding), ``Origin`` the page; both must be local, or allowed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from recorder.errors import BadOption

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
USUAL_PORTS = (80, 443)
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.IGNORECASE)


class LocalAccess:
    """Checks Host and Origin of every request to the server at ``host`` and ``port``.

    Args:
        allow_origins: origins of web pages that may connect, besides local ones.
        as_hosts: host names accepted besides local ones, with this port, 80, 443 or none.
        any_address: accept any IP address as the host: the server listens for other machines too. A foreign
            name that was made to point here is still refused.

    Raises:
        BadOption: one of ``as_hosts`` is no host name.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        allow_origins: Sequence[str] = (),
        as_hosts: Sequence[str] = (),
        any_address: bool = False,
    ) -> None:
        names = {*LOCAL_NAMES, f"[{host}]" if ":" in host else host}
        self._hosts = {f"{name}:{port}" for name in names}
        if port in USUAL_PORTS:
            self._hosts |= names
        for name in as_hosts:
            self._hosts |= _host_headers(name, port)
        self._allowed = frozenset(allow_origins)
        self._port = port
        self._any_address = any_address

    def refusal(self, *, hosts: Sequence[str], origins: Sequence[str]) -> str | None:
        """Why a request with these values of Host and Origin is refused; None if it is not."""
        if len(hosts) != 1 or not self.names_us(hosts[0]):
            return "Host must be localhost, 127.0.0.1 or [::1] with this port, or be allowed"
        if not all(self.allows_origin(origin) for origin in origins):
            return "Origin must be local, or be allowed"
        return None

    def names_us(self, host: str) -> bool:
        """Whether this value of Host means this server."""
        if host.lower() in self._hosts:
            return True
        return self._any_address and _is_address(host, self._port)

    def allows_origin(self, origin: str) -> bool:
        """Whether pages of this origin may connect."""
        return origin in self._allowed or is_local_origin(origin)


def is_local_origin(origin: str) -> bool:
    """Whether this is the origin of a page served by this machine."""
    try:
        parts = urlsplit(origin)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    local = parts.hostname in ("localhost", "127.0.0.1", "::1") and parts.username is None
    return local and parts.scheme in ("http", "https") and origin == f"{parts.scheme}://{parts.netloc}"


def _host_headers(name: str, port: int) -> set[str]:
    if not _NAME.fullmatch(name):
        raise BadOption("--as-host", f'"{name}" is no host name', hint="write it like api.liveperson.net")
    return {name.lower(), *(f"{name.lower()}:{each}" for each in (port, *USUAL_PORTS))}


def _is_address(host: str, port: int) -> bool:
    try:
        parts = urlsplit(f"//{host}")
        ipaddress.ip_address(parts.hostname or "")
        written = parts.port
    except ValueError:
        return False
    return written == port or (written is None and port in USUAL_PORTS)
