"""Connect a socket to the service: name lookup, TCP, a proxy, TLS. A failure is one sentence and a hint.

Proxies named in the environment are not used: a token goes to nobody but the service.
"""

from __future__ import annotations

import errno
import socket
import ssl
from contextlib import closing
from pathlib import Path
from typing import Any

from recorder.clock import Clock
from recorder.errors import BadOption, CannotConnect
from recorder.runtime.background import BackgroundTask
from recorder.runtime.selector import readable

from .destination import ClientCertificate, Destination
from .tunnel import open_tunnel

# A client that only reads does not notice a peer that vanished. With these the kernel does, within 25 s.
_SOCKET_OPTIONS = (
    ("IPPROTO_TCP", "TCP_NODELAY", 1),
    ("SOL_SOCKET", "SO_KEEPALIVE", 1),
    ("IPPROTO_TCP", "TCP_KEEPIDLE", 10),
    ("IPPROTO_TCP", "TCP_KEEPINTVL", 5),
    ("IPPROTO_TCP", "TCP_KEEPCNT", 3),
    ("IPPROTO_TCP", "TCP_USER_TIMEOUT", 25_000),
)

_TCP_FAILURES = {
    errno.ECONNREFUSED: ("nothing listens there", "is the service running, and is the port right?"),
    errno.EHOSTUNREACH: ("the host cannot be reached", "is the network up?"),
    errno.ENETUNREACH: ("its network cannot be reached", "is the network up?"),
    errno.ECONNRESET: ("it closed the connection at once", None),
}

# X509_V_ERR_... numbers, from OpenSSL's x509_vfy.h.
_CERTIFICATE_FAILURES = {
    9: ("its certificate is not valid yet", "is the clock of this machine right?"),
    10: ("its certificate has expired", "is the clock of this machine right?"),
    18: ("its certificate is self-signed", "trust it with --ca-file, if it is yours"),
    19: ("a self-signed certificate is in its chain", "trust its root with --ca-file, if it is yours"),
    20: ("its certificate comes from an unknown issuer", "trust the issuer with --ca-file, if it is yours"),
    21: ("its certificate comes from an unknown issuer", "trust the issuer with --ca-file, if it is yours"),
    62: ("its certificate is for another host", "use the name that the certificate is for"),
    64: ("its certificate is for another address", "use the name that the certificate is for"),
}

_TLS_FAILURES = {
    "WRONG_VERSION_NUMBER": (
        "it does not speak TLS",
        "is it plain, ws:// or http://, rather than encrypted?",
    ),
    "HTTP_REQUEST": ("it does not speak TLS", "is it plain, ws:// or http://, rather than encrypted?"),
    "UNSUPPORTED_PROTOCOL": ("it only speaks TLS older than 1.2", None),
    "TLSV1_ALERT_PROTOCOL_VERSION": ("it only speaks TLS older than 1.2", None),
}


def open_socket(
    options: Destination, *, clock: Clock, context: ssl.SSLContext | None = None
) -> socket.socket:
    """Return a connected, for ``wss`` encrypted and verified, non-blocking socket.

    ``context`` encrypts and verifies in place of one made for this call.

    Raises:
        CannotConnect: the name, TCP, proxy or TLS failed, or took longer than ``connect_timeout_s``.
        BadOption: the CA file or the client certificate cannot be used.
    """
    until_s = clock.now_s() + options.connect_timeout_s
    if not options.secure:
        context = None
    elif context is None:
        context = tls_context(options.ca_file, verified=not options.insecure_tls)
        if options.client_certificate is not None:
            _load_client_certificate(context, options.client_certificate)
    addresses = _look_up(options, left_s=until_s - clock.now_s())
    sock = _connect_any(addresses, options, clock=clock, until_s=until_s)
    try:
        if options.proxy is not None:
            open_tunnel(sock, options.proxy, options, clock=clock, until_s=until_s)
        if context is not None:
            sock.settimeout(max(until_s - clock.now_s(), 0.001))
            sock = _wrap(sock, context, options)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def tls_context(ca_file: Path | None, *, verified: bool = True) -> ssl.SSLContext:
    """TLS 1.2 or later, chain and host name verified; ``ca_file`` is trusted in addition to the system's.

    Without ``verified`` any certificate will do: whoever is on the way can read and change everything.

    Raises:
        BadOption: the CA file cannot be used.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # SSLKEYLOGFILE would let anybody who reads that file read the token. (typeshed forgets that None is off.)
    context.keylog_filename = None  # type: ignore[assignment]
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as problem:
            raise BadOption("--ca-file", _ca_file_problem(problem)) from None
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _load_client_certificate(context: ssl.SSLContext, client: ClientCertificate) -> None:
    try:  # an empty passphrase, rather than a prompt of OpenSSL's
        context.load_cert_chain(client.certificate, client.key, password=client.passphrase or "")
    except ssl.SSLError:
        words = "the passphrase is not that of the key, or certificate and key (PEM) do not belong together"
        if client.passphrase is None:
            words = "they are no certificate and its key, in PEM and without a passphrase"
        raise BadOption("--cert, --key", words) from None
    except OSError as problem:
        raise BadOption("--cert, --key", f"they cannot be read ({problem.strerror})") from None


def _ca_file_problem(problem: OSError) -> str:
    if isinstance(problem, ssl.SSLError):
        return "it holds no certificate in PEM form"
    return f"it cannot be read ({problem.strerror})"


def _look_up(options: Destination, *, left_s: float) -> list[tuple[Any, ...]]:
    """Resolve the host, or its proxy's, in a thread: getaddrinfo takes no timeout."""
    first = options.proxy or options

    def resolve() -> list[tuple[Any, ...]]:
        return list(socket.getaddrinfo(first.host, first.port, type=socket.SOCK_STREAM))

    with closing(BackgroundTask(resolve, name="look up the service")) as resolving:
        readable([resolving], max(left_s, 0.001))
        if not resolving.done:
            raise _too_slow(options, "its name was not resolved")
        try:
            return resolving.result()
        except (OSError, UnicodeError) as problem:
            raise CannotConnect(
                options.base_url,
                f'the host name "{first.host}"{_of_proxy(options)} cannot be resolved',
                hint="is it spelt right, and is the network up?",
            ) from problem


