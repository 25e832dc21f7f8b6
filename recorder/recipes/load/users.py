"""Make the users of a swarm: each a session of its own in the one archive, as somebody of its own."""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from recorder.clock import Clock
from recorder.redaction.redactor import Redactor
from recorder.replay.language.script import Script
from recorder.replay.load.arrivals import Arrival
from recorder.replay.load.loop import StartedUser
from recorder.replay.load.measured_connection import MetricsSink, measured_connect
from recorder.replay.run.driver import Driver
from recorder.replay.run.outcome import FAILED, StepResult
from recorder.replay.run.player import Player
from recorder.replay.run.reconnect_policy import PolicyName
from recorder.store.archive import Archive
from recorder.store.group_commit import Gathering

from ..connector import Connector, FetchToken, Uploader
from ..record_session import Recording
from .endpoints import FindPlaces

USER = "USER"
"""The variable that holds the number of the user, from 1."""

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
        """Read no more."""
        if self._reader is not None:
            self._reader.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told what a user meets: ``measures`` of latencies, the other two of what their names say."""

    measures: MetricsSink
    on_receipts: Callable[[str, float], None]
    on_step: Callable[[StepResult], None] = lambda result: None


class Users:
    """Begins users.

    Args:
        name: what their sessions are called, with the number behind it.
        find_places: where they connect.
        seed: user n draws its delays with ``seed + n - 1``.
        fetch: fetches tokens, where a place has none and for fresh ones.
        ca_file: trusted besides, for files that are handed over.
        watcher: made for each user.
    """

    def __init__(
        self,
        archive: Archive,
        gathering: Gathering,
        scripts: Scripts,
        *,
        name: str | None,
        find_places: FindPlaces,
        clock: Clock,
        seed: int,
        keep_secrets: bool,
        watcher: Callable[[int], Watcher],
        fetch: FetchToken | None = None,
        reconnect: PolicyName | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self.sessions: list[str] = []
        """Their sessions, in the order in which they began."""
        self._archive = archive
        self._gathering = gathering
        self._scripts = scripts
        self._name = name
        self._find_places = find_places
        self._clock = clock
        self._seed = seed
        self._keep_secrets = keep_secrets
        self._watcher = watcher
        self._fetch = fetch
        self._reconnect = reconnect
        self._ca_file = ca_file
        self._key = archive.redaction_key()

    def begin(self, arrival: Arrival) -> StartedUser:
        """A user, ready to be driven.

        Raises:
            BadScript, BadOption: its script, or where it is to connect, cannot be used.
            StorageFailed: the archive takes no session.
        """
        user = arrival.user
        script = self._scripts.next()
        places, uploads = self._find_places(script, user)
        session = self._session(script, user, [place.token for place in places.values() if place.token])
        watcher = self._watcher(user)
        player = Player(
            script,
            seed=self._seed + user - 1,
            on_step=lambda result: watcher.on_step(_without_secrets(result, session.blank)),
            on_receipts=watcher.on_receipts,
            reconnect=self._reconnect,
        )
        connect = Connector(session, places, fetch=self._fetch)
        drive = Driver(
            player,
            connect=measured_connect(connect, watcher.measures, self._clock),
            clock=self._clock,
            upload=Uploader(uploads, ca_file=self._ca_file) if uploads else None,
        )

        def finish(problem: str | None) -> None:
            self._gathering.finish(session.intake, self._clock.wall_us(), detail=problem)

        return StartedUser(drive, player.outcome, finish, session.blank)

    def _session(self, script: Script, user: int, secrets: Sequence[str]) -> Recording:
        redactor = Redactor(self._key, known=secrets)
        intake = self._archive.begin_session(
            source="replay",
            started_at_us=self._clock.wall_us(),
            clock=self._clock,
            name=f"{self._name or script.name} {user}",
            redactor=redactor,
            keep_secrets=self._keep_secrets,
        )
        self.sessions.append(intake.session)
        return Recording(
            intake,
            self._clock,
            self._clock.now_s(),
            itertools.count(1),
            itertools.count(1),
            _as_it_is if self._keep_secrets else redactor.text,
            redactor.know,
            self._gathering.sink(intake),
        )


def _without_secrets(result: StepResult, blank: Callable[[str], str]) -> StepResult:
    """Only what failed is told in words; the others are many, and pass as they are."""
    return result._replace(sentence=blank(result.sentence)) if result.outcome == FAILED else result


def _as_it_is(text: str) -> str:
    return text
