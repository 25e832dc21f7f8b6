"""Make the users of a load run: each a session of its own in the one archive, as somebody of its own."""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from recorder.clock import RealClock
from recorder.load_summary import LoadSample
from recorder.redaction.redactor import Redactor
from recorder.replay.language.script import Script
from recorder.replay.load.arrivals import Arrival
from recorder.replay.load.connection_metrics import ConnectionMetrics, MetricsSink
from recorder.replay.load.loop import Arriving, LoadLoop, StartedUser
from recorder.replay.load.metrics import Metrics
from recorder.replay.run.driver import Driver
from recorder.replay.run.outcome import FAILED, StepResult
from recorder.replay.run.player import Player
from recorder.replay.run.receipt_plan import ReceiptPlans
from recorder.report.replay_target import ReplayTarget
from recorder.store.archive import Archive
from recorder.store.group_commit import GroupCommit
from recorder.store.intake import IntakeOptions

from ..connector import Connector, Uploader
from ..record_session import ActiveSession
from ..refused_consumer import find_refusal
from ..replay_options import ReplayOptions
from ..token_command import FetchToken
from .endpoints import UserEndpoints
from .options import Load

_ASKS_FOR_USER = re.compile(r"(?<!\$)\$\{USER(?::-[^{}]*)?\}")
_AHEAD = 32


class Scripts:
    """The script of each user: one and the same, unless it asks for ``${USER}``.

    Args:
        text: the script as it was read.
        read: makes a script for a user; called in a helper thread, some users ahead: it takes its time.
    """

    def __init__(self, text: bytes, read: Callable[[int], Script]) -> None:
        self._read = read
        # What it includes may ask for it, too.
        asks = _ASKS_FOR_USER.search(text.decode("utf-8", "replace")) is not None
        self._differ = asks or b"include" in text
        self._first = read(1)
        self._ahead: deque[Future[Script]] = deque()
        self._numbers = itertools.count(1)
        self._reader = ThreadPoolExecutor(1, "scripts") if self._differ else None

    @property
    def first(self) -> Script:
        """That of the first user."""
        return self._first

    def next(self) -> Script:
        """That of the next user. Raises ``BadScript`` where what a user gets makes it one."""
        if self._reader is None:
            return self._first
        while len(self._ahead) < _AHEAD:
            self._ahead.append(self._reader.submit(self._read, next(self._numbers)))
        return self._ahead.popleft().result()

    def close(self) -> None:
        """Stop reading ahead."""
        if self._reader is not None:
            self._reader.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Watcher:
    """The callbacks of one user: ``measures`` gets latencies, the others receipts and steps."""

    measures: MetricsSink
    on_receipts: Callable[[str, float], None]
    on_step: Callable[[StepResult], None] = lambda result: None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSetup:
    """Everything the users of one load run share.

    Attributes:
        target: what the users connect to, and who chose it.
        endpoints: where each user connects.
        group_commit: commits the frames of all sessions.
        fetch_token: asks for a token of a consumer; None: there is no token command.
        began_s, began_us: when the run began, by ``clock`` and in microseconds since the epoch.
    """

    load: Load
    options: ReplayOptions
    scripts: Scripts
    target: ReplayTarget
    endpoints: UserEndpoints
    archive: Archive
    group_commit: GroupCommit
    clock: RealClock
    metrics: Metrics
    fetch_token: FetchToken | None
    began_s: float
    began_us: int

    def loop(
        self,
        users: UserFactory,
        arrivals: Arriving,
        *,
        on_sample: Callable[[LoadSample], None] = lambda sample: None,
        on_end: Callable[[int, bool, str | None], None] = lambda user, passed, failure: None,
    ) -> LoadLoop:
        """The loop that plays these users."""
        return LoadLoop(
            users.begin,
            arrivals=arrivals,
            metrics=self.metrics,
            group_commit=self.group_commit,
            clock=self.clock,
            on_sample=on_sample,
            on_end=on_end,
        )


class UserFactory:
    """Begins users, each with a session and a player of its own; ``watcher`` is made for each, by its number.

    User n draws its delays with ``seed + n - 1``, and its session is called after the run with n behind it.

    Attributes:
        sessions: those of the users by their numbers, in the order in which they began.
    """

    def __init__(self, setup: LoadSetup, watcher: Callable[[int], Watcher]) -> None:
        self.sessions: dict[int, str] = {}
        self._setup = setup
        self._watcher = watcher
        self._reconnect = setup.options.reconnect_policy(setup.scripts.first)
        self._key = setup.archive.redaction_key()

    def begin(self, arrival: Arrival) -> StartedUser:
        """A user, ready to be driven.

        Raises:
            BadScript, BadOption: its script, or where it is to connect, cannot be used.
            StorageFailed: the archive takes no session.
        """
        setup, user = self._setup, arrival.user
        script = setup.scripts.next()
        endpoints = setup.endpoints(script, user)
        session = self._session(script, user, endpoints.secrets)
        watcher, plan = self._watcher(user), ReceiptPlans()
        player = Player(
            script,
            seed=(setup.options.seed or 0) + user - 1,
            on_step=lambda result: watcher.on_step(_without_secrets(result, session.redact)),
            on_receipts=watcher.on_receipts,
            reconnect=self._reconnect,
            plan=plan,
        )
        upload = Uploader(endpoints.uploads, setup.options.service)
        driver = Driver(
            player,
            connect=Connector(session, endpoints.connect, fetch_token=setup.fetch_token),
            clock=setup.clock,
            upload=upload if endpoints.uploads else None,
            observer=ConnectionMetrics(watcher.measures),
        )

        def finish(problem: str | None) -> None:
            if not session.intake.finished:
                plan.end(setup.clock.now_s())
                setup.group_commit.sink(session.intake)(plan.take_changes(session.began_s))
            refused = None
            if problem is None:
                refused = find_refusal(
                    driver, player.outcome(), script, endpoints.connect,
                    opened=setup.archive, session=session.intake.session, redact=session.redact,
                )  # fmt: skip
            if refused is None or not refused.failed:
                setup.group_commit.finish(session.intake, setup.clock.wall_us(), detail=problem)
                return
            setup.group_commit.finish(
                session.intake,
                setup.clock.wall_us(),
                complete=not refused.let_in,
                detail=str(refused.error),
                let_in=refused.let_in,
            )

        return StartedUser(driver, player.outcome, finish, session.redact)

    def _session(self, script: Script, user: int, secrets: Sequence[str]) -> ActiveSession:
        setup, storage = self._setup, self._setup.options.session
        redactor = Redactor(
            self._key, known=secrets, secret_names=storage.secret_names, given_headers=storage.given_headers
        )
        intake = setup.archive.begin_session(
            source="replay",
            started_at_us=setup.clock.wall_us(),
            clock=setup.clock,
            name=f"{storage.name or script.name} {user}",
            options=IntakeOptions(redactor=redactor, keep_secrets=storage.keep_secrets),
        )
        self.sessions[user] = intake.session
        return ActiveSession(
            intake,
            setup.clock,
            setup.clock.now_s(),
            itertools.count(1),
            itertools.count(1),
            str if storage.keep_secrets else redactor.text,
            redactor.add_secret,
            setup.group_commit.sink(intake),
        )


def _without_secrets(result: StepResult, blank: Callable[[str], str]) -> StepResult:
    """The result without secrets; only sentences of failed steps are reported."""
    return result._replace(sentence=blank(result.sentence)) if result.outcome == FAILED else result
