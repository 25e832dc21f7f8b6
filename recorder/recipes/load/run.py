"""Many users at once: play a script by hundreds, into one archive, and say how it went in numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from recorder.clock import RealClock
from recorder.errors import RecorderError, StorageFailed
from recorder.projection.derived.refresh import Projection
from recorder.replay.language.script import Script, load
from recorder.replay.load.arrivals import Arrivals
from recorder.replay.load.loop import LoadLoop
from recorder.replay.load.metrics import Metrics, Moment
from recorder.replay.load.thresholds import parse_threshold, violations
from recorder.runtime.gc_control import low_latency_interpreter
from recorder.store.archive import Archive
from recorder.store.group_commit import Gathering

from .. import replay_script
from ..casting import agent_of, moods_of
from ..endpoints import Wishes
from ..progress import with_progress
from ..queries import Say, open_archive, silent
from ..scripts import folder_of, script_text, without_secret_name
from ..stop import NeverStop, Stop
from .endpoints import FindPlaces, at_the_service, at_the_simulator
from .limits import room_for
from .options import Load, Swarmed
from .simulator_process import SimulatorBeside
from .users import Scripts, Users, Watcher


def swarm(
    script: Path | str,
    load_as: Load,
    *,
    archive: str,
    stop: Stop | None = None,
    say: Say = silent,
    on_moment: Callable[[Moment], None] = lambda moment: None,
    on_end: Callable[[Swarmed], None] = lambda swarmed: None,
) -> Swarmed:
    """Play a script by many users, and say how it went; ``on_moment`` is told every second.

    ``on_end`` is told how it went as soon as the last user is done, also where this raises then: after
    that the derived tables of all sessions are made, which takes a few milliseconds for each. A stop
    leaves the rest of them to ``rebuild``.

    Each is a session of its own in the one archive, and a consumer of its own: against the simulator,
    which runs in a process of its own, by an id made from the seed and its number. ``${USER}`` in the
    script is the number of the user, from 1.

    Raises:
        BadOption, BadScript: something cannot be used as given; nothing was connected.
        StorageFailed: the archive could not take something; all users were stopped.
    """
    thresholds = [parse_threshold(written) for written in load_as.fail_if]
    run_time_s = load_as.run_time_s()
    text = script_text(script)
    clock, moments = RealClock(), list[Moment]()
    stop = NeverStop() if stop is None else stop

    def told(moment: Moment) -> None:
        moments.append(moment)
        on_moment(moment)

    with ExitStack() as closing:
        folder = folder_of(script)
        scripts = Scripts(
            text,
            lambda user: without_secret_name(
                load(text, file=str(script), variables=load_as.known_to(user), folder=folder)
            ),
        )
        closing.callback(scripts.close)
        for note in scripts.first.notes:
            say(note)
        room_for(load_as.users)
        places = find_places(scripts.first, load_as, closing)
        facts = _facts(scripts.first, load_as, places)
        opened = closing.enter_context(open_archive(archive, mode="write", create=True, say=say))
        gathering = opened.gathering(clock=clock)
        began_s, began_us = clock.now_s(), clock.wall_us()
        metrics = Metrics(began_s=began_s)
        users = make_users(
            opened, gathering, scripts, places, load_as, clock,
            watcher=lambda user: Watcher(metrics, metrics.receipt), say=say, closing=closing, stop=stop,
        )  # fmt: skip
        running = LoadLoop(
            users.begin,
            arrivals=Arrivals(
                load_as.users, spawn_rate=load_as.spawn_rate, began_s=began_s, run_time_s=run_time_s
            ),
            metrics=metrics,
            gathering=gathering,
            clock=clock,
            on_moment=told,
        )
        say(", ".join(f"{name} {value}" for name, value in facts.items()))

        def swarmed(cut_short: str | None = None) -> Swarmed:
            ended_s = clock.now_s()
            return Swarmed(
                figures=metrics.figures(ended_s),
                moments=moments,
                violations=violations(thresholds, metrics, ended_s),
                began_us=began_us,
                stopped=stop.is_set(),
                title=scripts.first.name,
                facts={**facts, "archive": opened.where},
                cut_short=cut_short,
            )

        try:
            _run(running, stop)
            told_at_the_end = swarmed()
            gathering.close()
        except StorageFailed as problem:
            try:
                on_end(swarmed(problem.says))
            except RecorderError as failed:  # on the same full disk, maybe
                say(failed.says)
            raise
        on_end(told_at_the_end)
        say(f"{len(users.sessions)} sessions are in {opened.where}")
        _derive_tables(opened, users.sessions, stop=stop, say=say)
    return told_at_the_end


def _derive_tables(
    archive: Archive, sessions: Sequence[str], *, stop: Stop, say: Callable[[str], None]
) -> None:
    """Derive the tables of sessions that have just ended, until ``stop``; ``say`` what is left to do."""
    derived, why = 0, ""
    try:
        for session in with_progress(sessions, "deriving tables (sessions)", say):
            if stop.is_set():
                break
            Projection(archive, session, once=True).refresh()
            derived += 1
    except RecorderError as problem:
        why = f" ({problem.says})"
    if left := len(sessions) - derived:
        say(f"the derived tables of {left} sessions are behind{why}; recorder archive rebuild makes them")


def find_places(script: Script, load_as: Load, closing: ExitStack) -> FindPlaces:
    """Where everybody connects; without a URL a simulator is started, which ends with ``closing``.

    Raises:
        BadScript: its agent or moods cannot be played as written.
    """
    wishes = Wishes(
        init_connection=load_as.init_connection,
        headers=load_as.headers,
        ca_file=load_as.ca_file,
        fetching=load_as.token_command is not None,
    )
    if load_as.url is not None:
        return at_the_service(load_as.url, wishes, tokens=load_as.tokens, known_to=load_as.known_to)
    agent_of(script)  # before anything is started: it may not be playable
    moods_of(script)
    beside = closing.enter_context(SimulatorBeside(script, seed=load_as.seed))
    return at_the_simulator(beside.url, beside.base_url, wishes, seed=load_as.seed)


def make_users(
    archive: Archive,
    gathering: Gathering,
    scripts: Scripts,
    places: FindPlaces,
    load_as: Load,
    clock: RealClock,
    *,
    watcher: Callable[[int], Watcher],
    say: Say,
    closing: ExitStack,
    stop: Stop,
) -> Users:
    """Whoever begins the users of this load; no token command of theirs outlives ``closing``.

    Raises:
        BadOption: there is no such command.
    """
    command = load_as.token_command
    fetch = None if command is None else replay_script.fetcher(command, say, closing=closing, stop=stop)
    return Users(
        archive,
        gathering,
        scripts,
        name=load_as.name,
        find_places=places,
        clock=clock,
        seed=load_as.seed,
        keep_secrets=load_as.keep_secrets,
        watcher=watcher,
        fetch=fetch,
        reconnect=load_as.reconnect
        or replay_script.usual_policy(scripts.first, fetching=command is not None),
        ca_file=load_as.ca_file,
    )


def _run(running: LoadLoop, stop: Stop) -> None:
    stop.on_stop(running.stop)
    with low_latency_interpreter():
        if stop.is_set():
            running.stop()
        running.run()


def _facts(script: Script, load_as: Load, find_places: FindPlaces) -> dict[str, str]:
    place = next(iter(find_places(script, 1).places.values())).base_url
    return {
        "script": script.name,
        "users": str(load_as.users),
        "spawn rate": f"{load_as.spawn_rate:g}/s",
        **({} if load_as.run_time is None else {"run time": load_as.run_time}),
        "against": "the built-in simulator" if load_as.url is None else place,
        "seed": str(load_as.seed),
    }
