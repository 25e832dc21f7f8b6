"""The simulator on its own: for a block of Python, or until a command is stopped."""

from __future__ import annotations

import secrets
import shlex
import ssl
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from recorder.documents import Problems, read_document
from recorder.errors import BadOption
from recorder.runtime.listener import tls_context
from recorder.simulator.agent.rules import AgentScript, read_agent
from recorder.simulator.faults.config import NO_MOODS, Moods, moods_from_options, read_moods
from recorder.simulator.server import SimulatorServer
from recorder.simulator.server import run as run_simulator

from .scripts import script_text
from .stop import WaitableStop


def simulator(agent: Path | str | None = None, *, port: int = 0) -> SimulatorServer:
    """A simulator on a free loopback port, to be used with ``with``; ``agent`` is a file in YAML.

    Raises:
        BadScript: the agent cannot be played as written.
    """
    return SimulatorServer(None if agent is None else _agent_from_file(Path(agent)), port=port)


class SimulateKeywords(TypedDict, total=False):
    """How a simulator is served, as keyword arguments of ``simulate``.

    ``moods`` is a file of them; ``mood`` are ``NAME`` or ``NAME=VALUE``, which go before the file.
    With ``certificate`` and ``key`` (PEM files) it speaks TLS.
    """

    agent: Path | None
    moods: Path | None
    mood: Sequence[str]
    seed: int | None
    allow_origins: Sequence[str]
    as_hosts: Sequence[str]
    certificate: Path | None
    key: Path | None


def simulate(
    *, listen: str, stop: WaitableStop, say: Callable[[str], None], **options: Unpack[SimulateKeywords]
) -> None:
    """Serve until ``stop``; ``say`` gets the address, and lines to paste that connect to it.

    Raises:
        BadOption: the address is none, not local, or taken; there is no such mood, name or certificate.
        BadScript: the agent cannot be played as written, or a mood's value does not fit.
    """
    seed = options.get("seed")
    agent, base = _read_files(options.get("agent"), options.get("moods"))
    chosen = moods_from_options(options.get("mood", ()), base=base)
    drawn = secrets.randbits(32) if seed is None else seed

    def listening(url: str) -> None:
        say(f"listening on {url}")
        say("it lets in any token, as by:")
        for line in _lines_to_paste(url, options.get("certificate")):
            say(f"  {line}")
        if chosen != NO_MOODS and seed is None:
            say(f"what the moods leave to chance comes again with --seed {drawn}")

    run_simulator(
        listen,
        agent=agent,
        moods=chosen,
        seed=drawn,
        allow_origins=options.get("allow_origins", ()),
        as_hosts=options.get("as_hosts", ()),
        tls=_tls(options.get("certificate"), options.get("key")),
        stop=stop,
        on_listening=listening,
        on_remark=say,
    )


def _lines_to_paste(url: str, certificate: Path | None) -> Iterator[str]:
    """Commands that connect to ``url`` and are let in."""
    header = "-H 'Authorization: jwt me'"
    trusted = "" if certificate is None else f" {shlex.quote(str(certificate))}"
    yield f"recorder record '{url}' {header}" + (trusted and f" --ca-file{trusted}")
    yield f"wscat -c '{url}' {header}" + (trusted and f" --ca{trusted}")


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise BadOption("--certificate, --key", "give both or none of them")
    return tls_context(certificate, key)


def _read_files(agent_file: Path | None, moods_file: Path | None) -> tuple[AgentScript | None, Moods]:
    problems = Problems(str(agent_file))
    agent = None if agent_file is None else problems.attempt(lambda: _agent_from_file(agent_file))
    moods = NO_MOODS if moods_file is None else problems.attempt(lambda: _moods_from_file(moods_file))
    problems.raise_if_any()
    return agent, moods or NO_MOODS


def _agent_from_file(file: Path) -> AgentScript:
    document = read_document(script_text(file), file=str(file))
    at = ("agent",) if isinstance(document.value, dict) and "agent" in document.value else ()
    return read_agent(document, at=at)


def _moods_from_file(file: Path) -> Moods:
    document = read_document(script_text(file), file=str(file))
    at = ("simulator",) if isinstance(document.value, dict) and "simulator" in document.value else ()
    return read_moods(document, at=at)
