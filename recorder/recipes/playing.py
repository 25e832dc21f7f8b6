"""Play one script on one session of an archive, on the clock of the machine or on a virtual one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace

from recorder.capture.options import ConnectOptions
from recorder.clock import VirtualClock, punctual
from recorder.errors import CannotConnect, ExpectationFailed
from recorder.receipts.queries import MessageView
from recorder.replay.driver import LEAD_S, Drive
from recorder.replay.language.script import Script
from recorder.replay.language.verbs import Expect
from recorder.replay.outcome import FAILED, Outcome, StepResult
from recorder.replay.player import Player
from recorder.replay.reconnecting import Policy
from recorder.replay.waiting import Collector, Waiter, Waiting
from recorder.report.steps import lateness_line
from recorder.simulator.service import Service

from .connecting import Connector, FetchToken, Uploader
from .looking import Say, messages, open_archive
from .recording import NOT_LET_IN, Recording, recording
from .stopping import Stop
from .virtual import VirtualWorld
from .virtual_ends import VirtualConnection

Places = Mapping[str, ConnectOptions]
"""Where each consumer connects, and as whom."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a replay.

    Attributes:
        session: id of the recorded session.
        messages: its messages with their receipts, folded from the recorded frames.
        outcome: step by step; None if it was stopped before the end.
        script: the name of what was played; ``file``: where it stands.
        began_s: when the session began, by the clock of the outcome's times.
        tolerance_s: how late a receipt may leave; None: that does not matter.
        refused: why it ended without a connection, if a consumer was not let in for good.
        started_at_us: when the session began, microseconds since the epoch, UTC.
    """

    session: str
    messages: list[MessageView]
    outcome: Outcome | None
    script: str = ""
    file: str = ""
    began_s: float = 0.0
    tolerance_s: float | None = None
    refused: CannotConnect | None = field(default=None, compare=False)
    started_at_us: int | None = None

    @property
    def late(self) -> str | None:
        """The first receipt that left later than it may, in one sentence; None if none did."""
        if self.outcome is None or self.tolerance_s is None:
            return None
        for receipt in self.outcome.receipts:
            if receipt.late_s > self.tolerance_s:
                due_s, sent_s = receipt.due_s - self.began_s, receipt.sent_s - self.began_s
                return (
                    f"{receipt.status} for #{receipt.sequence} (frame {receipt.frame}) was planned for"
                    f" +{due_s:.6f}s and left at +{sent_s:.6f}s: {receipt.late_s * 1e3:.2f} ms late,"
                    f" {self.tolerance_s * 1e3:g} ms are tolerated"
                )
        return None

    @property
    def troubles(self) -> list[str]:
        """What went wrong and is of no one step."""
        late = [] if self.late is None else [self.late]
        return [*(self.outcome.troubles if self.outcome is not None else ()), *late]

    def raise_if_failed(self) -> None:
        """Return if everything came out as the script says, and on time.

        Raises:
            CannotConnect: a consumer was not let in, and the script failed over it.
            ExpectationFailed: it came out otherwise; says what was seen instead.
        """
        if self.outcome is None:
            return
        if self.outcome.failure is not None and self.refused is not None:
            raise self.refused
        says = self.outcome.failure or self.late
        if says is not None:
            hint = f"the session is recorded: recorder message list {self.session}"
            raise ExpectationFailed(says, hint=hint)


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
    ca_file: str | None = None
    fetch: FetchToken | None = None
    world: Service | None = None
    seed: int = 0
    reconnect: Policy | None = None
    tolerance_s: float | None = None
    keep_secrets: bool = False
    secrets: Sequence[str] = ()


def play(order: Order, *, stop: Stop, say: Say) -> Played:
    """Play it, record it, and return what came of it.

    Raises:
        CannotConnect: not one connection came about.
        StorageFailed: it could not be recorded.
    """
    script = order.script
    clock = None if order.world is None else VirtualClock()
    with open_archive(order.archive, mode="write", create=True, say=say) as opened:
        with recording(
            opened,
            source="replay",
            name=order.name,
            known_secrets=order.secrets,
            keep_secrets=order.keep_secrets,
            clock=clock,
            say=say,
        ) as session:
            player = Player(
                script,
                seed=order.seed,
                on_step=lambda result: say(session.blank(step_line(result))),
                reconnect=order.reconnect,
            )
            say(_beginning(order))
            with _driven(order, player, session, clock, stop) as (under_way, wait):
                under_way.run(wait=wait, stopped=stop.is_set)
            outcome = _blanked(player.outcome(), session.blank)
            refused = _refused(under_way, outcome, order)
        _report(outcome, say)
        session_id, listed = messages(opened, session.intake.session)
        started_at_us = opened.find_session(session_id).started_at_us
    return Played(
        session_id,
        listed,
        None if stop.is_set() else outcome,
        script.name,
        script.document.file,
        session.began_s,
        order.tolerance_s,
        refused,
        started_at_us,
    )


@contextmanager
def _driven(
    order: Order, player: Player, session: Recording, clock: VirtualClock | None, stop: Stop
) -> Iterator[tuple[Drive, Callable[[Waiting], None]]]:
    """The session to drive, and what waits for it."""
    if order.world is not None and clock is not None:
        yield _virtual(order, player, session, clock)
        return
    connect = Connector(session, order.places, fetch=order.fetch)
    upload = Uploader(order.uploads, ca_file=order.ca_file)
    drive = Drive(player, connect=connect, clock=session.clock, upload=upload)
    with closing(Waiter(session.clock)) as waiter, punctual(), Collector() as collector:
        stop.on_stop(waiter.wake)
        lulls = _Lulls(session)

        def wait(waiting: Waiting) -> None:
            collector.while_there_is_time(waiting, now_s=session.clock.now_s())
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
) -> tuple[Drive, Callable[[Waiting], None]]:
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
    return Drive(player, connect=connect, clock=clock, upload=lambda upload: None), world.wait


def _beginning(order: Order) -> str:
    places = sorted({place.place for place in order.places.values()})
    where = "the simulator, on virtual time" if order.world is not None else ", ".join(places)
    return f"playing {order.script.name}: {len(order.script.steps)} steps against {where}"


def step_line(result: StepResult) -> str:
    """One line about a step that is over."""
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


def _refused(under_way: Drive, outcome: Outcome, order: Order) -> CannotConnect | None:
    """Why a consumer was without a connection at the end, if the service would not have it."""
    if under_way.refused is not None:
        return under_way.refused
    failed = next((result for result in outcome.results if result.outcome == FAILED), None)
    if failed is not None and _is_about_the_end(order.script, failed):
        return None
    last = {ending.consumer: ending.ended for ending in outcome.endings}
    for consumer, ended in last.items():
        if ended.by == "service" and ended.code in NOT_LET_IN:
            reason = f" ({ended.reason})" if ended.reason else ""
            during = f", in {failed.place}" if failed is not None else ""
            problem = f"the service closed the connection with {ended.code}{reason}{during}"
            return CannotConnect(order.places[consumer].place, problem, hint=NOT_LET_IN[ended.code])
    return None


def _is_about_the_end(script: Script, result: StepResult) -> bool:
    """Whether the step expects how the connection ends, or that it does not: that it did is its verdict."""
    says = next((step.says for step in script.steps if step.number == result.number), None)
    if not isinstance(says, Expect):
        return False
    return says.close is not None or (says.not_ is not None and says.not_.close is not None)


def _report(outcome: Outcome, say: Say) -> None:
    passed = sum(result.outcome == "ok" for result in outcome.results)
    say(
        f"{passed} of {len(outcome.results)} steps came out as written, {len(outcome.receipts)} receipts sent"
    )
    late = outcome.lateness()
    if late.samples:
        say(lateness_line(late.samples, late.p50_s, late.p99_s, late.max_s))
    for note in outcome.notes:
        say(note)
    for result in outcome.results:
        for line in result.shown:
            say(f"  {line}")
