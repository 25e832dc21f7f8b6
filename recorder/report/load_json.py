"""The results of a load run as JSON objects, one for each row."""

from __future__ import annotations

from dataclasses import asdict, fields

from recorder.load_summary import DurationStatistics, EventCount, FailureGroup, LoadSample


def duration_json(durations: DurationStatistics) -> dict[str, object]:
    """One measured metric as one object; every number in milliseconds says so in its name."""
    return {
        "p99.9_ms" if name == "p999_ms" else name: round(value, 3) if isinstance(value, float) else value
        for name, value in asdict(durations).items()
    }


def count_json(count: EventCount) -> dict[str, object]:
    """One counted metric as one object."""
    return {"metric": count.metric, "count": count.count, "rate": round(count.rate, 3)}


def failure_json(failure: FailureGroup) -> dict[str, object]:
    """One way of failing as one object."""
    return {"failure": failure.sentence, "step": failure.step or None, "users": failure.users}


def sample_json(sample: LoadSample) -> dict[str, object]:
    """One sample as one object."""
    numbers = {each.name: getattr(sample, each.name) for each in fields(sample) if each.name != "durations"}
    return {
        **{name: round(value, 3) for name, value in numbers.items()},
        "figures": [duration_json(durations) for durations in sample.durations if durations.count],
    }


def rounded(milliseconds: float | None) -> float | None:
    """To the microsecond; None stays None."""
    return None if milliseconds is None else round(milliseconds, 3)
