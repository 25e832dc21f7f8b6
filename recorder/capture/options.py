"""How a service is reached: URL, token, headers, certificates and timeouts, checked before anything goes out.

Opens no socket. No text made here contains the token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from recorder.counted import counted
from recorder.errors import BadOption

from .destination import ClientCertificate, Destination, ProxyAddress

MAX_PAYLOAD = 16 * 1024 * 1024
MOST_PAYLOAD = 47 * 1024 * 1024
"""The longest payload that an exported line holds in base64 (``formats/jsonl_frame``)."""
LONGEST_TIMEOUT_S = 3600.0

# The WebSocket upgrade writes these itself; a second one would contradict it or forge another request.
RESERVED_HEADERS = frozenset({"host", "connection", "upgrade", "content-length", "transfer-encoding"})
RESERVED_PREFIX = "sec-websocket-"

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 5.6.2
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_URL_FORBIDDEN = re.compile(r"[^\x21-\x7e]")


@dataclass(frozen=True, kw_only=True)
class ConnectOptions(Destination):
    """How to reach a service over WebSocket. Built once, where a command starts, and passed on whole.

    A value that cannot be used raises ``BadOption``.

    Attributes:
        url: ``ws://`` or ``wss://``, without user name, password or fragment; None until ``at`` names it.
        headers: extra request headers, in order, as name and value.
        subprotocols: offered in this order; the service must then choose one.
        token: sent as ``Authorization: jwt …`` unless ``init_connection``; never printed.
        init_connection: the caller sends the token in an InitConnection request; no header carries it.
        ping_interval_s: seconds between keep-alive pings; None for none.
        connect_timeout_s: for name, TCP, TLS and upgrade together.
        send_timeout_s: how long one frame may take to leave; after that the connection is failed.
        max_payload: longest payload taken, in bytes; a longer one ends the connection with 1009.
        ca_file: PEM file of certificates trusted in addition to the system's.
        insecure_tls: whether any certificate will do; there is nothing that vouches for the service then.
        client_certificate: shown to a service that asks who connects.
        host_header: value of the ``Host`` header; None: host and port of the URL.
        origin: value of the ``Origin`` header; None sends none.
        proxy: what the connection goes through; None: it is direct.
    """

    url: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    subprotocols: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)
    init_connection: bool = False
    ping_interval_s: float | None = 30.0
    connect_timeout_s: float = 15.0
    send_timeout_s: float = 30.0
    max_payload: int = MAX_PAYLOAD
    ca_file: Path | None = None
    insecure_tls: bool = False
    client_certificate: ClientCertificate | None = None
    host_header: str | None = None
    origin: str | None = None
    proxy: ProxyAddress | None = None

    def __post_init__(self) -> None:
        if self.url is not None:
            _check_url(self.url)
        for name, value in self.headers:
            _check_header(name, value)
        for subprotocol in self.subprotocols:
            _check_subprotocol(subprotocol)
        _check_token(self)
        _check_tls(self)
        _check_numbers(self)
        for option, written in (("--origin", self.origin), ("--host", self.host_header)):
            if written is not None and (not written or _URL_FORBIDDEN.search(written)):
                raise BadOption(option, "it may hold printable ASCII only, without spaces")

    def at(self, url: str, *, token: str | None, init_connection: bool = False) -> ConnectOptions:
        """These options for one URL and token; InitConnection if either asks for it."""
        return replace(self, url=url, token=token, init_connection=init_connection or self.init_connection)

    def check_token_given(self) -> None:
        """Raise ``BadOption`` if InitConnection is asked for and there is no token to send."""
        if self.init_connection and self.token is None:
            raise BadOption(
                "--init-connection", "it sends a token, and none was given", hint="add --token-env NAME"
            )

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no text may repeat: the token, and the password of the proxy."""
        password = None if self.proxy is None else self.proxy.password
        return tuple(filter(None, (self.token, password)))

    @property
    def parts(self) -> SplitResult:
        """The URL, split."""
        return urlsplit(self.url or "")

    @property
    def request_url(self) -> str:
        """The URL as the library needs it: it knows lower-case schemes only, and loses a path's ``;…``."""
        return self.parts._replace(path=self.parts.path.replace(";", "%3B")).geturl()

    def header_lines(self) -> list[str]:
        """The extra header lines of the upgrade request, the ``Authorization`` line first."""
        lines = [f"{name}: {value}" for name, value in self.headers]
        if self.token is not None and not self.init_connection:
            lines.insert(0, f"Authorization: jwt {self.token}")
        return lines


