"""Which addresses and payloads are those of LivePerson's messaging service, among others in one capture."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from urllib.parse import SplitResult, urlsplit

from .envelopes import Notification, Request, Response, parse

_UMS_PATH = re.compile(r"/ws_api/account/[^/]+/messaging/")
# Besides the ways to a token: LivePerson's other services, and files in its storage.
_UMS_REST_PATH = re.compile(r"/(?:api|csdr|ws_api)/account/[^/]+/|/messaging_history/api/|/v1/AUTH_")
_UMS_HOST = re.compile(r"(?:.+\.)?(?:liveperson|lpsnmedia)\.net")
_KINDS = ("req", "resp", "notification")
_GLOB = frozenset("*?[")


def is_ums_url(url: str) -> bool:
    """Whether a WebSocket to this address is one of the messaging service: told by its path, or its host."""
    parts = _split(url)
    return _UMS_PATH.match(parts.path) is not None or _is_liveperson(parts)


def is_ums_rest_url(url: str) -> bool:
    """Whether an HTTP request to this address is one to the messaging service: told by its path."""
    return _UMS_REST_PATH.match(_split(url).path) is not None


def is_envelope(payload: bytes) -> bool:
    """Whether this is an envelope that says of itself which kind it is."""
    envelope = parse(payload, from_client=True)
    if not isinstance(envelope, Request | Response | Notification):
        return False
    return envelope.raw.get("kind") in _KINDS


def is_ums(url: str | None, payloads: Iterable[bytes]) -> bool:
    """Whether a WebSocket to this address, with these first payloads, speaks to the messaging service."""
    return (url is not None and is_ums_url(url)) or any(is_envelope(payload) for payload in payloads)


def matches_url(pattern: str, url: str | None) -> bool:
    """Whether ``--url PATTERN`` chooses this address: a part of it, or all of it with ``*``, ``?``, ``[…]``.

    Letter case does not matter.
    """
    if url is None:
        return False
    if _GLOB.isdisjoint(pattern):
        return pattern.lower() in url.lower()
    return re.fullmatch(translate(pattern.lower()), url.lower()) is not None


def _is_liveperson(parts: SplitResult) -> bool:
    return _UMS_HOST.fullmatch((parts.netloc.rpartition("@")[2].partition(":")[0]).lower()) is not None


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # brackets around what is no address
        return SplitResult("", "", "", "", "")
