"""Where a server of ours listens: for this machine only, unless it was asked in words to let others in."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from pathlib import Path

from recorder.errors import BadOption


def parse_listen_address(listen: str, *, allow_remote: bool = False) -> tuple[str, int]:
    """``"127.0.0.1:8765"``, ``"[::1]:8765"``, ``"localhost:0"`` or ``"8765"`` → host and port.

    Raises:
        BadOption: it has another form, or is no loopback address; with ``allow_remote`` any IP address does.
    """
    host, _, port = listen.rpartition(":")
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) < 65536):
        raise BadOption("--listen", f'"{listen}" has no port', hint="write it like 127.0.0.1:8765")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    return (any_address(host) if allow_remote else loopback_address(host)), int(port)


def loopback_address(host: str) -> str:
    """The loopback address of ``host``: itself, or 127.0.0.1 for ``localhost``.

    Raises:
        BadOption: it is no loopback address.
    """
    if host.lower() == "localhost":
        return "127.0.0.1"
    if not is_loopback(host):
        raise BadOption(
            "--listen",
            f'it listens for this machine only, not on "{host}"',
            hint="use 127.0.0.1 or [::1]",
        )
    return host


def any_address(host: str) -> str:
    """The address of ``host``: itself, or 127.0.0.1 for ``localhost``.

    Raises:
        BadOption: it is no IP address.
    """
    if host.lower() == "localhost":
        return "127.0.0.1"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise BadOption(
            "--listen", f'"{host}" is no IP address', hint="use one of this machine, or 0.0.0.0 for all"
        ) from None
    return host


def is_loopback(host: str) -> bool:
    """Whether this is a loopback address, written as numbers."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bind_listener(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes any that is free.

    Raises:
        BadOption: the address is taken or cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol given, asyncio sees that it is TCP and turns Nagle's algorithm (40 ms delay) off.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()
    except OSError as problem:
        listening.close()
        why = problem.strerror or str(problem)
        raise BadOption(
            "--listen",
            f"cannot listen on {host} port {port}: {why.lower()}",
            hint="port 0 takes any that is free",
        ) from None
    return listening


def tls_context(certificate: Path, key: Path, *, option: str = "--certificate, --key") -> ssl.SSLContext:
    """A server-side TLS context from a certificate and its key, both in PEM; never asks for a pass phrase.

    Raises:
        BadOption: a file cannot be read, holds something else, or the two do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password="")  # none, rather than a prompt
    except ssl.SSLError:
        raise BadOption(
            option,
            f"{certificate} and {key} are no certificate and its key, in PEM and without a pass phrase",
        ) from None
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise BadOption(option, f"cannot read {certificate} and {key}: {reason}") from None
    return context
