"""Hand a file over to the service: one HTTP PUT to an address that was given, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from recorder.clock import RealClock
from recorder.errors import BadOption, CannotConnect

from .rest import Exchange, RestAddress
from .transport import reach

TIMEOUT_S = 60.0
_TARGET = re.compile(r"/(?!/)[\x21-\x7e]*")


class NotTaken(Exception):
    """The file is not there now; says why in one sentence."""


def put_file(
    base_url: str, target: str, data: bytes, *, content_type: str, ca_file: Path | None = None
) -> None:
    """Upload ``data`` to the path ``target`` (with its query) at the scheme, host and port of ``base_url``.

    No redirect is followed: what a service answers can name no other host. All of it may take
    ``TIMEOUT_S``, but the connecting.

    Raises:
        NotTaken: the service is not there, or does not want it.
    """
    if not _TARGET.fullmatch(target):
        raise NotTaken("the service gave a path that no request can carry")
    place = urlsplit(base_url)
    address = RestAddress(secure=place.scheme == "https", netloc=place.netloc, ca_file=ca_file)
    clock = RealClock()
    try:
        sock = reach(address, clock=clock)
        try:
            putting = Exchange(address, sock, clock=clock, until_s=clock.now_s() + TIMEOUT_S)
            status, _ = putting.exchange("PUT", target, data, content_type=content_type)
        finally:
            sock.close()
    except CannotConnect as problem:
        raise NotTaken(f"{place.netloc} did not take it: {problem.problem}") from None
    if not 200 <= status < 300:
        raise NotTaken(f"{place.netloc} answered {status}")


def check_upload_url(url: str) -> None:
    """Return if files can be handed over there. Raises ``BadOption``."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in url or re.search(r"[^\x21-\x7e]", url):
        raise BadOption("upload_url", "it must be an address like https://host, without user or password")
