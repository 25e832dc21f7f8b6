"""The options of a load run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from recorder.errors import BadOption
from recorder.replay.run.reconnect_policy import PolicyName

from ..option_values import duration_s
from ..replay_options import PlayKeywords, ReplayOptions, replay_options

MOST_USERS = 20_000
FASTEST_SPAWN_RATE = 10_000.0


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
    origin: str | None = None
    proxy: str | None = field(default=None, repr=False)
    connect_timeout: str | None = None
    send_timeout: str | None = None
    max_payload: str | None = None
    variables: Sequence[str] = ()
    keep_secrets: bool = False
    secret_names: Sequence[str] = ()
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
        shared = {name: getattr(self, name) for name in PlayKeywords.__annotations__}
        return replay_options(seed=self.seed, **shared)
