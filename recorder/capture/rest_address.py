"""The address of a REST service: scheme, host and port, and the certificates to trust."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from recorder.errors import BadOption

from .destination import Destination, ProxyAddress

CONNECT_TIMEOUT_S = 15.0
_HOST = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class RestAddress(Destination):
    """A scheme, a host and a port. Plain ``http`` is for this machine only.

    Attributes:
        scheme: "http" or "https".
        netloc: host and port as they go into ``Host``.
        ca_file: PEM file of certificates trusted in addition to the system's.
        proxy: what the connection goes through; None: it is direct.
    """

    scheme: str
    netloc: str
    ca_file: Path | None = None
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    proxy: ProxyAddress | None = None

    @property
    def parts(self) -> SplitResult:
        """The address as a URL without path, split."""
        return SplitResult(self.scheme, self.netloc, "", "", "")

    def with_netloc(self, netloc: str) -> RestAddress | None:
        """The same scheme and options for another host; None if unusable."""
        if not is_netloc(netloc) or not (self.secure or is_loopback(netloc)):
            return None
        return replace(self, netloc=netloc)


def parse_rest_address(url: str, *, ca_file: Path | None = None) -> RestAddress:
    """Read an address as people type it, like ``https://api.liveperson.net``.

    Raises:
        BadOption: it is no address, holds more than host and port, or is plain HTTP to another machine.
    """
    scheme, _, netloc = url.partition("://")
    netloc = netloc.removesuffix("/")
    if scheme not in ("http", "https") or not is_netloc(netloc):
        raise BadOption(
            "--base", "it must be https:// and a host, and nothing more", hint="https://api.liveperson.net"
        )
    if scheme == "http" and not is_loopback(netloc):
        raise BadOption(
            "--base",
            "a token does not travel in clear text: http:// is for this machine only",
            hint=f"https://{netloc}",
        )
    return RestAddress(scheme=scheme, netloc=netloc, ca_file=ca_file)


def is_netloc(netloc: str) -> bool:
    """Whether this is a host, or a host and a port, as it stands in a URL."""
    try:
        return bool(_HOST.fullmatch(netloc)) and urlsplit(f"//{netloc}").port != 0
    except ValueError:  # a port above 65535, or brackets around what is no address
        return False


def is_loopback(netloc: str) -> bool:
    """Whether this host (a port may follow it) is this machine."""
    host = urlsplit(f"//{netloc}").hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
