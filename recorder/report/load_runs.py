"""The sessions of one ``replay --users``, told from others by their names and times."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from recorder.counted import counted
from recorder.wire.records import SessionInfo

_NUMBERED = re.compile(r"(?P<base>.+) (?P<user>[0-9]{1,9})", re.ASCII | re.DOTALL)
_LONGEST_PAUSE_US = 10_000_000
"""Between the end of the sessions so far and the beginning of the next one of the same run."""


@dataclass(slots=True)
class LoadRun:
    """Sessions that one load run recorded, oldest first.

    The name of each is ``base`` and the number of its user. ``ended_us`` is when the last of them ended, as
    far as is known.
    """

    base: str
    users: dict[int, SessionInfo] = field(default_factory=dict)
    ended_us: int | None = None

    @property
    def sessions(self) -> Sequence[SessionInfo]:
        """Its sessions, oldest first."""
        return list(self.users.values())

    @property
    def name(self) -> str:
        """``slow reader 1…200``."""
        return f"{self.base} {min(self.users)}…{max(self.users)}"

    @property
    def state(self) -> str:
        """The state of all, or how many are in each that is not "complete"."""
        states = Counter(each.state for each in self.sessions)
        if len(states) == 1:
            return next(iter(states))
        return ", ".join(f"{count} {state}" for state, count in sorted(states.items()) if state != "complete")

    def takes(self, session: SessionInfo, user: int) -> bool:
        """Whether this session began while the others were played, as a user of its own."""
        if user in self.users:
            return False
        if session.started_at_us is None or self.ended_us is None:
            return True
        return session.started_at_us - self.ended_us <= _LONGEST_PAUSE_US

    def add(self, session: SessionInfo, user: int) -> None:
        """Take the session of the next user."""
        self.users[user] = session
        self.ended_us = max(filter(None, (self.ended_us, session.ended_at_us)), default=None)


def folded(sessions: Iterable[SessionInfo]) -> Iterator[SessionInfo | LoadRun]:
    """The sessions in their order, those of a load run together in the place of the first; of two or more."""
    run: LoadRun | None = None
    for session in sessions:
        numbered = _NUMBERED.fullmatch(session.name or "") if session.source == "replay" else None
        user = int(numbered["user"]) if numbered else 0
        if run is not None and numbered and run.base == numbered["base"] and run.takes(session, user):
            run.add(session, user)
            continue
        yield from _line(run)
        run = LoadRun(numbered["base"]) if numbered else None
        if run is None:
            yield session
        else:
            run.add(session, user)
    yield from _line(run)


def _line(run: LoadRun | None) -> Iterator[SessionInfo | LoadRun]:
    if run is not None:
        yield run if len(run.users) > 1 else run.sessions[0]


def run_words(run: LoadRun) -> str:
    """``200 sessions``."""
    return counted(len(run.users), "session")
