"""Replay: play a scripted consumer against the service or the simulator; run the simulator on its own."""

from __future__ import annotations

import os
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from recorder.capture.client import RecordingConnection
from recorder.capture.options import ConnectOptions
from recorder.documents import read_document
from recorder.errors import BadOption, BadScript, ExpectationFailed
from recorder.receipts.queries import MessageView
from recorder.replay.driver import drive
from recorder.replay.outcome import Outcome, StepResult
from recorder.replay.player import Player
from recorder.replay.script import Script, load
from recorder.simulator.agent import AgentScript, read_agent
from recorder.simulator.server import SimulatorServer
from recorder.simulator.server import run as run_simulator

from .looking import Say, messages, open_archive, silent
from .recording import connect_options, recording
from .stopping import NeverStop, Stop, WaitableStop

FROM_SCRIPT = "script"
"""What ``url`` may be instead of an address: the one in the script's ``consumer`` section."""

SIMULATED_CONSUMER = "00000000-0000-4000-8000-00000c0a5e12"
"""Who the consumer is, against the built-in simulator."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a replay.

    Attributes:
        session: id of the recorded session.
        messages: its messages with their receipts, folded from the recorded frames.
        outcome: step by step; None if it was stopped before the end.
    """

    session: str
    messages: list[MessageView]
    outcome: Outcome | None

    def raise_if_failed(self) -> None:
        """Return if everything came out as the script says.

        Raises:
            ExpectationFailed: it did not; says what was seen instead.
        """
        if self.outcome is not None and self.outcome.failure is not None:
            raise ExpectationFailed(
                self.outcome.failure, hint=f"the session is recorded: recorder message list {self.session}"
            )


def replay(
    script: Path | str,
    *,
    archive: str,
    url: str | None = None,
    token: str | None = None,
    init_connection: bool = False,
    headers: Sequence[str] = (),
    ca_file: Path | None = None,
    variables: Sequence[str] = (),
    keep_secrets: bool = False,
    name: str | None = None,
    stop: Stop | None = None,
    say: Say = silent,
) -> Played:
    """Play a script, record it, and return what came of it.

    Without ``url`` the built-in simulator is started for it, with the script's agent; ``url`` "script"
    takes the one the script names. ``variables`` are "NAME=value" for ``${NAME}``, before the environment.

    Raises:
        BadScript, BadOption: it cannot be played as written or asked for; nothing was connected.
        CannotConnect, StorageFailed: as for ``record``.
    """
    stop = NeverStop() if stop is None else stop
    known = {**os.environ, **_variables(variables)}
    read = load(_text(Path(script)), file=str(script), variables=known)
    for note in read.notes:
        say(note)
    with _service(read, url, token, init_connection, known) as (address, as_token, in_payload):
        options = connect_options(
            address, token=as_token, init_connection=in_payload, headers=headers, ca_file=ca_file
        )
        return _play(
            read,
            options,
            archive=archive,
            name=name or read.name,
            keep_secrets=keep_secrets,
            stop=stop,
            say=say,
        )


def _play(
    script: Script,
    options: ConnectOptions,
    *,
    archive: str,
    name: str,
    keep_secrets: bool,
    stop: Stop,
    say: Say,
) -> Played:
    secrets = () if options.token is None else (options.token,)
    outcome: Outcome | None = None
    with open_archive(archive, mode="write", create=True, say=say) as opened:
        with recording(
            opened, source="replay", name=name, known_secrets=secrets, keep_secrets=keep_secrets, say=say
        ) as session:
            player = Player(
                script,
                token=options.token,
                init_connection=options.init_connection,
                on_step=lambda result: say(session.blank(_step_line(result))),
            )
            say(f"playing {script.name}: {len(script.steps)} steps against {options.place}")

            def connect() -> RecordingConnection:
                connection = session.connect(options)
                stop.on_stop(connection.wake)
                return connection

            outcome = drive(player, connect=connect, clock=session.clock, stopped=stop.is_set)
            outcome = _blanked(outcome, session.blank)
        _report(outcome, say)
        session_id, listed = messages(opened, session.intake.session)
    return Played(session_id, listed, None if stop.is_set() else outcome)


