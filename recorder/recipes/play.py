"""Play one script on one session of an archive, on the clock of the machine or on a virtual one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from recorder.capture.options import ConnectOptions
from recorder.clock import VirtualClock, punctual
from recorder.errors import CannotConnect, RecorderError
from recorder.receipts.queries import MessageView
from recorder.replay.language.script import Script
from recorder.replay.language.verbs import ExpectVerb
from recorder.replay.run.driver import LEAD_S, Driver
from recorder.replay.run.outcome import FAILED, STOPPED, ScriptOutcome, StepResult
from recorder.replay.run.player import Player
from recorder.replay.run.reconnect_policy import PolicyName
from recorder.runtime.gc_control import IdleCollector
from recorder.runtime.waiter import Waiter, Waiting
from recorder.simulator.service import Service
from recorder.store.archive import Archive
from recorder.wire.frames import authentication_hint

from .connector import Connector, FetchToken, Uploader
from .queries import Say, messages, open_archive
from .record_session import Recording, blank_error, recording
from .replay_result import Played, Tell, report, step_line, to_nobody
from .stop import Stop
from .virtual_connection import VirtualConnection
from .virtual_run import VirtualWorld

Places = Mapping[str, ConnectOptions]
"""Where each consumer connects, and as whom."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """How to play a script.

    Attributes:
        places: where each consumer connects; ignored on virtual time, but for who they are.
        uploads: where files of each consumer go, by name; who is missing keeps them.
        fetch: where tokens come from; None: there are only those in ``places``.
        world: on virtual time, the service; None: real time.
        seed: what delays are drawn with.
        reconnect: when to connect again by oneself; None: as the script says.
        tolerance_s: as in ``Played``.
        secrets: what no frame may show.
    """

    script: Script
    archive: str
    name: str
    places: Places
    uploads: Mapping[str, str] = field(default_factory=dict)
    ca_file: Path | None = None
    fetch: FetchToken | None = None
    world: Service | None = None
    seed: int = 0
    reconnect: PolicyName | None = None
    tolerance_s: float | None = None
    keep_secrets: bool = False
    secrets: Sequence[str] = ()


class _Course:
    """One replay under way.

    Attributes:
        ended_s: when the script went no further, by its clock; its goodbyes may take longer.
    """

    def __init__(self, order: Order, session: Recording, *, stop: Stop, say: Say) -> None:
        self._order = order
        self._session = session
        self._stop = stop
        self.ended_s: float | None = None
        self.player = Player(
            order.script,
            seed=order.seed,
            on_step=lambda result: say(session.blank(step_line(result))),
            reconnect=order.reconnect,
        )
        self.driver: Driver | None = None

    def run(self, clock: VirtualClock | None) -> None:
        """Play to the end, or until it is stopped; as ``Driver.run``."""
        with _driven(self._order, self.player, self._session, clock, self._stop) as (drive, wait):
            self.driver = drive
            drive.run(wait=wait, stopped=self._is_stopped)

    def _is_stopped(self) -> bool:
        if not self._stop.is_set():
            return False
        self.ended_s = self._session.clock.now_s()
        return True

    def why_cut_short(self, problem: BaseException | None) -> str | None:
        """Why it ended before its end, in one sentence; None if it did not."""
        if self.player.is_over:
            return None
        if isinstance(problem, RecorderError):
            return problem.says
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
        return _blanked(outcome._replace(results=tuple(results)), self._session.blank)


def play(order: Order, *, stop: Stop, say: Say, on_end: Tell = to_nobody) -> Played:
    """Play it, record it, and return what came of it.

    ``on_end`` is told the same, once there is a session, also where this raises.

    Raises:
        CannotConnect: not one connection came about.
        StorageFailed: it could not be recorded.
    """
    clock = None if order.world is None else VirtualClock()
    course: _Course | None = None
    problem: RecorderError | KeyboardInterrupt | None = None
    with open_archive(order.archive, mode="write", create=True, say=say) as opened:
        try:
            with recording(
                opened,
                source="replay",
                name=order.name,
                known_secrets=order.secrets,
                keep_secrets=order.keep_secrets,
                clock=clock,
                say=say,
            ) as session:
                say(_beginning(order))
                course = _Course(order, session, stop=stop, say=say)
                course.run(clock)
        except (RecorderError, KeyboardInterrupt) as ended:
            problem = ended
            if course is None:
                raise
        played = _played(order, course, session, opened, problem)
    report(played.outcome, say)
    if problem is None:
        on_end(played)
        return played
    try:
        on_end(played)
    except RecorderError as failed:  # on the same full disk, maybe: what came first is what is raised
        say(failed.says)
    raise problem


def _played(
    order: Order, course: _Course, session: Recording, opened: Archive, problem: BaseException | None
) -> Played:
    cut_short = course.why_cut_short(problem)
    outcome = course.outcome(cut_short)
    listed, started_at_us = _recorded(opened, session.intake.session)
    refused = (
        None if course.driver is None or problem is not None else _refused(course.driver, outcome, order)
    )
    if refused is not None:  # raised where the session is over, and nobody else blanks it
        blank_error(refused, session.blank)
    return Played(
        session.intake.session,
        listed,
        outcome,
        order.script.name,
        order.script.document.file,
        session.began_s,
        order.tolerance_s,
        refused,
        started_at_us,
        cut_short,
    )


def _recorded(opened: Archive, session: str) -> tuple[list[MessageView], int | None]:
    """The messages of the session and when it began; nothing where even that cannot be read any more."""
    try:
        return messages(opened, session)[1], opened.find_session(session).started_at_us
    except RecorderError:
        return [], None


@contextmanager
def _driven(
    order: Order, player: Player, session: Recording, clock: VirtualClock | None, stop: Stop
) -> Iterator[tuple[Driver, Callable[[Waiting], None]]]:
    """The session to drive, and what waits for it."""
    if order.world is not None and clock is not None:
        yield _virtual(order, player, session, clock)
        return
    connect = Connector(session, order.places, fetch=order.fetch)
    upload = Uploader(order.uploads, ca_file=order.ca_file)
    drive = Driver(player, connect=connect, clock=session.clock, upload=upload)
    with closing(Waiter(session.clock)) as waiter, punctual(), IdleCollector() as collector:
        stop.on_stop(waiter.wake)
        lulls = _Lulls(session)

        def wait(waiting: Waiting) -> None:
            until_s = waiting.until_s
            collector.collect_if_idle(None if until_s is None else until_s - session.clock.now_s())
            lulls.use(waiting, now_s=session.clock.now_s())
            early_s = None if waiting.until_s is None else waiting.until_s - LEAD_S
            waiter.wait(waiting._replace(until_s=early_s))

        yield drive, wait


class _Lulls:
    """Makes the archive's barriers when no receipt is due: a disk may take milliseconds for one.

    From half a second after the last one on it takes the next lull; after a second it waits no longer.
    """

    ENOUGH_S = 0.008
    EARLY_S, LATE_S = 0.5, 1.0

    def __init__(self, session: Recording) -> None:
        self._intake = session.intake
        self._intake.waits_for_a_lull = True

    def use(self, waiting: Waiting, *, now_s: float) -> None:
        """Nothing else is to be done before ``waiting`` is over."""
        is_lull = waiting.until_s is None or waiting.until_s - now_s >= self.ENOUGH_S
        self._intake.settle(after_s=self.EARLY_S if is_lull else self.LATE_S)


def _virtual(
    order: Order, player: Player, session: Recording, clock: VirtualClock
) -> tuple[Driver, Callable[[Waiting], None]]:
    assert order.world is not None  # noqa: S101 - asked by the caller
    world = VirtualWorld(order.world, clock, seed=order.seed)
    places = dict(order.places)

    def connect(consumer: str, fresh_token: bool) -> VirtualConnection:
        options = places[consumer]
        if order.fetch is not None and (fresh_token or options.token is None):
            token = order.fetch(consumer)
            session.know(token)
            options = places[consumer] = replace(options, token=token)
        return world.connect(options, session.tracker(options))

    # The simulator takes any file; on virtual time in no time.
    return Driver(player, connect=connect, clock=clock, upload=lambda upload: None), world.wait


def _beginning(order: Order) -> str:
    places = sorted({place.base_url for place in order.places.values()})
    where = "the simulator, on virtual time" if order.world is not None else ", ".join(places)
    return f"playing {order.script.name}: {len(order.script.steps)} steps against {where}"


def _blanked(outcome: ScriptOutcome, blank: Callable[[str], str]) -> ScriptOutcome:
    """The outcome without the secrets that its sentences quote from frames."""
    return outcome._replace(
        results=tuple(
            result._replace(sentence=blank(result.sentence), shown=tuple(map(blank, result.shown)))
            for result in outcome.results
        ),
        troubles=tuple(map(blank, outcome.troubles)),
        notes=tuple(map(blank, outcome.notes)),
        ended=None if outcome.ended is None else blank(outcome.ended),
    )


def _refused(under_way: Driver, outcome: ScriptOutcome, order: Order) -> CannotConnect | None:
    """Why a consumer was without a connection at the end, if the service would not have it."""
    if under_way.refused is not None:
        return under_way.refused
    failed = next((result for result in outcome.results if result.outcome == FAILED), None)
    if failed is not None and _is_about_the_end(order.script, failed):
        return None
    last = {ending.consumer: ending.ended for ending in outcome.endings}
    for consumer, ended in last.items():
        hint = authentication_hint(ended.code)
        if ended.by == "service" and hint is not None:
            reason = f" ({ended.reason})" if ended.reason else ""
            during = f", in {failed.place}" if failed is not None else ""
            problem = f"the service closed the connection with {ended.code}{reason}{during}"
            return CannotConnect(order.places[consumer].base_url, problem, hint=hint)
    return None


def _is_about_the_end(script: Script, result: StepResult) -> bool:
    """Whether the step expects how the connection ends, or that it does not: that it did is its verdict."""
    says = next((step.arguments for step in script.steps if step.number == result.number), None)
    if not isinstance(says, ExpectVerb):
        return False
    return says.close is not None or (says.not_ is not None and says.not_.close is not None)
