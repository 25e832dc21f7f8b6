"""The results of a load run as JSON objects, one for each row; durations are rounded to the microsecond."""

from __future__ import annotations

from dataclasses import fields

from recorder.load_summary import DurationStatistics, EventCount, FailureGroup, LoadSample, SlowUser


def duration_json(durations: DurationStatistics) -> dict[str, object]:
    """One measured metric as one object; every number in milliseconds says so in its name."""
    return {"p99.9_ms" if name == "p999_ms" else name: value for name, value in count_json(durations).items()}


def duration_line(durations: DurationStatistics) -> dict[str, object]:
    """As ``duration_json``, with every number in seconds beside it: ``p50_s`` beside ``p50_ms``."""
    line = duration_json(durations)
    seconds = {
        f"{name.removesuffix('_ms')}_s": value / 1000 if isinstance(value, int | float) else None
        for name, value in line.items()
        if name.endswith("_ms")
    }
    return {**line, **seconds}


def count_json(row: EventCount | DurationStatistics | LoadSample | SlowUser) -> dict[str, object]:
    """One counted metric as one object, or the fields of another row."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return {name: rounded(value) if isinstance(value, float) else value for name, value in values.items()}


def failure_json(failure: FailureGroup) -> dict[str, object]:
    """One way of failing as one object."""
    return {"failure": failure.sentence, "step": failure.step or None, "users": failure.users}


def sample_json(sample: LoadSample) -> dict[str, object]:
    """One sample as one object."""
    row = count_json(sample)
    del row["durations"]
    return {**row, "figures": [duration_json(each) for each in sample.durations if each.count]}


def rounded(number: float | None) -> float | None:
    """To three places; None stays None."""
    return None if number is None else round(number, 3)
