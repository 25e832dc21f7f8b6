"""Where a socket is opened: host and port of a URL, and the proxy on the way. Opens none itself."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from recorder.errors import BadOption

DEFAULT_PORTS = {"ws": 80, "wss": 443, "http": 80, "https": 443}
PROXY_SCHEMES = ("http", "socks5", "socks5h")

_SCHEMES = "it must begin with http://, socks5:// or socks5h://"
_PROXY_URL_FORBIDDEN = re.compile(r"[^\x21-\x7e]")
_LONGEST_CREDENTIAL = 255  # bytes, RFC 1929 2


class Destination(ABC):
    """Where a socket is opened: the host and port of ``parts``, which is a URL, split.

    Attributes:
        ca_file: PEM file of certificates trusted in addition to the system's.
        insecure_tls: whether any certificate will do.
        client_certificate: shown to a service that asks who connects.
        connect_timeout_s: for name, TCP, proxy and TLS together.
        proxy: what the connection goes through; None: it is direct.
    """

    ca_file: Path | None
    connect_timeout_s: float
    proxy: ProxyAddress | None
    insecure_tls: bool = False
    client_certificate: ClientCertificate | None = None

    @property
    @abstractmethod
    def parts(self) -> SplitResult:
        """The URL, split."""

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.parts.scheme in ("wss", "https")

    @property
    def host(self) -> str:
        """The host, without brackets around an IPv6 address."""
        return self.parts.hostname or ""

    @property
    def port(self) -> int:
        """The port, given or usual."""
        return self.parts.port or DEFAULT_PORTS[self.parts.scheme]

    @property
    def base_url(self) -> str:
        """Scheme, host and port: what error texts show, because path and query may hold secrets."""
        return f"{self.parts.scheme}://{self.parts.netloc}"


@dataclass(frozen=True, kw_only=True)
class ClientCertificate:
    """What proves to a service who connects: a certificate and its key, PEM files.

    Attributes:
        key: None where the file of the certificate holds the key too.
        passphrase: what the key is encrypted with; never asked for here.
    """

    certificate: Path
    key: Path | None = None
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class ProxyAddress:
    """A proxy that opens connections for others: by HTTP's CONNECT, or by SOCKS5 (RFC 1928).

    It is given host names as they are, and looks them up itself. No text made here holds its password.

    Attributes:
        scheme: "http", "socks5" or "socks5h".
        user, password: None where it wants no login.
    """

    scheme: str
    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def base_url(self) -> str:
        """Scheme, host and port: what error texts show."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse_proxy(url: str) -> ProxyAddress:
    """Read an address like ``socks5://user:password@host:1080``; user and password percent-encoded.

    Raises:
        BadOption: it is no address of a proxy.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise BadOption("--proxy", "it cannot be read as a URL") from None
    if _PROXY_URL_FORBIDDEN.search(url):
        raise BadOption("--proxy", "it may hold printable ASCII only", hint="percent-encode the password")
    if parts.scheme not in PROXY_SCHEMES:
        inside = "what goes through it to a wss:// service is encrypted all the same"
        raise BadOption("--proxy", _SCHEMES, hint=inside if parts.scheme == "https" else None)
    if not host or not port:
        raise BadOption("--proxy", "it must name a host and a port", hint=f"{parts.scheme}://host:1080")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise BadOption("--proxy", "it may hold user, password, host and port only")
    user, password = _credentials(parts)
    return ProxyAddress(scheme=parts.scheme, host=host, port=port, user=user, password=password)


def _credentials(parts: SplitResult) -> tuple[str | None, str | None]:
    if parts.username is None and parts.password is None:
        return None, None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not user or not password:
        raise BadOption("--proxy", "a user needs a password, and a password a user")
    if not (user + password).isascii() or ":" in user:
        raise BadOption("--proxy", "user and password may hold ASCII only, and the user no colon")
    if max(len(user), len(password)) > _LONGEST_CREDENTIAL:
        raise BadOption("--proxy", f"user and password may have {_LONGEST_CREDENTIAL} characters each")
    return user, password
