"""Replay: play a scripted consumer against the service or the simulator, and record it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Unpack

from recorder.replay.language.script import Script
from recorder.simulator.agent.rules import DEFAULT_AGENT
from recorder.simulator.faults.config import NO_MOODS
from recorder.simulator.server import SimulatorServer
from recorder.simulator.service import Service

from .choose_target import choose_target
from .endpoints import Endpoints, script_tokens, service_endpoints, simulator_endpoints
from .play import ReplayJob, play
from .queries import Notify, silent
from .replay_options import SIMULATOR, ReplayKeywords, ReplayOptions, replay_options
from .replay_result import OnEnd, Played, ignore_result
from .script_simulator import agent_and_moods_of
from .scripts import load_script, script_text, without_secret_name
from .stop import NeverStop, Stop
from .token_command import token_fetcher
from .virtual_run import URL as VIRTUAL_URL


def replay(
    script: Path | str,
    *,
    archive: str,
    stop: Stop | None = None,
    say: Notify = silent,
    on_end: OnEnd = ignore_result,
    on_begin: Callable[[str], None] = silent,
    **options: Unpack[ReplayKeywords],
) -> Played:
    """Play a script, record it, and return what came of it.

    Without ``url``, where the script's own is not filled in, and for "simulator", the built-in simulator is
    started for it, with the script's agent and moods. ``say`` is told the target first.

    Args:
        script: its file; "-" reads it from stdin.
        archive: where the session is recorded.
        stop: ends it early when it is set.
        say: told in sentences what happens.
        on_begin: told the id of the session, once it has begun.
        on_end: told what came of it, also where this raises then: the steps up to where it was stopped,
            or storage failed, or nobody let it in.
        options: ``url``, ``token``, ``clock``, ``seed``, … as ``ReplayKeywords`` describes them.

    Raises:
        BadScript, BadOption: it cannot be played as written or asked for; nothing was connected.
        CannotConnect: not one connection came about.
        StorageFailed: the archive could not take a frame; nothing later was delivered.
    """
    parsed = replay_options(**options)
    variables = parsed.environment()
    loaded = without_secret_name(load_script(script_text(script), script, variables))
    target = choose_target(loaded, parsed, variables)
    stop = NeverStop() if stop is None else stop
    with ExitStack() as closing:
        command = parsed.token_command
        job = ReplayJob(
            script=loaded,
            archive=archive,
            target=target,
            options=parsed,
            fetch_token=None if command is None else token_fetcher(command, say, closing=closing, stop=stop),
            endpoints=closing.enter_context(_endpoints(loaded, parsed, variables, say)),
        )
        for remark in (target.sentence, *loaded.notes):
            say(remark)
        return play(job, stop=stop, say=say, on_end=on_end, on_begin=on_begin)


@contextmanager
def _endpoints(
    script: Script, options: ReplayOptions, variables: dict[str, str], say: Notify
) -> Iterator[Endpoints]:
    """Where everybody connects; the simulator, where one is needed, runs while the block does."""
    if options.url not in (None, SIMULATOR):
        yield service_endpoints(script, options.url, options, variables)
        return
    (agent, moods), seed = agent_and_moods_of(script), options.seed
    tokens = script_tokens(script, variables)
    if options.virtual:
        agent = DEFAULT_AGENT if agent is None else agent
        service = Service(agent=agent, moods=moods, seed=seed or 0, on_remark=say)
        yield Endpoints(simulator_endpoints(script, VIRTUAL_URL, options), {}, service, tokens)
        return
    # What moods leave to chance is as repeatable as the rest; ids are fresh unless somebody asks.
    with SimulatorServer(
        agent, moods=moods, seed=0 if seed is None and moods != NO_MOODS else seed, on_remark=say
    ) as server:
        connect = simulator_endpoints(script, server.url, options)
        yield Endpoints(connect, dict.fromkeys(connect, server.base_url), unused_tokens=tokens)
