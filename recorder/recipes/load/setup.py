"""What every load run needs before its first user: scripts, endpoints, an archive, metrics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from recorder.clock import RealClock
from recorder.replay.language.script import Script
from recorder.replay.load.metrics import Metrics

from ..archives import open_archive
from ..choose_target import choose_target
from ..queries import Notify
from ..replay_options import SIMULATOR, ReplayOptions
from ..script_simulator import agent_and_moods_of
from ..scripts import load_script, script_text, without_secret_name
from ..stop import Stop
from ..token_command import token_fetcher
from .endpoints import (
    USER,
    UserEndpoints,
    service_user_endpoints,
    simulator_user_endpoints,
)
from .limits import room_for
from .options import MOST_USERS, Load
from .simulator_process import simulator_process
from .users import LoadSetup, Scripts


@contextmanager
def load_setup(
    script: Path | str, load: Load, *, archive: str, stop: Stop, say: Notify
) -> Iterator[LoadSetup]:
    """Prepare a load run; without a URL a simulator process runs while the block does.

    Raises:
        BadOption, BadScript: something cannot be used as given; nothing was connected.
    """
    options, clock = load.replay_options(), RealClock()
    with ExitStack() as closing:
        scripts = _scripts(script, options)
        closing.callback(scripts.close)
        variables = options.environment(**{USER: "1"})
        target = choose_target(scripts.first, options, variables, tokens=load.tokens)
        room_for(min(load.users, MOST_USERS))
        command = load.token_command
        fetch_token = None if command is None else token_fetcher(command, say, closing=closing, stop=stop)
        endpoints = _endpoints(scripts.first, load, options, closing)
        for remark in (target.sentence, *scripts.first.notes):
            say(remark)
        opened = closing.enter_context(open_archive(archive, mode="write", create=True, say=say))
        began_s = clock.now_s()
        yield LoadSetup(
            load=load,
            options=options,
            scripts=scripts,
            target=target,
            endpoints=endpoints,
            archive=opened,
            group_commit=opened.group_commit(clock=clock),
            clock=clock,
            metrics=Metrics(began_s=began_s),
            fetch_token=fetch_token,
            began_s=began_s,
            began_us=clock.wall_us(),
        )


def _scripts(script: Path | str, options: ReplayOptions) -> Scripts:
    text = script_text(script)

    def read(user: int) -> Script:
        variables = options.environment(**{USER: str(user)})
        return without_secret_name(load_script(text, script, variables))

    return Scripts(text, read)


def _endpoints(script: Script, load: Load, options: ReplayOptions, closing: ExitStack) -> UserEndpoints:
    if options.url is not None and options.url != SIMULATOR:
        return service_user_endpoints(options.url, options, load.tokens)
    agent_and_moods_of(script)  # before a process is started: the agent may not be playable
    url, base_url = closing.enter_context(simulator_process(script, seed=load.seed))
    return simulator_user_endpoints(url, base_url, options)
