"""Record a session: every frame is in the archive before it is delivered or sent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Literal, Unpack

from recorder.capture.client import RecordingConnection
from recorder.capture.connect_attempt import ConnectAttempt
from recorder.capture.destination import ClientCertificate
from recorder.capture.interactive import ControlRequest, IdleWork, lines_of, run_interactive
from recorder.capture.options import ConnectOptions
from recorder.capture.tracker import ConnectionTracker
from recorder.clock import Clock, RealClock
from recorder.counted import counted
from recorder.errors import (
    CannotConnect,
    RecorderError,
    RecordingIncomplete,
    StorageFailed,
    error_of_system,
)
from recorder.messaging.envelopes import dump
from recorder.messaging.requests import init_connection as init_connection_request
from recorder.projection.derived.refresh import refresh_or_say
from recorder.redaction.redactor import Redactor
from recorder.redaction.subprotocols import subprotocol_secrets
from recorder.runtime.background import BackgroundTask
from recorder.runtime.waiter import Waiter, Waiting
from recorder.store.archive import Archive
from recorder.store.intake import Intake, IntakeOptions
from recorder.wire.endings import explained_ending
from recorder.wire.payloads import Payload
from recorder.wire.records import FrameSink, RecordedFrame

from .archives import open_archive
from .option_values import (
    ServiceKeywords,
    authorization_header,
    connect_options,
    local_url,
    reject_unknown_keywords,
    seconds_or_duration_s,
)
from .queries import Notify, silent
from .record_ending import AdmissionWatch, raise_unless_well_ended
from .stop import NeverStop, Stop

Durability = Literal["second", "full"]
_FOR_EVER = "-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOptions:
    """How a session is stored.

    Attributes:
        name: what people find it by, besides its id.
        keep_secrets: whether tokens and cookies are stored as they are, instead of replaced.
        secret_names: names of keys, parameters and headers whose values are replaced too.
        given_headers: names of the headers of ``--header``, whose values are replaced, but of harmless ones.
        durability: "second": power loss costs at most the last second; "full": nothing.
    """

    name: str | None = None
    keep_secrets: bool = False
    secret_names: Sequence[str] = ()
    given_headers: Sequence[str] = ()
    durability: Durability = "second"


@dataclass(slots=True)
class ActiveSession:
    """A session that is being recorded: its sink, its clock, and the numbers of its frames and connections.

    Attributes:
        redact: takes the secrets of the session out of a text that may quote its frames.
        add_secret: adds a secret that ``redact`` and the archive then replace.
        sink: stores the frames instead of ``intake``, if given.
    """

    intake: Intake
    clock: Clock
    began_s: float
    numbers: Iterator[int]
    connections: Iterator[int]
    redact: Callable[[str], str]
    add_secret: Callable[[str], None]
    sink: FrameSink | None = None

    def attempt(self, options: ConnectOptions, *, queueing: bool) -> ConnectAttempt:
        """The session's next connection, to be made in any thread; ``queueing``: as for ``TapSocket``."""
        return ConnectAttempt(
            options,
            connection=next(self.connections),
            numbers=self.numbers,
            began_s=self.began_s,
            clock=self.clock,
            sink=self.sink or self.intake,
            queueing=queueing,
            redact=self.redact,
        )

    def tracker(self, options: ConnectOptions) -> ConnectionTracker:
        """Records the session's next connection, whose bytes the caller passes in."""
        return ConnectionTracker(
            connection=next(self.connections),
            numbers=self.numbers,
            began_s=self.began_s,
            clock=self.clock,
            sink=self.intake,
            url=options.url,
            max_payload=options.max_payload,
        )

    def connect(self, options: ConnectOptions, *, stop: Stop) -> RecordingConnection:
        """Open the session's next connection. Raises ``CannotConnect``, once that is recorded.

        Connecting blocks, so it runs in a helper thread: ``stop`` ends it at once, with ``CannotConnect``.
        """
        attempt = self.attempt(options, queueing=False)
        making = BackgroundTask(attempt.connect, name="connect")
        try:
            with closing(making), closing(Waiter(RealClock())) as waiter:
                stop.on_stop(waiter.wake)
                while not making.done and not stop.is_set():
                    waiter.wait(Waiting(self.intake.check_due_s, (making,)))
                    self.intake.check_if_due()
                if not making.done:
                    raise CannotConnect(options.base_url, "stopped before the connection was made")
        except BaseException:
            attempt.give_up()
            raise
        return RecordingConnection(attempt)


