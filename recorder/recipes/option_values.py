"""Options as people type them, turned into values: durations, headers, and how a service is reached."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict, TypeVar

from recorder.documents import parse_duration
from recorder.errors import BadOption

if TYPE_CHECKING:
    from recorder.capture.destination import ClientCertificate
    from recorder.capture.options import ConnectOptions

_Value = TypeVar("_Value", int, float)
_BYTES: Final = re.compile(r"([0-9]{1,12})[ ]?(B|KiB|MiB|GiB)?", re.ASCII)
_BARE_NUMBER: Final = re.compile(r"[0-9]{0,9}(\.[0-9]{1,9})?", re.ASCII)
_UNITS: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class TransportKeywords(TypedDict, total=False):
    """How a service is reached, as people type it. What is None is as in ``ConnectOptions``.

    Attributes:
        init_connection: send tokens in an InitConnection request.
        headers: "Name: value" each, for the upgrade request.
        ca_file: PEM file of certificates trusted in addition to the system's.
        origin: value of the ``Origin`` header.
        proxy: "http://…" or "socks5://…", with host, port, and user and password where it wants them.
        connect_timeout: like "15s": for name, TCP, proxy, TLS and upgrade together.
        send_timeout: like "30s": how long one frame may take to leave.
        max_payload: bytes of the longest payload taken, like "16MiB".
    """

    init_connection: bool
    headers: Sequence[str]
    ca_file: Path | None
    origin: str | None
    proxy: str | None
    connect_timeout: str | None
    send_timeout: str | None
    max_payload: str | None


class ServiceKeywords(TransportKeywords, total=False):
    """How a service is reached, and as whom.

    Attributes:
        token: sent in the ``Authorization`` header, or with ``init_connection`` in a first request.
    """

    token: str | None


def connect_options(
    url: str | None,
    given: ServiceKeywords,
    *,
    subprotocols: Sequence[str] = (),
    ping_interval: str = "30s",
    insecure_tls: bool = False,
    host_header: str | None = None,
    client_certificate: ClientCertificate | None = None,
) -> ConnectOptions:
    """The parsed form of these keywords; a ``ping_interval`` of "0" sends no pings.

    Raises:
        BadOption: one of them cannot be used.
    """
    from recorder.capture.destination import parse_proxy
    from recorder.capture.options import ConnectOptions

    proxy = given.get("proxy")
    usual = ConnectOptions()
    return ConnectOptions(
        url=url,
        headers=tuple(_header(written) for written in given.get("headers", ())),
        subprotocols=tuple(subprotocols),
        token=given.get("token"),
        init_connection=given.get("init_connection", False),
        ping_interval_s=seconds_or_duration_s("--ping-interval", ping_interval) or None,
        connect_timeout_s=_given_or(
            usual.connect_timeout_s, duration_s, "--connect-timeout", given.get("connect_timeout")
        ),
        send_timeout_s=_given_or(
            usual.send_timeout_s, duration_s, "--send-timeout", given.get("send_timeout")
        ),
        max_payload=_given_or(usual.max_payload, bytes_of, "--max-payload", given.get("max_payload")),
        ca_file=given.get("ca_file"),
        insecure_tls=insecure_tls,
        host_header=host_header,
        client_certificate=client_certificate,
        origin=given.get("origin"),
        proxy=None if proxy is None else parse_proxy(proxy),
    )


def given_for_services(given: TransportKeywords) -> tuple[str, ...]:
    """The options among these that no simulator minds, as they are typed."""
    return tuple(option for name, option in _SERVICE_OPTIONS.items() if given.get(name))


_SERVICE_OPTIONS = {
    "headers": "--header",
    "ca_file": "--ca-file",
    "origin": "--origin",
    "proxy": "--proxy",
    "connect_timeout": "--connect-timeout",
    "send_timeout": "--send-timeout",
    "max_payload": "--max-payload",
}


def _given_or(usual: _Value, read: Callable[[str, str], _Value], option: str, written: str | None) -> _Value:
    return usual if written is None else read(option, written)


def _header(written: str) -> tuple[str, str]:
    name, colon, value = written.partition(":")
    if not colon:
        raise BadOption("--header", "it needs a colon between name and value", hint="--header 'Name: value'")
    return name.strip(), value.strip()


def authorization_header(written: str) -> str:
    """``USER:PASSWORD`` as a header line (RFC 7617 2). Raises ``BadOption``."""
    if ":" not in written:
        raise BadOption("--auth", "it needs a colon between user and password", hint="--auth USER:PASSWORD")
    return f"Authorization: Basic {b64encode(written.encode()).decode()}"


def local_url(url: str) -> str:
    """The URL, with ``ws://`` before ``localhost:8080``: that never leaves this machine."""
    from recorder.runtime.listener import is_loopback  # it imports ssl, which reading commands do without

    host = "[::1]" if url.startswith("[::1]") else re.split(r"[:/?]", url)[0]
    is_local = host in ("localhost", "[::1]") or is_loopback(host)
    return f"ws://{url}" if is_local and "://" not in url else url


def reject_unknown_keywords(given: Mapping[str, object], known: type) -> None:
    """Raise ``TypeError`` for a keyword argument that the ``TypedDict`` ``known`` does not name."""
    if unknown := given.keys() - known.__annotations__.keys():
        raise TypeError(f"unexpected keyword argument: {', '.join(sorted(unknown))}")


def duration_s(option: str, written: str) -> float:
    """A duration like "2s" in seconds. Raises ``BadOption``, which names ``option``."""
    try:
        return parse_duration(written)
    except ValueError as problem:
        raise BadOption(option, str(problem)) from None


def seconds_or_duration_s(option: str, written: str) -> float:
    """As ``duration_s``, where a number without a unit means seconds, as other WebSocket prompts take it."""
    bare = _BARE_NUMBER.fullmatch(written.strip())
    return duration_s(option, f"0{bare[0]}s" if bare is not None and bare[0] else written)


def bytes_of(option: str, written: str) -> int:
    """A number of bytes like "65536", "64KiB" or "16MiB". Raises ``BadOption``, which names ``option``."""
    match = _BYTES.fullmatch(written.strip())
    if match is None:
        raise BadOption(
            option, f'"{written[:60]}" is no number of bytes', hint='like "65536", "64KiB" or "16MiB"'
        )
    return int(match[1]) * _UNITS[match[2] or "B"]
