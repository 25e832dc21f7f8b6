"""Record through a proxy: what any client and a service say to each other, stored before it goes on."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Literal, TypedDict, Unpack

from recorder.capture.proxy.certificates import authority_context
from recorder.capture.proxy.listeners import ListenOptions
from recorder.capture.proxy.server import ProxyOptions, ProxyServer
from recorder.capture.proxy.upstream import parse_upstream
from recorder.clock import Clock, RealClock
from recorder.counted import counted, counted_was
from recorder.errors import BadOption, RecorderError, RecordingIncomplete, StorageFailed
from recorder.projection.derived.refresh import refresh_or_say
from recorder.runtime.listener import parse_listen_address, tls_context
from recorder.store.archive import Archive
from recorder.wire.payloads import Payload

from .archives import open_archive
from .option_values import reject_unknown_keywords
from .proxy_sessions import ProxySessions
from .queries import Notify, silent
from .record_session import SessionOptions
from .stop import NeverStop, Stop

OnStorageFailure = Literal["close", "passthrough"]


class ProxyKeywords(TypedDict, total=False):
    """The keyword arguments of ``proxy``.

    Attributes:
        tls_cert, tls_key: certificate and key (PEM) for what clients send; both or none.
        tls_ca: folder of a certificate authority of our own, made there if there is none, which issues them.
        ca_file: PEM file of certificates trusted in addition to the system's, towards the service.
        allow_remote: let other machines connect.
        allow_origins: origins of web pages that may connect, besides local ones.
        as_hosts: host names accepted besides local ones.
        rewrite_lookup: put the proxy's own addresses into answers to domain lookups.
        session_per_connection: a session for each WebSocket, rather than one for all.
        on_storage_failure: "close": end all connections; "passthrough": let bytes go on unstored.
        name, keep_secrets, secret_names: as in ``SessionOptions``.
    """

    tls_cert: Path | None
    tls_key: Path | None
    tls_ca: Path | None
    ca_file: Path | None
    allow_remote: bool
    allow_origins: Sequence[str]
    as_hosts: Sequence[str]
    rewrite_lookup: bool
    session_per_connection: bool
    on_storage_failure: OnStorageFailure
    name: str | None
    keep_secrets: bool
    secret_names: Sequence[str]


def proxy(
    upstream: str,
    *,
    archive: str,
    listen: str = "127.0.0.1:9001",
    deliver: Callable[[Sequence[Payload]], None] | None = None,
    may_deliver: Callable[[], bool] = lambda: True,
    stop: Stop | None = None,
    say: Notify = silent,
    on_listening: Callable[[str], None] = lambda address: None,
    **options: Unpack[ProxyKeywords],
) -> list[str]:
    """Record all that goes through the proxy until ``stop``; return the ids of the sessions.

    ``deliver`` is called with the payloads that have gone on, their secrets replaced as in the archive,
    while ``may_deliver`` says that it need not wait; ``on_listening`` with the URL at which the upstream is
    reached.

    Raises:
        BadOption: an option cannot be used; nothing was listened on.
        TypeError: there is no such keyword argument.
        RecordingIncomplete: bytes went on without being stored, as ``on_storage_failure`` allows.
        StorageFailed: the archive could not take a frame; nothing later went on.
    """
    reject_unknown_keywords(options, ProxyKeywords)
    chosen = _proxy_options(upstream, listen, options)
    stop = NeverStop() if stop is None else stop
    storage = SessionOptions(
        name=options.get("name"),
        keep_secrets=options.get("keep_secrets", False),
        secret_names=options.get("secret_names", ()),
    )
    clock = RealClock()
    with open_archive(archive, mode="write", create=True, say=say) as opened, ExitStack() as ending:
        sessions = ProxySessions(
            opened, storage, clock=clock, each=options.get("session_per_connection", False)
        )
        ending.callback(_refresh, opened, sessions, say)
        server = ending.enter_context(
            _serving(chosen, sessions, clock=clock, say=say, deliver=deliver, may_deliver=may_deliver)
        )
        stop.on_stop(server.stop)
        say(f"recording into {opened.where}")
        on_listening(f"{'ws' if chosen.listen.tls is None else 'wss'}://{server.address}")
        if not stop.is_set():
            server.run()
        _say_counts(server, sessions, say)
    if server.recorder.failure is not None:
        raise RecordingIncomplete(
            f"{counted(server.recorder.unstored_bytes, 'byte')} went on without being stored: "
            f"{server.recorder.failure}",
            hint="--on-storage-failure close lets nothing on that is not stored",
        )
    return sessions.ids


@contextmanager
def _serving(
    options: ProxyOptions,
    sessions: ProxySessions,
    *,
    clock: Clock,
    say: Notify,
    deliver: Callable[[Sequence[Payload]], None] | None,
    may_deliver: Callable[[], bool],
) -> Iterator[ProxyServer]:
    """A server that listens. However the block ends, the ends of the sessions are recorded, if possible."""
    try:
        server = ProxyServer(
            options, sessions, clock=clock, say=say, on_payloads=deliver, may_show=may_deliver
        )
        with closing(server):
            yield server
    except StorageFailed:
        raise
    except (RecorderError, KeyboardInterrupt) as ended:
        sessions.finish(complete=True, detail=str(ended) or "stopped")
        raise
    except BrokenPipeError:  # the reader of stdout is gone
        sessions.finish(complete=True, detail="stopped: nobody was reading the output any more")
        raise
    except BaseException as fault:
        sessions.finish(complete=False, detail=f"a fault of ours: {type(fault).__name__}")
        raise
    if server.recorder.failure is None:
        sessions.finish(complete=True, detail=None)


def _refresh(archive: Archive, sessions: ProxySessions, say: Notify) -> None:
    for session in sessions.ids:
        refresh_or_say(archive, session, say=say)


def _say_counts(server: ProxyServer, sessions: ProxySessions, say: Notify) -> None:
    say(f"{counted(sessions.frames, 'frame')} recorded")
    if server.recorder.unshown:
        unshown = counted_was(server.recorder.unshown, "payload")
        say(f"{unshown} not printed: the output was read too slowly")


def _proxy_options(upstream: str, listen: str, given: ProxyKeywords) -> ProxyOptions:
    allow_remote = given.get("allow_remote", False)
    host, port = parse_listen_address(listen, allow_remote=allow_remote)
    as_hosts = given.get("as_hosts", ())
    return ProxyOptions(
        upstream=parse_upstream(upstream, ca_file=given.get("ca_file")),
        listen=ListenOptions(
            host,
            port,
            tls=_tls(given, names=(host, *as_hosts)),
            allow_origins=given.get("allow_origins", ()),
            as_hosts=as_hosts,
            allow_remote=allow_remote,
        ),
        rewrite_lookup=given.get("rewrite_lookup", False),
        passthrough=given.get("on_storage_failure", "close") == "passthrough",
    )


def _tls(given: ProxyKeywords, *, names: Sequence[str]) -> ssl.SSLContext | None:
    certificate, key, authority = given.get("tls_cert"), given.get("tls_key"), given.get("tls_ca")
    if authority is not None:
        if certificate is not None or key is not None:
            raise BadOption("--tls-ca", "it makes the certificate itself: leave --tls-cert and --tls-key out")
        return authority_context(authority, names)
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise BadOption("--tls-cert, --tls-key", "give both or none of them")
    context = tls_context(certificate, key, option="--tls-cert, --tls-key")
    context.set_alpn_protocols(["http/1.1"])
    return context
