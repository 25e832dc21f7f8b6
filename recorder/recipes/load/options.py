"""The options and the result of a load run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from recorder.errors import BadOption, ExpectationFailed
from recorder.load_summary import LoadSample, LoadSummary
from recorder.replay.run.reconnect_policy import PolicyName

from ..option_values import duration_s
from ..replay_options import ReplayOptions, replay_options

MOST_USERS = 20_000
FASTEST_SPAWN_RATE = 10_000.0


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The result of a load run.

    Attributes:
        summary: the run as a whole.
        samples: the run second by second.
        violations: a sentence for each threshold that was violated.
        began_us: when it began.
        stopped: whether it was stopped before its end.
        title: what the script is called.
        facts: the settings of the run by name, for a report.
        cut_short: why all of it ended before its end, in one sentence; None if it did not, or was stopped.
    """

    summary: LoadSummary
    samples: Sequence[LoadSample]
    violations: Sequence[str]
    began_us: int
    stopped: bool
    title: str
    facts: Mapping[str, str]
    cut_short: str | None = None

    @property
    def passed(self) -> bool:
        """Whether no user failed, no threshold was violated, and nothing cut it short."""
        return not self.violations and not self.summary.count("failures") and self.cut_short is None

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        began, passed, failed, stopped = map(self.summary.count, ("users", "passed", "failures", "stopped"))
        rest = f", {stopped} stopped before their end" if stopped else ""
        why = f": {self.cut_short}" if self.cut_short is not None else ""
        return f"{began} users began: {passed} passed, {failed} failed{rest}{why}"

    def raise_if_failed(self) -> None:
        """Return if it passed.

        Raises:
            ExpectationFailed: it did not; says how many users failed, and which thresholds were violated.
        """
        failed = self.summary.count("failures")
        users = "user" if failed == 1 else "users"
        problems = [*([f"{failed} {users} failed"] if failed else []), *self.violations]
        if problems:
            raise ExpectationFailed("; ".join(problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many users play, as whom, and what may not happen. As for ``replay`` where that has the name.

    Attributes:
        users: how many at once.
        spawn_rate: how many of them begin every second.
        run_time: how long users begin anew once they are done, like "2m"; None: each plays once.
        fail_if: thresholds, like "read_lateness.p99 > 50ms".
        seed: user n draws its delays with ``seed + n - 1``.
        tokens: shown in turn; None given: what ``token_command`` prints, or the script's.
    """

    users: int
    spawn_rate: float = 1.0
    run_time: str | None = None
    fail_if: Sequence[str] = ()
    seed: int = 0
    url: str | None = None
    tokens: Sequence[str] = field(default=(), repr=False)
    token_command: str | None = None
    init_connection: bool = False
    reconnect: PolicyName | None = None
    headers: Sequence[str] = ()
    ca_file: Path | None = None
    variables: Sequence[str] = ()
    keep_secrets: bool = False
    name: str | None = None

    def run_time_s(self) -> float | None:
        """Seconds; raises ``BadOption``, for the other numbers too."""
        if not 1 <= self.users <= MOST_USERS:
            raise BadOption("--users", f"from 1 to {MOST_USERS}, not {self.users}")
        if not 0 < self.spawn_rate <= FASTEST_SPAWN_RATE:
            raise BadOption("--spawn-rate", f"more than 0 and at most {FASTEST_SPAWN_RATE:g} a second")
        return None if self.run_time is None else duration_s("--run-time", self.run_time)

    def replay_options(self) -> ReplayOptions:
        """What each user has in common with a single replay. Raises ``BadOption``."""
        return replay_options(
            url=self.url,
            token_command=self.token_command,
            init_connection=self.init_connection,
            headers=self.headers,
            ca_file=self.ca_file,
            variables=self.variables,
            reconnect=self.reconnect,
            keep_secrets=self.keep_secrets,
            name=self.name,
            seed=self.seed,
        )
