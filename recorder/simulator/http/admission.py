"""Decide from a request's head who may use the simulator: Host, Origin, path and Authorization."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote

from recorder.runtime.local_access import LocalAccess

from ..protocol.request_parser import RequestRefused

CONSUMER_PATH = re.compile(r"/ws_api/account/([^/]+)/messaging/consumer")


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
        self._access = LocalAccess(host, port, allow_origins=allow_origins, as_hosts=as_hosts)

    def check_headers(self, *, hosts: Sequence[str], origins: Sequence[str]) -> None:
        """Check all values of the headers Host and Origin. Raises ``RequestRefused``, 403."""
        if (refusal := self._access.refusal(hosts=hosts, origins=origins)) is not None:
            raise RequestRefused(403, refusal)

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


def _token_in(authorizations: Sequence[str]) -> str | None:
    if len(authorizations) != 1:
        return None
    scheme, _, token = authorizations[0].strip().partition(" ")
    return token.strip() or None if scheme.lower() == "jwt" else None
