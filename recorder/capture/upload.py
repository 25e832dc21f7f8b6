"""Upload a file to the service: one HTTP PUT to a given address."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from recorder.clock import RealClock
from recorder.errors import BadOption, CannotConnect

from .destination import ProxyAddress
from .rest import RestExchange
from .rest_address import RestAddress
from .transport import open_socket

TIMEOUT_S = 60.0
_TARGET = re.compile(r"/(?!/)[\x21-\x7e]*")


class FileNotStored(Exception):
    """The upload failed; the text says why in one sentence."""


def put_file(
    base_url: str,
    target: str,
    data: bytes,
    *,
    content_type: str,
    ca_file: Path | None = None,
    proxy: ProxyAddress | None = None,
) -> None:
    """Upload ``data`` to the path ``target`` (with its query) at the scheme, host and port of ``base_url``.

    Redirects are not followed. Request and response may take ``TIMEOUT_S``; connecting has its own timeout.

    Raises:
        FileNotStored: the service cannot be reached, or answered with an error status.
    """
    if not _TARGET.fullmatch(target):
        raise FileNotStored("the service gave a path that no request can carry")
    parts = urlsplit(base_url)
    address = RestAddress(scheme=parts.scheme, netloc=parts.netloc, ca_file=ca_file, proxy=proxy)
    clock = RealClock()
    try:
        with closing(open_socket(address, clock=clock)) as sock:
            exchange = RestExchange(address, sock, clock=clock, until_s=clock.now_s() + TIMEOUT_S)
            status, _ = exchange.run("PUT", target, data, content_type=content_type)
    except CannotConnect as problem:
        raise FileNotStored(f"{parts.netloc} did not take it: {problem.problem}") from None
    if not 200 <= status < 300:
        raise FileNotStored(f"{parts.netloc} answered {status}")


def check_upload_url(url: str) -> None:
    """Raise ``BadOption`` unless files can be uploaded to this URL."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in url or re.search(r"[^\x21-\x7e]", url):
        raise BadOption("upload_url", "it must be an address like https://host, without user or password")
