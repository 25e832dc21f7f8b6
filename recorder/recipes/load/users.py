"""Make the users of a load run: each a session of its own in the one archive, as somebody of its own."""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from recorder.clock import Clock
from recorder.redaction.redactor import Redactor
from recorder.replay.language.script import Script
from recorder.replay.load.arrivals import Arrival
from recorder.replay.load.loop import StartedUser
from recorder.replay.load.measured_connection import MetricsSink, measured_connect
from recorder.replay.run.driver import Driver
from recorder.replay.run.outcome import FAILED, StepResult
from recorder.replay.run.player import Player
from recorder.store.archive import Archive
from recorder.store.group_commit import GroupCommit
from recorder.store.intake import IntakeOptions

from ..connector import Connector, Uploader
from ..record_session import ActiveSession
from ..replay_options import ReplayOptions
from ..token_command import FetchToken
from .endpoints import UserEndpoints

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


class UserFactory:
    """Begins users, each with a session and a player of its own.

    Args:
        options: how they play; user n draws its delays with ``seed + n - 1``, and its session is called
            after the run with n behind it.
        endpoints: where they connect.
        watcher: made for each user, by its number.
        fetch_token: fetches missing and fresh tokens.
    """

    def __init__(
        self,
        archive: Archive,
        group_commit: GroupCommit,
        scripts: Scripts,
        options: ReplayOptions,
        *,
        endpoints: UserEndpoints,
        clock: Clock,
        watcher: Callable[[int], Watcher],
        fetch_token: FetchToken | None = None,
    ) -> None:
        self.sessions: list[str] = []
        """Their sessions, in the order in which they began."""
        self._archive = archive
        self._group_commit = group_commit
        self._scripts = scripts
        self._options = options
        self._endpoints = endpoints
        self._clock = clock
        self._watcher = watcher
        self._fetch_token = fetch_token
        self._reconnect = options.reconnect_policy(scripts.first)
        self._key = archive.redaction_key()

    def begin(self, arrival: Arrival) -> StartedUser:
        """A user, ready to be driven.

        Raises:
            BadScript, BadOption: its script, or where it is to connect, cannot be used.
            StorageFailed: the archive takes no session.
        """
        user = arrival.user
        script = self._scripts.next()
        endpoints = self._endpoints(script, user)
        session = self._session(script, user, endpoints.tokens)
        watcher = self._watcher(user)
        player = Player(
            script,
            seed=(self._options.seed or 0) + user - 1,
            on_step=lambda result: watcher.on_step(_without_secrets(result, session.redact)),
            on_receipts=watcher.on_receipts,
            reconnect=self._reconnect,
        )
        connect = Connector(session, endpoints.connect, fetch_token=self._fetch_token)
        upload = Uploader(endpoints.uploads, ca_file=self._options.service.ca_file)
        driver = Driver(
            player,
            connect=measured_connect(connect, watcher.measures, self._clock),
            clock=self._clock,
            upload=upload if endpoints.uploads else None,
        )

        def finish(problem: str | None) -> None:
            self._group_commit.finish(session.intake, self._clock.wall_us(), detail=problem)

        return StartedUser(driver, player.outcome, finish, session.redact)

    def _session(self, script: Script, user: int, secrets: Sequence[str]) -> ActiveSession:
        redactor = Redactor(self._key, known=secrets)
        intake = self._archive.begin_session(
            source="replay",
            started_at_us=self._clock.wall_us(),
            clock=self._clock,
            name=f"{self._options.session.name or script.name} {user}",
            options=IntakeOptions(redactor=redactor, keep_secrets=self._options.session.keep_secrets),
        )
        self.sessions.append(intake.session)
        return ActiveSession(
            intake,
            self._clock,
            self._clock.now_s(),
            itertools.count(1),
            itertools.count(1),
            _as_it_is if self._options.session.keep_secrets else redactor.text,
            redactor.add_secret,
            self._group_commit.sink(intake),
        )


def _without_secrets(result: StepResult, blank: Callable[[str], str]) -> StepResult:
    """The result without secrets; only sentences of failed steps are reported."""
    return result._replace(sentence=blank(result.sentence)) if result.outcome == FAILED else result


def _as_it_is(text: str) -> str:
    return text
