"""Replay: play a scripted consumer against the service or the simulator; run the simulator on its own."""

from __future__ import annotations

import os
import secrets
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from recorder.documents import read_document
from recorder.errors import BadOption
from recorder.redaction.redactor import Redactor
from recorder.replay.language.script import Script, load
from recorder.replay.run.reconnect_policy import PolicyName
from recorder.simulator.address import encrypted_as
from recorder.simulator.agent.rules import DEFAULT_AGENT, AgentScript, read_agent
from recorder.simulator.faults.config import CALM, Moods, moods_said, read_moods
from recorder.simulator.server import SimulatorServer
from recorder.simulator.server import run as run_simulator
from recorder.simulator.service import Service

from .casting import agent_of, moods_of
from .connector import FetchToken
from .endpoints import (
    FROM_SCRIPT,
    SIMULATED_CONSUMER,
    Places,
    Uploads,
    Wishes,
    places_in,
    simulated_places,
    simulated_token,
)
from .option_values import duration_s
from .play import Order, play
from .queries import Say, silent
from .replay_result import Played, Tell, to_nobody
from .scripts import folder_of, given_variables, script_text, without_secret_name
from .stop import NeverStop, Stop, WaitableStop
from .token_command import TokenCommand, without_opaque_words
from .virtual_run import URL as VIRTUAL_URL

VIRTUAL = "virtual"
CLOCKS = ("real", VIRTUAL)

__all__ = [
    "FROM_SCRIPT",
    "SIMULATED_CONSUMER",
    "Played",
    "replay",
    "simulate",
    "simulated_token",
    "simulator",
]


def replay(
    script: Path | str,
    *,
    archive: str,
    url: str | None = None,
    token: str | None = None,
    token_command: str | None = None,
    init_connection: bool = False,
    headers: Sequence[str] = (),
    ca_file: Path | None = None,
    variables: Sequence[str] = (),
    clock: str = "real",
    seed: int | None = None,
    reconnect: PolicyName | None = None,
    tolerance: str | None = None,
    keep_secrets: bool = False,
    name: str | None = None,
    stop: Stop | None = None,
    say: Say = silent,
    on_end: Tell = to_nobody,
) -> Played:
    """Play a script, record it, and return what came of it.

    Without ``url`` the built-in simulator is started for it, with the script's agent and moods; ``url``
    "script" takes the one the script names. ``variables`` are "NAME=value" for ``${NAME}``, before the
    environment.

    Args:
        token_command: prints a token, for whoever has none and whenever the service wants a fresh one;
            see ``TokenCommand``. Unless ``reconnect`` or the script says otherwise, it makes consumers
            connect again with that one by themselves.
        clock: "real", or "virtual": consumers, service and agent in one thread that waits for nothing. For
            the simulator only. The same script and seed give the same frames, byte for byte.
        seed: what varying delays, and on virtual time all ids and keys, are drawn from; 0 if not given.
        reconnect: "never", "on_auth_close" or "always"; goes before what the script says.
        tolerance: how late a timed receipt may leave, like "20ms"; see ``Played.raise_if_failed``.
        on_end: told what came of it, also where this raises then: the steps up to where it was stopped,
            or storage failed, or nobody let it in.

    Raises:
        BadScript, BadOption: it cannot be played as written or asked for; nothing was connected.
        CannotConnect, StorageFailed: as for ``record``.
    """
    if clock not in CLOCKS:
        raise BadOption("--clock", f'"{clock}" is none; there are {" and ".join(CLOCKS)}')
    if clock == VIRTUAL and url is not None:
        raise BadOption("--clock virtual", "it is for the simulator only; a real service has its own time")
    known = {**os.environ, **given_variables(variables)}
    read = without_secret_name(
        load(script_text(script), file=str(script), variables=known, folder=folder_of(script))
    )
    for note in read.notes:
        say(note)
    stop = NeverStop() if stop is None else stop
    wishes = Wishes(
        token=token,
        init_connection=init_connection,
        headers=headers,
        ca_file=ca_file,
        fetching=token_command is not None,
    )
    with ExitStack() as closing:
        fetch = None if token_command is None else fetcher(token_command, say, closing=closing, stop=stop)
        service = closing.enter_context(
            _service(read, url, wishes, known, virtual=clock == VIRTUAL, seed=seed)
        )
        order = Order(
            script=read,
            archive=archive,
            name=name or read.name,
            places=service.places,
            uploads=service.uploads,
            ca_file=ca_file,
            fetch=fetch,
            world=service.world,
            seed=seed or 0,
            reconnect=reconnect or usual_policy(read, fetching=fetch is not None),
            tolerance_s=None if tolerance is None else duration_s("--tolerance", tolerance),
            keep_secrets=keep_secrets,
            secrets=[place.token for place in service.places.values() if place.token is not None],
        )
        return play(order, stop=stop, say=say, on_end=on_end)


