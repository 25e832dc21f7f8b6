"""Who may see a page that is served on this machine, and what each request is answered.

Every program on this machine, and every web page in its browsers, can send requests to loopback. So the page
is shown to one browser: the first that opens the address with the token in it gets a cookie, and without that
cookie nothing is answered. The page has a path of its own, so that the cookie, which browsers send to all
ports of a host, is sent to this page alone.
"""

from __future__ import annotations

import re
import secrets
from http import HTTPStatus
from typing import Protocol

from recorder.report.session_page.served import SERVED_POLICY
from recorder.runtime.http.messages import Headers, HttpRequest, HttpResponse
from recorder.runtime.local_access import LocalAccess

COOKIE = "recorder_view"
_NOWHERE = "default-src 'none'; frame-ancestors 'none'"
_HEADERS: Headers = (
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
)
_VERSION = re.compile(r"[0-9]{1,9}")
_BLOCK = re.compile(r"block/([0-9]{1,9})/([a-z0-9-]{1,40})")


class PageParts(Protocol):
    """A page as it is asked for; ``GrowingPage`` is one."""

    @property
    def html(self) -> bytes:
        """The page itself."""

    def newer(self, version: int | None) -> bytes | None:
        """What is newer than a version, as JSON; None if nothing is."""

    def block(self, version: int, name: str) -> bytes | None:
        """A block of the page that was made in a version; None if it is not there."""


class PageRequests:
    """Answers requests with the page, with what is newer than a version of it, or with a block.

    Args:
        access: decides by Host.
        page: what is shown.
    """

    def __init__(self, access: LocalAccess, page: PageParts) -> None:
        self._access, self._page = access, page
        self._token: str | None = secrets.token_urlsafe(24)
        self._cookie = secrets.token_urlsafe(24)
        self._place = f"/{secrets.token_urlsafe(12)}/"
        self.first_target = f"/?token={self._token}"
        """Where the page is opened for the first time."""

    def respond(self, request: HttpRequest) -> HttpResponse:
        """The response: 403 and one sentence unless the browser asks that opened the page."""
        refusal = self._foreign(request)
        if refusal is not None:
            return _sentence(403, refusal)
        token = request.query("token") if request.path == "/" else None
        if token is not None and request.method == "GET":
            return self._first_visit(token)
        if not request.path.startswith(self._place) or not self._is_known(request):
            return _sentence(403, "Open this page by the address that recorder view printed")
        if request.method not in ("GET", "HEAD"):
            return _sentence(405, "This page is only read", ("allow", "GET, HEAD"))
        return self._answer(request, request.path.removeprefix(self._place))

    def _foreign(self, request: HttpRequest) -> str | None:
        hosts, origins = request.values("host"), request.values("origin")
        if len(hosts) != 1 or not self._access.names_us(hosts[0]):
            return "Host must be localhost, 127.0.0.1 or [::1], with this port"
        if any(origin != f"http://{hosts[0]}" for origin in origins):
            return "Origin must be this page's own"
        return None

    def _first_visit(self, token: str) -> HttpResponse:
        if self._token is None:
            return _sentence(403, "This address opens once, and was opened: recorder view prints another")
        if not _same(token, self._token):
            return _sentence(403, "The token in this address is not the one that recorder view printed")
        self._token = None
        cookie = f"{COOKIE}={self._cookie}; Path={self._place}; HttpOnly; SameSite=Strict"
        return _response(303, b"", ("location", self._place), ("set-cookie", cookie))

    def _is_known(self, request: HttpRequest) -> bool:
        cookies = [each.strip() for value in request.values("cookie") for each in value.split(";")]
        return any(_same(cookie, f"{COOKIE}={self._cookie}") for cookie in cookies)

    def _answer(self, request: HttpRequest, path: str) -> HttpResponse:
        if path == "":
            return _response(200, self._page.html, ("content-type", "text/html; charset=utf-8"))
        if path == "data":
            after = request.query("after") or ""
            newer = self._page.newer(int(after) if _VERSION.fullmatch(after) else None)
            if newer is None:
                return _response(204, b"")
            return _response(200, newer, ("content-type", "application/json"))
        if found := _BLOCK.fullmatch(path):
            block = self._page.block(int(found[1]), found[2])
            if block is not None:
                return _response(200, block, ("content-type", "application/octet-stream"))
        return _sentence(404, "There is nothing here")


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _sentence(status: int, sentence: str, *headers: tuple[str, str]) -> HttpResponse:
    text = ("content-type", "text/plain; charset=utf-8")
    return _response(HTTPStatus(status), f"{sentence}.\n".encode(), text, *headers)


def _response(status: int, body: bytes, *headers: tuple[str, str]) -> HttpResponse:
    is_page = status == HTTPStatus.OK and any(value.startswith("text/html") for _, value in headers)
    policy = f"{SERVED_POLICY}; frame-ancestors 'none'" if is_page else _NOWHERE
    return HttpResponse(status, (*_HEADERS, ("content-security-policy", policy), *headers), body)