@contextmanager
def recording(
    archive: Archive,
    *,
    source: str,
    options: SessionOptions,
    known_secrets: Iterable[str] = (),
    clock: Clock | None = None,
    say: Notify = silent,
) -> Iterator[ActiveSession]:
    """A new session. However the block ends, its end is recorded, unless storage failed.

    Then the derived tables are refreshed; ``say`` gets a remark if that fails. A ``RecorderError`` leaves the
    block without secrets, which it may hold because it quotes the service.

    Args:
        clock: gives the times of the records; the machine's clock if None.
    """
    clock = RealClock() if clock is None else clock
    redactor = Redactor(
        archive.redaction_key(),
        known=known_secrets,
        secret_names=options.secret_names,
        given_headers=options.given_headers,
    )
    intake = archive.begin_session(
        source=source,
        started_at_us=clock.wall_us(),
        clock=RealClock(),  # timeouts of the disk are never virtual
        name=options.name,
        options=IntakeOptions(
            redactor=redactor,
            keep_secrets=options.keep_secrets,
            durability="full" if options.durability == "full" else "barrier",
        ),
    )
    redact = str if options.keep_secrets else redactor.text
    try:
        yield ActiveSession(
            intake, clock, clock.now_s(), itertools.count(1), itertools.count(1), redact, redactor.add_secret
        )
    except StorageFailed:
        raise
    except (RecorderError, KeyboardInterrupt) as ended:
        if isinstance(ended, RecorderError):
            redact_error(ended, redact)
        # What came until then is all there; its end says what ended it.
        whole, let_in = not isinstance(ended, RecordingIncomplete), not isinstance(ended, CannotConnect)
        intake.finish(clock.wall_us(), complete=whole, detail=str(ended) or "stopped", let_in=let_in)
        if isinstance(ended, RecorderError):
            refresh_or_say(archive, intake.session, say=say)
        raise
    except BrokenPipeError:  # the reader of stdout is gone, as with `| head`
        intake.finish(clock.wall_us(), detail="stopped: nobody was reading the output any more")
        refresh_or_say(archive, intake.session, say=say)
        raise
    except OSError as problem:
        intake.finish(clock.wall_us(), complete=False, detail=str(error_of_system(problem)))
        raise
    except BaseException as fault:
        intake.finish(clock.wall_us(), complete=False, detail=f"a fault of ours: {type(fault).__name__}")
        raise
    intake.finish(clock.wall_us())
    refresh_or_say(archive, intake.session, say=say)


def redact_error(error: RecorderError, redact: Callable[[str], str]) -> None:
    """Apply ``redact`` to the sentence and every text attribute of this error."""
    for name, value in list(vars(error).items()):
        if isinstance(value, str):
            setattr(error, name, redact(value))
    error.args = (redact(str(error)),)


class RecordKeywords(ServiceKeywords, total=False):
    """The keyword arguments of ``record`` that describe how to connect, and how the session is stored.

    Attributes:
        subprotocols: offered in this order; the service must then choose one.
        ping_interval: time between keep-alive pings, like "30s", the default, or "30"; "0" for none.
        insecure_tls: take any certificate of the service.
        auth: "USER:PASSWORD", for an ``Authorization: Basic`` header.
        host: value of the ``Host`` header.
        client_certificate: shown to a service that asks who connects.
        show_control: gets every ping and pong that comes.
        name, keep_secrets, secret_names, durability: as in ``SessionOptions``.
        on_begin: told the id of the session before anything is connected.
    """

    subprotocols: Sequence[str]
    ping_interval: str
    insecure_tls: bool
    auth: str | None
    host: str | None
    client_certificate: ClientCertificate | None
    show_control: Callable[[RecordedFrame], None] | None
    name: str | None
    keep_secrets: bool
    secret_names: Sequence[str]
    durability: Durability
    on_begin: Callable[[str], None]


