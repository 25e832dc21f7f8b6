"""The numbers of a run of many users, as the tables, the CSV files and the page want them.

Durations are in milliseconds, None where nothing was measured; rates are per second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Figure(Protocol):
    """One measured metric."""

    @property
    def metric(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def rate(self) -> float: ...
    @property
    def mean_ms(self) -> float | None: ...
    @property
    def min_ms(self) -> float | None: ...
    @property
    def p50_ms(self) -> float | None: ...
    @property
    def p90_ms(self) -> float | None: ...
    @property
    def p95_ms(self) -> float | None: ...
    @property
    def p99_ms(self) -> float | None: ...
    @property
    def p999_ms(self) -> float | None: ...
    @property
    def max_ms(self) -> float | None: ...


class Count(Protocol):
    """One counted metric."""

    @property
    def metric(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def rate(self) -> float: ...


class Failure(Protocol):
    """One way in which users failed: at which step, in which words, how many."""

    @property
    def step(self) -> str: ...
    @property
    def says(self) -> str: ...
    @property
    def users(self) -> int: ...


class Moment(Protocol):
    """A run at ``at_s`` of it; rates and figures are of the time since the moment before."""

    @property
    def at_s(self) -> float: ...
    @property
    def active(self) -> int: ...
    @property
    def begun(self) -> int: ...
    @property
    def passed(self) -> int: ...
    @property
    def failed(self) -> int: ...
    @property
    def messages_per_s(self) -> float: ...
    @property
    def frames_per_s(self) -> float: ...
    @property
    def receipts(self) -> int: ...
    @property
    def figures(self) -> Sequence[Figure]: ...


class Figures(Protocol):
    """A run as a whole."""

    @property
    def lasted_s(self) -> float: ...
    @property
    def figures(self) -> Sequence[Figure]: ...
    @property
    def counts(self) -> Sequence[Count]: ...
    @property
    def failures(self) -> Sequence[Failure]: ...


def figure_json(figure: Figure) -> dict[str, object]:
    """One measured metric as one object; every number in milliseconds says so in its name."""
    return {
        "metric": figure.metric,
        "count": figure.count,
        "rate": round(figure.rate, 3),
        "mean_ms": rounded(figure.mean_ms),
        "min_ms": rounded(figure.min_ms),
        "p50_ms": rounded(figure.p50_ms),
        "p90_ms": rounded(figure.p90_ms),
        "p95_ms": rounded(figure.p95_ms),
        "p99_ms": rounded(figure.p99_ms),
        "p99.9_ms": rounded(figure.p999_ms),
        "max_ms": rounded(figure.max_ms),
    }


def count_json(count: Count) -> dict[str, object]:
    """One counted metric as one object."""
    return {"metric": count.metric, "count": count.count, "rate": round(count.rate, 3)}


def failure_json(failure: Failure) -> dict[str, object]:
    """One way of failing as one object."""
    return {"failure": failure.says, "step": failure.step or None, "users": failure.users}


def moment_json(moment: Moment) -> dict[str, object]:
    """One moment as one object."""
    return {
        "at_s": round(moment.at_s, 3),
        "active": moment.active,
        "begun": moment.begun,
        "passed": moment.passed,
        "failed": moment.failed,
        "messages_per_s": round(moment.messages_per_s, 3),
        "frames_per_s": round(moment.frames_per_s, 3),
        "receipts": moment.receipts,
        "figures": [figure_json(figure) for figure in moment.figures if figure.count],
    }


def rounded(milliseconds: float | None) -> float | None:
    """To the microsecond; None stays None."""
    return None if milliseconds is None else round(milliseconds, 3)
