"""How long something took, on one clock."""

from __future__ import annotations

from typing import NamedTuple

from recorder.messaging.events import Evidence


class Delay(NamedTuple):
    """How long something took, on one clock: ``clock`` is "server" (both ends are the service's times)
    or "local" (both are ours)."""

    seconds: float
    clock: str


def delay(since: Evidence | None, until: Evidence | None) -> Delay | None:
    """The time between two facts, never mixing clocks; None where no clock saw both.

    The service's clock is preferred: it saw both ends without the network in between.
    """
    if since is None or until is None:
        return None
    if since.server_ms is not None and until.server_ms is not None:
        return Delay((until.server_ms - since.server_ms) / 1_000, "server")
    if since.offset_us is not None and until.offset_us is not None:
        return Delay((until.offset_us - since.offset_us) / 1_000_000, "local")
    if since.at_us is not None and until.at_us is not None:
        return Delay((until.at_us - since.at_us) / 1_000_000, "local")
    return None
