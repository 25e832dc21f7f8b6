"""Play one script on one session of an archive, on the clock of the machine or on a virtual one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from recorder.clock import VirtualClock, punctual
from recorder.counted import counted
from recorder.errors import CannotConnect, RecorderError, RecordingIncomplete
from recorder.receipts.queries import MessageView
from recorder.receipts.self_facts import KnownPeople
from recorder.replay.language.script import Script
from recorder.replay.run.driver import LEAD_S, Driver
from recorder.replay.run.outcome import STOPPED, ScriptOutcome
from recorder.replay.run.player import Player
from recorder.replay.run.receipt_plan import ReceiptPlans
from recorder.report.replay_target import ReplayTarget
from recorder.runtime.gc_control import IdleCollector
from recorder.runtime.waiter import Waiter, Waiting
from recorder.store.archive import Archive
from recorder.store.completeness import INTERRUPTED
from recorder.wire.records import SessionInfo

from .archives import open_archive
from .connector import Connector, Uploader
from .endpoints import Endpoints
from .queries import Notify, messages, silent
from .record_ending import ending_lines
from .record_session import ActiveSession, recording
from .refused_consumer import find_refusal
from .replay_options import ReplayOptions
from .replay_result import OnEnd, Played, ignore_result, report, step_line
from .stop import Stop
from .token_command import FetchToken
from .virtual_connection import VirtualConnection
from .virtual_run import VirtualSimulator

_PLANS_AT_ONCE = 256
"""So many changes of the plan are one commit on a virtual clock, on which nothing waits for long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayJob:
    """A script with everything that is needed to play it.

    Attributes:
        target: what ``endpoints`` connect to, and who chose it.
        fetch_token: asks for a token of a consumer; None: there are only those of ``endpoints``.
    """

    script: Script
    archive: str
    target: ReplayTarget
    options: ReplayOptions
    endpoints: Endpoints
    fetch_token: FetchToken | None = None


class _Replay:
    """One replay under way.

    Attributes:
        ended_s: when the script was stopped, by its clock; closing handshakes may take longer.
        refused: why a consumer was without a connection at the end, if the service would not have it.
        plan: the receipts that are planned, and what came of them.
    """

    def __init__(self, job: ReplayJob, session: ActiveSession, *, stop: Stop, say: Notify) -> None:
        self._job = job
        self._session = session
        self._stop = stop
        self.ended_s: float | None = None
        self.plan = ReceiptPlans()
        self.player = Player(
            job.script,
            seed=job.options.seed or 0,
            on_step=lambda result: say(session.redact(step_line(result))),
            reconnect=job.options.reconnect_policy(job.script),
            plan=self.plan,
        )
        self.driver: Driver | None = None
        self.refused: CannotConnect | RecordingIncomplete | None = None

    def run(self, clock: VirtualClock | None) -> None:
        """Play to the end, or until it is stopped; as ``Driver.run``."""
        try:
            with _driven(self, self._job, self._session, clock, self._stop) as (driver, wait):
                self.driver = driver
                driver.run(wait=wait, stopped=self._is_stopped, lead_s=LEAD_S if clock is None else 0.0)
        finally:
            self.plan.end(self._session.clock.now_s())
            self.store_plan()

    def store_plan(self, *, at_least: int = 1) -> None:
        """Store what is new in the plan, if it is so much."""
        if self.plan.changes >= at_least:
            self._session.intake(self.plan.take_changes(self._session.began_s))

    def _is_stopped(self) -> bool:
        if not self._stop.is_set():
            return False
        self.ended_s = self._session.clock.now_s()
        return True

    def note_refusal(self, opened: Archive) -> None:
        """Find out whether the service would not have a consumer: ``refused`` says so.

        If the script failed over it, the session is refused; where anybody was let in before, incomplete.
        """
        outcome = self.outcome(self.why_cut_short(None))
        if self.driver is None:
            return
        session, job = self._session, self._job
        found = find_refusal(
            self.driver, outcome, job.script, job.endpoints.connect,
            opened=opened, session=session.intake.session, redact=session.redact,
        )  # fmt: skip
        if found is None:
            return
        self.refused = found.error
        if found.failed:
            session.intake.finish(
                session.clock.wall_us(),
                complete=not found.let_in,
                detail=str(found.error),
                let_in=found.let_in,
            )

    def why_cut_short(self, problem: BaseException | None) -> str | None:
        """Why it ended before its end, in one sentence; None if it did not."""
        if self.player.is_over:
            return None
        if isinstance(problem, RecorderError):
            return str(problem)
        return "stopped from outside before it was over"

    def outcome(self, cut_short: str | None) -> ScriptOutcome:
        """What came of it, without the secrets that its sentences quote from frames."""
        ended_s = self._session.clock.now_s() if self.ended_s is None else self.ended_s
        outcome = self.player.outcome()
        results = [
            result._replace(sentence=cut_short or "", ended_s=ended_s)
            if result.outcome == STOPPED
            else result
            for result in outcome.results
        ]
        return _blanked(outcome._replace(results=tuple(results)), self._session.redact)