def stdin_lines() -> Iterator[str]:
    """The lines of standard input, a terminal or a pipe."""
    return lines_of(0)


def linger_words(linger: str) -> str:
    """How long is listened on after the last line, in words."""
    if linger == _FOR_EVER:
        return "until the service closes"
    return f"until nothing has come for {seconds_or_duration_s('--linger', linger):g}s"


def record(
    url: str,
    *,
    archive: str,
    lines: Iterable[str | ControlRequest],
    deliver: Callable[[Payload], None],
    echo: Callable[[Payload | RecordedFrame], None] | None = None,
    linger: str | None = "2s",
    stop: Stop | None = None,
    say: Notify = silent,
    **options: Unpack[RecordKeywords],
) -> str:
    """Connect, send each of ``lines``, pass payloads to ``deliver``; record it all; return the session id.

    After the last line it listens until nothing came for ``linger``, like "2s" or "2"; None or "-1": until
    the service closes. ``echo`` gets what of ``lines`` has left, as for ``run_interactive``.

    Raises:
        BadOption: an option cannot be used; nothing was connected.
        TypeError: there is no such keyword argument.
        CannotConnect: the service cannot be reached, or did not let us in: at the upgrade, or later by
            a close code.
        RecordingIncomplete: the service ended the connection before we did, without a Close frame or with
            a code that names an error; or a frame was cut short, or lines could not be sent. The rest is
            recorded.
        StorageFailed: the archive could not take a frame; nothing later was delivered.
    """
    stop = NeverStop() if stop is None else stop
    reject_unknown_keywords(options, RecordKeywords)
    if (auth := options.get("auth")) is not None:
        options["headers"] = (*options.get("headers", ()), authorization_header(auth))
    service = connect_options(
        local_url(url),
        options,
        subprotocols=options.get("subprotocols", ()),
        ping_interval=options.get("ping_interval", "30s"),
        insecure_tls=options.get("insecure_tls", False),
        host_header=options.get("host"),
        client_certificate=options.get("client_certificate"),
    )
    service.check_token_given()
    storage = SessionOptions(
        name=options.get("name"),
        keep_secrets=options.get("keep_secrets", False),
        secret_names=options.get("secret_names", ()),
        given_headers=tuple(name for name, _ in service.headers),
        durability=options.get("durability", "second"),
    )
    linger_s = None if linger is None or linger == _FOR_EVER else seconds_or_duration_s("--linger", linger)
    secrets = (*service.secrets, *subprotocol_secrets(service.subprotocols))
    with (
        open_archive(archive, mode="write", create=True, say=say) as opened,
        recording(opened, source="client", options=storage, known_secrets=secrets, say=say) as active,
    ):
        say(f"recording session {active.intake.session} into {opened.where}")
        options.get("on_begin", silent)(active.intake.session)
        connection = active.connect(service, stop=stop)
        connection.on_control = options.get("show_control")
        stop.on_stop(connection.wake_to_stop)
        say(f"connected to {service.base_url}")
        if service.insecure_tls and service.secure:
            say("its certificate was not checked (--insecure-tls): who it is, nothing proves")
        if service.init_connection:
            connection.send(dump(init_connection_request("0", service.token or "")))
        admission = AdmissionWatch(deliver)
        try:
            unsent = run_interactive(
                connection,
                lines=lines,
                deliver=admission.deliver,
                stopped=stop.is_set,
                clock=active.clock,
                linger_s=linger_s,
                idle=IdleWork(lambda: active.intake.check_due_s, active.intake.check_if_due),
                echo=echo,
            )
        finally:
            say(f"{counted(active.intake.frames, 'frame')} recorded")
            if connection.closed is not None:
                say(active.redact(explained_ending(connection.closed)))
        if connection.closed is not None and not stop.is_set():
            raise_unless_well_ended(
                service,
                connection.closed,
                let_in=admission.let_in,
                problem=active.intake.rows.completeness.problem,
                unsent=unsent,
                redact=active.redact,
            )
        return active.intake.session