def fetcher(command: str, say: Say, *, closing: ExitStack, stop: Stop) -> FetchToken:
    """Fetches tokens with this command, and passes its remarks on, without what may be a secret in them.

    What is under way ends with ``stop``, and none outlives ``closing``. Raises ``BadOption``.
    """
    redactor = Redactor(secrets.token_bytes(32))
    one_at_a_time = threading.Lock()  # every consumer has a command of its own

    def remark(line: str) -> None:
        with one_at_a_time:
            blanked = redactor.text(line)
        say(f"token command: {without_opaque_words(blanked)}")

    asking = TokenCommand(command, remark=remark)
    closing.callback(asking.close)
    stop.on_stop(asking.stop)

    def fetch(consumer: str) -> str:
        token = asking.fetch(consumer)
        with one_at_a_time:
            redactor.know(token)
        return token

    return fetch


def usual_policy(script: Script, *, fetching: bool) -> PolicyName | None:
    """Who can fetch a fresh token does so, unless the script says what to do."""
    said = any(consumer.reconnect is not None for consumer in script.consumers.values())
    return "on_auth_close" if fetching and not said else None


class _Serving(NamedTuple):
    places: Places
    uploads: Uploads
    world: Service | None = None


@contextmanager
def _service(
    script: Script,
    url: str | None,
    wishes: Wishes,
    known: Mapping[str, str],
    *,
    virtual: bool,
    seed: int | None,
) -> Iterator[_Serving]:
    """Where everybody connects; the simulator runs while the block does."""
    if url is not None:
        yield _Serving(*places_in(script, url, wishes, known))
        return
    agent, moods = agent_of(script), moods_of(script)
    if virtual:
        world = Service(agent=DEFAULT_AGENT if agent is None else agent, moods=moods, seed=seed or 0)
        yield _Serving(simulated_places(script, VIRTUAL_URL, wishes), {}, world)
        return
    # What moods leave to chance is as repeatable as the rest; ids are fresh unless somebody asks.
    drawn = 0 if seed is None and moods != CALM else seed
    with SimulatorServer(agent, moods=moods, seed=drawn) as server:
        places = simulated_places(script, server.url, wishes)
        yield _Serving(places, dict.fromkeys(places, server.base_url))


# --- the simulator on its own ---------------------------------------------------------------------------


def simulator(agent: Path | str | None = None, *, port: int = 0) -> SimulatorServer:
    """A simulator on a free loopback port, to be used with ``with``; ``agent`` is a file in YAML.

    Raises:
        BadScript: the agent cannot be played as written.
    """
    return SimulatorServer(None if agent is None else _agent_from_file(Path(agent)), port=port)


def simulate(
    *,
    listen: str,
    agent: Path | None = None,
    moods: Path | None = None,
    mood: Sequence[str] = (),
    seed: int | None = None,
    allow_origins: Sequence[str] = (),
    as_hosts: Sequence[str] = (),
    certificate: Path | None = None,
    key: Path | None = None,
    stop: WaitableStop,
    say: Callable[[str], None],
) -> None:
    """Serve until ``stop``; ``say`` gets the address.

    ``moods`` is a file of them; ``mood`` are ``NAME`` or ``NAME=VALUE``, which go before the file.
    With ``certificate`` and ``key`` (PEM) it speaks TLS.

    Raises:
        BadOption: the address is none, not local, or taken; there is no such mood, name or certificate.
        BadScript: the agent cannot be played as written, or a mood's value does not fit.
    """
    script = None if agent is None else _agent_from_file(agent)
    chosen = moods_said(mood, base=CALM if moods is None else _moods_from_file(moods))
    drawn = secrets.randbits(32) if seed is None else seed

    def listening(url: str) -> None:
        say(f"listening on {url}")
        if chosen != CALM and seed is None:
            say(f"what the moods leave to chance comes again with --seed {drawn}")

    run_simulator(
        listen,
        agent=script,
        moods=chosen,
        seed=drawn,
        allow_origins=allow_origins,
        as_hosts=as_hosts,
        tls=_tls(certificate, key),
        stop=stop,
        say=listening,
    )


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise BadOption("--certificate, --key", "give both or none of them")
    return encrypted_as(certificate, key)


def _agent_from_file(file: Path) -> AgentScript:
    document = read_document(script_text(file), file=str(file))
    at = ("agent",) if isinstance(document.value, dict) and "agent" in document.value else ()
    return read_agent(document, at=at)


def _moods_from_file(file: Path) -> Moods:
    document = read_document(script_text(file), file=str(file))
    at = ("simulator",) if isinstance(document.value, dict) and "simulator" in document.value else ()
    return read_moods(document, at=at)
