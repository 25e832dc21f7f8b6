"""Many users at once: play a script by hundreds, into one archive, and say how it went in numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from recorder.counted import counted_is
from recorder.errors import ArchiveHarmed, RecorderError, StorageFailed
from recorder.load_summary import LoadResult, LoadSample, SlowUser
from recorder.projection.derived.refresh import Projection
from recorder.replay.load.arrivals import Arrivals
from recorder.replay.load.longest import WAITED, LongestDurations, UserMetrics
from recorder.replay.load.loop import LoadLoop
from recorder.replay.load.thresholds import parse_threshold, violations
from recorder.report.replay_target import target_json
from recorder.runtime.gc_control import low_latency_interpreter
from recorder.store.archive import Archive

from ..progress import ProgressCount
from ..queries import Notify, silent
from ..stop import NeverStop, Stop
from .options import Load
from .setup import load_setup
from .users import LoadSetup, UserFactory, Watcher

MOST_SLOW = 10
"""Users that a report names as the slowest."""


def swarm(
    script: Path | str,
    load: Load,
    *,
    archive: str,
    stop: Stop | None = None,
    say: Notify = silent,
    on_sample: Callable[[LoadSample], None] = lambda sample: None,
    on_end: Callable[[LoadResult], None] = lambda result: None,
) -> LoadResult:
    """Play a script by many users, and return how it went; ``on_sample`` is called every second.

    ``on_end`` is called with the result as soon as the last user is done, also where this raises then: after
    that the derived tables of all sessions are made, which takes a few milliseconds for each. A stop
    leaves the rest of them to ``rebuild``.

    Each user is a session of its own in the one archive, and a consumer of its own: against the simulator,
    which runs in a process of its own, by an id made from the seed and its number. ``${USER}`` in the
    script is the number of the user, from 1.

    Raises:
        BadOption, BadScript: something cannot be used as given; nothing was connected.
        StorageFailed: the archive could not take something; all users were stopped.
    """
    thresholds = [parse_threshold(written) for written in load.fail_if]
    run_time_s = load.run_time_s()
    samples: list[LoadSample] = []
    stop = NeverStop() if stop is None else stop

    def note_sample(sample: LoadSample) -> None:
        samples.append(sample)
        on_sample(sample)

    with load_setup(script, load, archive=archive, stop=stop, say=say) as setup:
        longest = LongestDurations(setup.metrics)
        users = UserFactory(setup, lambda user: _watcher(longest.of(user)))
        arrivals = Arrivals(
            load.users, spawn_rate=load.spawn_rate, began_s=setup.began_s, run_time_s=run_time_s
        )
        facts = _facts(setup)
        say(", ".join(f"{name} {value}" for name, value in facts.items()))

        def result(cut_short: str | None = None) -> LoadResult:
            ended_s = setup.clock.now_s()
            return LoadResult(
                summary=setup.metrics.summary(ended_s),
                samples=samples,
                violations=violations(thresholds, setup.metrics, ended_s),
                began_us=setup.began_us,
                stopped=stop.is_set(),
                title=setup.scripts.first.name,
                facts={**facts, "archive": setup.archive.where},
                cut_short=cut_short,
                target=target_json(setup.target),
                slowest=_slowest(longest, users),
            )

        try:
            _run(setup.loop(users, arrivals, on_sample=note_sample), stop)
            at_the_end = result()
            setup.group_commit.close()
        except StorageFailed as problem:
            try:
                on_end(result(str(problem)))
            except RecorderError as failed:  # on the same full disk, maybe
                say(str(failed))
            raise
        on_end(at_the_end)
        say(f"{counted_is(len(users.sessions), 'session')} in {setup.archive.where}")
        _derive_tables(setup.archive, list(users.sessions.values()), stop=stop, say=say)
    return at_the_end


def _watcher(measures: UserMetrics) -> Watcher:
    return Watcher(measures, measures.receipt)


def _slowest(longest: LongestDurations, users: UserFactory) -> list[SlowUser]:
    return [
        SlowUser(user, users.sessions[user], *(_ms(durations.get(metric)) for metric in WAITED))
        for user, durations in longest.slowest(MOST_SLOW)
    ]


def _ms(duration_s: float | None) -> float | None:
    return None if duration_s is None else duration_s * 1000


def _run(loop: LoadLoop, stop: Stop) -> None:
    stop.on_stop(loop.stop)
    with low_latency_interpreter():
        if stop.is_set():
            loop.stop()
        loop.run()


def _facts(setup: LoadSetup) -> dict[str, str]:
    load, script = setup.load, setup.scripts.first
    return {
        "script": script.name,
        "users": str(load.users),
        "spawn rate": f"{load.spawn_rate:g}/s",
        **({} if load.run_time is None else {"run time": load.run_time}),
        "against": setup.target.words,
        "chosen by": setup.target.chosen_by,
        "seed": str(load.seed),
    }


def _derive_tables(
    archive: Archive, sessions: Sequence[str], *, stop: Stop, say: Callable[[str], None]
) -> None:
    """Derive the tables of sessions that have just ended, until ``stop``; ``say`` what is left to do."""
    derived, why = 0, ""
    try:
        progress = ProgressCount("deriving tables (sessions)", say, total=len(sessions), look_every=1)
        for session in progress.counting(sessions):
            if stop.is_set():
                break
            Projection(archive, session, once=True).refresh()
            derived += 1
    except ArchiveHarmed:
        raise
    except RecorderError as problem:
        why = f" ({problem})"
    if left := len(sessions) - derived:
        say(
            f"the derived tables of {counted_is(left, 'session')} behind{why};"
            " recorder archive rebuild makes them"
        )