def play(
    job: ReplayJob,
    *,
    stop: Stop,
    say: Notify,
    on_end: OnEnd = ignore_result,
    on_begin: Callable[[str], None] = silent,
) -> Played:
    """Play a script, record it, and return the result.

    ``on_begin`` is called with the id of the session before anything is connected, and ``on_end`` with the
    result, once there is a session, also where this raises.

    Raises:
        CannotConnect: not one connection came about.
        StorageFailed: it could not be recorded.
    """
    clock = None if job.endpoints.service is None else VirtualClock()
    replay: _Replay | None = None
    problem: RecorderError | KeyboardInterrupt | None = None
    with open_archive(job.archive, mode="write", create=True, say=say) as opened:
        try:
            with recording(
                opened,
                source="replay",
                options=replace(job.options.session, name=job.options.session.name or job.script.name),
                known_secrets=job.endpoints.secrets,
                clock=clock,
                say=say,
            ) as session:
                on_begin(session.intake.session)
                say(f"playing {job.script.name}: {counted(len(job.script.steps), 'step')}")
                replay = _Replay(job, session, stop=stop, say=say)
                replay.run(clock)
                replay.note_refusal(opened)
        except (RecorderError, KeyboardInterrupt) as ended:
            problem = ended
            if replay is None:
                raise
        played = _played(job, replay, session, opened, problem)
        endings = _endings(opened, played.session)
    report(played.outcome, say)
    for line in endings:
        say(line)
    if problem is None:
        on_end(played)
        return played
    try:
        on_end(played)
    except RecorderError as failed:  # on the same full disk, maybe: what came first is what is raised
        say(str(failed))
    raise problem


def _played(
    job: ReplayJob, replay: _Replay, session: ActiveSession, opened: Archive, problem: BaseException | None
) -> Played:
    cut_short = replay.why_cut_short(problem)
    outcome = replay.outcome(cut_short)
    people: KnownPeople = {}
    listed, recorded = _recorded(opened, session.intake.session, people)
    return Played(
        session.intake.session,
        listed,
        outcome,
        job.script.name,
        job.script.document.file,
        session.began_s,
        job.options.tolerance_s,
        replay.refused,
        None if recorded is None else recorded.started_at_us,
        cut_short,
        None if recorded is None or recorded.state != INTERRUPTED else recorded.detail,
        job.target,
        people,
    )


def _recorded(
    opened: Archive, session: str, people: KnownPeople
) -> tuple[list[MessageView], SessionInfo | None]:
    """The messages of the session, and the session; nothing where even that cannot be read any more.

    ``people`` gets everybody in it, with roles and names.
    """
    try:
        return messages(opened, session, people=people)[1], opened.find_session(session)
    except RecorderError:
        return [], None


def _endings(opened: Archive, session: str) -> list[str]:
    """How its connections ended, a line each; nothing where that cannot be read any more."""
    try:
        return list(ending_lines(opened.connections(session)))
    except RecorderError:
        return []