def _step_line(result: StepResult) -> str:
    took_s = (result.ended_s or 0.0) - (result.began_s or 0.0)
    says = f": {result.says}" if result.says else ""
    return f"step {result.number} {result.verb} {result.outcome} after {took_s:.3f}s{says}"


def _blanked(outcome: Outcome, blank: Callable[[str], str]) -> Outcome:
    """The outcome without the secrets that its sentences quote from frames."""
    return outcome._replace(
        results=tuple(
            result._replace(says=blank(result.says), shown=tuple(map(blank, result.shown)))
            for result in outcome.results
        ),
        troubles=tuple(map(blank, outcome.troubles)),
        notes=tuple(map(blank, outcome.notes)),
        ended=None if outcome.ended is None else blank(outcome.ended),
    )


def _report(outcome: Outcome, say: Say) -> None:
    passed = sum(result.outcome == "ok" for result in outcome.results)
    say(
        f"{passed} of {len(outcome.results)} steps came out as written, {len(outcome.receipts)} receipts sent"
    )
    for note in outcome.notes:
        say(note)
    for result in outcome.results:
        for line in result.shown:
            say(f"  {line}")


def _text(script: Path) -> bytes:
    if str(script) == "-":
        return sys.stdin.buffer.read()
    try:
        return script.read_bytes()
    except OSError as problem:
        raise BadScript(str(script), f"it cannot be read ({problem.strerror})") from None


def _variables(written: Sequence[str]) -> Mapping[str, str]:
    named = {}
    for each in written:
        name, equals, value = each.partition("=")
        if not equals or not name.isidentifier():
            raise BadOption("--var", f'"{each}" is not NAME=VALUE')
        named[name] = value
    return named


@contextmanager
def _service(
    script: Script, url: str | None, token: str | None, init_connection: bool, known: Mapping[str, str]
) -> Iterator[tuple[str, str | None, bool]]:
    """Address, token and manner of showing it; the simulator runs while the block does."""
    if url is None:
        with SimulatorServer(agent_of(script)) as server:
            yield server.url, token or simulated_token(), init_connection
        return
    if token is not None and url != FROM_SCRIPT:
        yield url, token, init_connection
        return
    consumer = script.consumer(known)
    if url == FROM_SCRIPT:
        if consumer.url is None:
            raise BadOption("--url script", f"{script.name} names no consumer url")
        url = consumer.url
    yield url, token or consumer.token, init_connection or consumer.init_connection


def agent_of(script: Script) -> AgentScript | None:
    """The agent a script brings along; None where it has none. Raises ``BadScript``."""
    return None if script.agent is None else read_agent(script.document, at=("agent",))


def simulated_token(consumer: str = SIMULATED_CONSUMER) -> str:
    """A token in the shape of LivePerson's, that only a simulator lets in."""
    head = {"typ": "JWT", "alg": "none", "kid": "simulated"}
    claims = {"sub": consumer, "aud": "acc:le-sim", "iss": "recorder", "exp": 4_102_444_800}
    return (
        ".".join(urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode() for part in (head, claims))
        + ".none"
    )


# --- the simulator on its own ---------------------------------------------------------------------------


def simulator(agent: Path | str | None = None, *, port: int = 0) -> SimulatorServer:
    """A simulator on a free loopback port, to be used with ``with``; ``agent`` is a file in YAML.

    Raises:
        BadScript: the agent cannot be played as written.
    """
    return SimulatorServer(None if agent is None else _agent_from_file(Path(agent)), port=port)


def simulate(
    *, listen: str, agent: Path | None = None, stop: WaitableStop, say: Callable[[str], None]
) -> None:
    """Serve until ``stop``; ``say`` gets the address.

    Raises:
        BadOption: the address is none, not local, or taken.
        BadScript: the agent cannot be played as written.
    """
    script = None if agent is None else _agent_from_file(agent)
    run_simulator(listen, agent=script, stop=stop, say=lambda url: say(f"listening on {url}"))


def _agent_from_file(file: Path) -> AgentScript:
    document = read_document(_text(file), file=str(file))
    at = ("agent",) if isinstance(document.value, dict) and "agent" in document.value else ()
    return read_agent(document, at=at)
