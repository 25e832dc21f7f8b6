"""The results of a load run as JSON objects, one for each row."""

from __future__ import annotations

from recorder.load_summary import DurationStatistics, EventCount, FailureGroup, LoadSample


def duration_json(durations: DurationStatistics) -> dict[str, object]:
    """One measured metric as one object; every number in milliseconds says so in its name."""
    return {
        "metric": durations.metric,
        "count": durations.count,
        "rate": round(durations.rate, 3),
        "mean_ms": rounded(durations.mean_ms),
        "min_ms": rounded(durations.min_ms),
        "p50_ms": rounded(durations.p50_ms),
        "p90_ms": rounded(durations.p90_ms),
        "p95_ms": rounded(durations.p95_ms),
        "p99_ms": rounded(durations.p99_ms),
        "p99.9_ms": rounded(durations.p999_ms),
        "max_ms": rounded(durations.max_ms),
    }


def count_json(count: EventCount) -> dict[str, object]:
    """One counted metric as one object."""
    return {"metric": count.metric, "count": count.count, "rate": round(count.rate, 3)}


def failure_json(failure: FailureGroup) -> dict[str, object]:
    """One way of failing as one object."""
    return {"failure": failure.sentence, "step": failure.step or None, "users": failure.users}


def sample_json(sample: LoadSample) -> dict[str, object]:
    """One sample as one object."""
    return {
        "at_s": round(sample.at_s, 3),
        "active": sample.active,
        "begun": sample.begun,
        "passed": sample.passed,
        "failed": sample.failed,
        "messages_per_s": round(sample.messages_per_s, 3),
        "frames_per_s": round(sample.frames_per_s, 3),
        "receipts": sample.receipts,
        "figures": [duration_json(durations) for durations in sample.durations if durations.count],
    }


def rounded(milliseconds: float | None) -> float | None:
    """To the microsecond; None stays None."""
    return None if milliseconds is None else round(milliseconds, 3)