def _check_url(url: str) -> None:
    # urlsplit drops CR, LF and TAB in silence, so what it must not see is looked for first.
    if _URL_FORBIDDEN.search(url):
        raise BadOption(
            "URL",
            "it may hold printable ASCII only, without spaces",
            hint="percent-encode the path, and write an international host name in its xn-- form",
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise BadOption("URL", _url_problem(problem)) from None
    if parts.scheme not in ("ws", "wss"):
        raise BadOption("URL", "it must begin with ws:// or wss://", hint=_scheme_hint(parts))
    if not parts.hostname:
        raise BadOption("URL", "it names no host")
    if "@" in parts.netloc:
        raise BadOption("URL", "it may not hold a user name or password", hint="use --auth or a token")
    if "#" in url:
        raise BadOption("URL", "it may not hold a fragment (#...)", hint="write a literal # as %23")
    if port == 0:
        raise BadOption("URL", "port 0 cannot be connected to")


def _url_problem(problem: ValueError) -> str:
    """A sentence without the URL in it, which may hold secrets."""
    return (
        "its port is not a number from 1 to 65535" if "ort" in str(problem) else "it cannot be read as a URL"
    )


def _scheme_hint(parts: SplitResult) -> str | None:
    meant = {"http": "ws", "https": "wss"}.get(parts.scheme)
    return f"did you mean {meant}://?" if meant else None


def _check_header(name: str, value: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise BadOption("--header", "a header name may hold letters, digits and - only")
    if _UNSENDABLE.search(value):
        raise BadOption(
            "--header", f"the value of {name} holds a line break or another character no header can carry"
        )
    lowered = name.lower()
    if lowered in RESERVED_HEADERS or lowered.startswith(RESERVED_PREFIX):
        hint = {"sec-websocket-protocol": "use --subprotocol", "host": "use --host"}.get(lowered)
        raise BadOption("--header", f"{name} is written by the WebSocket upgrade itself", hint=hint)


def is_subprotocol(text: str) -> bool:
    """Whether a subprotocol may be called so (RFC 6455 4.1: a token of HTTP)."""
    return _TOKEN.fullmatch(text) is not None


def _check_subprotocol(subprotocol: str) -> None:
    if not is_subprotocol(subprotocol):
        raise BadOption("--subprotocol", "a subprotocol may hold letters, digits and - . _ only")


def _check_token(options: ConnectOptions) -> None:
    named = sum(name.lower() == "authorization" for name, _ in options.headers)
    if named > 1:
        raise BadOption("--header, --auth", "Authorization is given twice")
    if options.token is None:
        return
    if not options.token or _URL_FORBIDDEN.search(options.token):
        raise BadOption("token", "it is empty, or holds a space, a line break or a non-ASCII character")
    if named and not options.init_connection:
        raise BadOption("--header", "Authorization is given twice: as a header and by the token")


def _check_tls(options: ConnectOptions) -> None:
    if options.insecure_tls and options.ca_file is not None:
        raise BadOption("--insecure-tls, --ca-file", "give one of them: the first takes any certificate")
    if options.client_certificate is not None and options.url is not None and not options.secure:
        raise BadOption("--cert", "a certificate is shown to wss:// services only")


def _check_numbers(options: ConnectOptions) -> None:
    if options.ping_interval_s is not None and not 0 < options.ping_interval_s < float("inf"):
        raise BadOption("--ping-interval", "it must be greater than 0")
    for option, seconds in (
        ("--connect-timeout", options.connect_timeout_s),
        ("--send-timeout", options.send_timeout_s),
    ):
        if not 0 < seconds <= LONGEST_TIMEOUT_S:
            raise BadOption(option, f"more than 0 and at most an hour, not {seconds:g}s")
    if not 1 <= options.max_payload <= MOST_PAYLOAD:
        most = f"{MOST_PAYLOAD >> 20}MiB"
        raise BadOption("--max-payload", f"from 1 byte to {most}, not {counted(options.max_payload, 'byte')}")