def _connect_any(
    addresses: list[tuple[Any, ...]], options: Destination, *, clock: Clock, until_s: float
) -> socket.socket:
    """Try the addresses in order, each with its share of the time that is left."""
    failure: OSError = TimeoutError()
    for place, (family, kind, protocol, _, address) in enumerate(addresses):
        share_s = (until_s - clock.now_s()) / (len(addresses) - place)
        sock = socket.socket(family, kind, protocol)
        try:
            _set_options(sock)
            sock.settimeout(max(share_s, 0.001))
            sock.connect(address)
        except OSError as problem:
            sock.close()
            failure = problem
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    if isinstance(failure, TimeoutError):
        raise _too_slow(options, f"{_who_answers(options)} did not answer")
    usual = (failure.strerror or "the connection failed", None)
    words, hint = _TCP_FAILURES.get(failure.errno or 0, usual)
    if options.proxy is not None:
        words, hint = (
            f"its proxy {options.proxy.base_url}: {words}",
            "is the proxy running, and --proxy right?",
        )
    raise CannotConnect(options.base_url, words, hint=hint) from failure


def _who_answers(options: Destination) -> str:
    return "it" if options.proxy is None else f"its proxy {options.proxy.base_url}"


def _of_proxy(options: Destination) -> str:
    return "" if options.proxy is None else " of its proxy"


def notice_dead_peer(sock: socket.socket) -> None:
    """Have the kernel find out within 25 s that the peer of an idle connection is gone.

    A peer that is there and does not read is waited for: it may be stopped in a debugger.
    """
    for level, name, value in _SOCKET_OPTIONS:
        if hasattr(socket, name) and name != "TCP_USER_TIMEOUT":
            sock.setsockopt(getattr(socket, level), getattr(socket, name), value)


def _set_options(sock: socket.socket) -> None:
    for level, name, value in _SOCKET_OPTIONS:
        if hasattr(socket, name):  # the last ones are not known everywhere
            sock.setsockopt(getattr(socket, level), getattr(socket, name), value)


def _wrap(sock: socket.socket, context: ssl.SSLContext, options: Destination) -> socket.socket:
    try:
        return context.wrap_socket(sock, server_hostname=options.host)
    except TimeoutError:
        raise _too_slow(options, "it did not finish the TLS handshake") from None
    except ssl.SSLCertVerificationError as problem:
        usual = ("its certificate cannot be trusted", None)
        words, hint = _CERTIFICATE_FAILURES.get(problem.verify_code, usual)
        raise CannotConnect(options.base_url, words, hint=hint) from problem
    except ssl.SSLError as problem:
        words, hint = _TLS_FAILURES.get(problem.reason or "", ("the TLS handshake failed", None))
        raise CannotConnect(options.base_url, words, hint=hint) from problem
    except OSError as problem:
        raise CannotConnect(options.base_url, "it broke off the TLS handshake") from problem


def _too_slow(options: Destination, problem: str) -> CannotConnect:
    return CannotConnect(
        options.base_url,
        f"{problem} within {options.connect_timeout_s:g} s",
        hint="is the network up? --connect-timeout waits longer",
    )