@contextmanager
def _driven(
    replay: _Replay, job: ReplayJob, session: ActiveSession, clock: VirtualClock | None, stop: Stop
) -> Iterator[tuple[Driver, Callable[[Waiting], None]]]:
    """The session to drive, and what waits for it."""
    if job.endpoints.service is not None and clock is not None:
        yield _virtual(replay, job, session, clock)
        return
    connect = Connector(session, job.endpoints.connect, fetch_token=job.fetch_token)
    upload = Uploader(job.endpoints.uploads, job.options.service)
    driver = Driver(replay.player, connect=connect, clock=session.clock, upload=upload)
    with closing(Waiter(session.clock)) as waiter, punctual(), IdleCollector() as collector:
        stop.on_stop(waiter.wake)
        lulls = _Lulls(session, replay.store_plan)

        def wait(waiting: Waiting) -> None:
            until_s = waiting.until_s
            collector.collect_if_idle(None if until_s is None else until_s - session.clock.now_s())
            check_s = lulls.use(waiting, now_s=session.clock.now_s())
            early_s = None if waiting.until_s is None else waiting.until_s - LEAD_S
            times = [time_s for time_s in (early_s, check_s) if time_s is not None]
            waiter.wait(waiting._replace(until_s=min(times, default=None)))

        yield driver, wait


class _Lulls:
    """Makes the archive's barriers, looks at its files, and stores the plan, when no receipt is due.

    A disk may take milliseconds for a barrier. The plan is stored as often as barriers are made, and in every
    long lull: so it takes next to nothing where receipts follow close on each other.

    From half a second after the last one on it takes the next lull; after a second it waits no longer.
    """

    ENOUGH_S, LONG_S = 0.008, 0.05
    EARLY_S, LATE_S = 0.5, 1.0

    def __init__(self, session: ActiveSession, store_plan: Callable[[], None]) -> None:
        self._intake = session.intake
        self._store_plan = store_plan
        self._intake.defers_barriers = True
        self._stored_s = session.began_s

    def use(self, waiting: Waiting, *, now_s: float) -> float | None:
        """Nothing else is to be done before ``waiting`` is over. Returns when to call it again, if before."""
        is_lull = waiting.until_s is None or waiting.until_s - now_s >= self.ENOUGH_S
        is_long = waiting.until_s is None or waiting.until_s - now_s >= self.LONG_S
        if is_long or now_s - self._stored_s >= (self.EARLY_S if is_lull else self.LATE_S):
            self._stored_s = now_s
            self._store_plan()
        self._intake.barrier_if_due(after_s=self.EARLY_S if is_lull else self.LATE_S)
        if not is_lull:
            return None
        self._intake.check_if_due()
        return self._intake.check_due_s


def _virtual(
    replay: _Replay, job: ReplayJob, session: ActiveSession, clock: VirtualClock
) -> tuple[Driver, Callable[[Waiting], None]]:
    assert job.endpoints.service is not None  # noqa: S101 - asked by the caller
    simulator = VirtualSimulator(job.endpoints.service, clock, seed=job.options.seed or 0)
    places = dict(job.endpoints.connect)

    def connect(consumer: str, fresh_token: bool) -> VirtualConnection:
        options = places[consumer]
        if job.fetch_token is not None and (fresh_token or options.token is None):
            token = job.fetch_token(consumer)
            session.add_secret(token)
            options = places[consumer] = replace(options, token=token)
        return simulator.connect(options, session.tracker(options))

    def wait(waiting: Waiting) -> None:
        replay.store_plan(at_least=_PLANS_AT_ONCE)
        simulator.wait(waiting)

    # The simulator takes any file; on virtual time in no time.
    return Driver(replay.player, connect=connect, clock=clock, upload=lambda upload: None), wait


def _blanked(outcome: ScriptOutcome, blank: Callable[[str], str]) -> ScriptOutcome:
    """The outcome without the secrets that its sentences quote from frames."""
    return outcome._replace(
        results=tuple(
            result._replace(sentence=blank(result.sentence), shown=tuple(map(blank, result.shown)))
            for result in outcome.results
        ),
        problems=tuple(map(blank, outcome.problems)),
        notes=tuple(map(blank, outcome.notes)),
        ended=None if outcome.ended is None else blank(outcome.ended),
    )
