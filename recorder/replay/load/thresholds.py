"""The thresholds of ``--fail-if``, like ``read_lateness.p99 > 50ms``: parsed and judged."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from recorder.documents import parse_duration, unknown
from recorder.errors import BadOption

from .metrics import COUNTS, DURATIONS, Metrics

OPTION = "--fail-if"
_FORM = re.compile(r"([A-Za-z_]+)(?:\.([A-Za-z0-9_.]+))?\s*([<>=!]+)\s*(\S(?:.*\S)?)")
_QUANTILE = re.compile(r"p([0-9]{1,2}(?:\.[0-9]{1,3})?)")
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")
_EXAMPLE = "like 'read_lateness.p99 > 50ms' or 'failures > 0'"

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
IN_SECONDS = ("min", "mean", "max")
"""Besides p50, p99, p99.9 and so on."""
IN_NUMBERS = ("count", "rate")
SHARE = "share"
"""Of ``failures`` alone: the part of all users that came to an end of their own."""
PER_S = {"/s": 1.0, "/m": 1 / 60}


class Threshold(NamedTuple):
    """The run fails if ``metric.stat op bound``; ``written`` as it was typed.

    ``bound`` is in seconds, times, times per second, or a part of one, as the stat wants it.
    """

    metric: str
    stat: str
    op: str
    bound: float
    written: str


def parse_threshold(written: str) -> Threshold:
    """Parse one threshold.

    Raises:
        BadOption: it is not one; suggests what was meant.
    """
    form = _FORM.fullmatch(written.strip())
    if form is None:
        raise BadOption(OPTION, f'"{written}" is no threshold', hint=f"METRIC.STAT > VALUE, {_EXAMPLE}")
    metric, stat, op, value = form.groups()
    if metric not in DURATIONS and metric not in COUNTS:
        raise BadOption(OPTION, unknown("metric", metric, [*DURATIONS, *COUNTS]))
    if op not in OPERATORS:
        raise BadOption(OPTION, f'"{op}" is no comparison (there are: {", ".join(OPERATORS)})')
    stat = _stat(metric, stat)
    return Threshold(metric, stat, op, _bound(metric, stat, value), written)


def _stat(metric: str, stat: str | None) -> str:
    if stat is None:
        if metric in DURATIONS:
            raise BadOption(OPTION, f"{metric} of what?", hint=f"{metric}.p99, {metric}.max, {metric}.count")
        return "count"
    known = [*IN_NUMBERS, *([SHARE] if metric == "failures" else [])]
    if metric in DURATIONS:
        if (quantile := _QUANTILE.fullmatch(stat)) is not None and float(quantile[1]) > 0:
            return stat
        known = ["p50", "p95", "p99", *IN_SECONDS, *IN_NUMBERS]
    if stat not in known:
        raise BadOption(OPTION, unknown(f"figure of {metric}:", stat, known))
    return stat


def _bound(metric: str, stat: str, value: str) -> float:
    if stat == "count":
        return _number(metric, stat, value, "", "a number without a unit, like 10")
    if stat == SHARE:
        return _number(metric, stat, value, "%", "a number of percent, like 1%") / 100
    if stat == "rate":
        unit = value[-2:]
        bound = _number(metric, stat, value, unit if unit in PER_S else "/s", "a rate, like 5/s or 30/m")
        return bound * PER_S[unit]
    try:
        return parse_duration(value)
    except ValueError as problem:
        raise BadOption(OPTION, f"{metric}.{stat}: {problem}") from None


def _number(metric: str, stat: str, value: str, unit: str, form: str) -> float:
    number = value[: len(value) - len(unit)].strip() if value.endswith(unit) else ""
    if not _NUMBER.fullmatch(number):
        raise BadOption(OPTION, f'{metric}.{stat} is compared with {form}, not "{value}"')
    return float(number)


def violations(thresholds: Sequence[Threshold], metrics: Metrics, now_s: float) -> list[str]:
    """One sentence for each threshold that is violated, or that nothing was measured for."""
    sentences = []
    for threshold in thresholds:
        found = _found(threshold, metrics, now_s)
        name = f"{threshold.metric}.{threshold.stat}"
        if found is None:
            sentences.append(f"nothing was measured for {name} ({OPTION} '{threshold.written}')")
        elif OPERATORS[threshold.op](found, threshold.bound):
            sentences.append(f"{name} is {_shown(threshold, found)} ({OPTION} '{threshold.written}')")
    return sentences


def _found(threshold: Threshold, metrics: Metrics, now_s: float) -> float | None:
    metric, stat = threshold.metric, threshold.stat
    if metric in COUNTS:
        return _counted(stat, metrics, metric, now_s)
    histogram = metrics.histogram(metric)
    if stat == "count":
        return histogram.count
    if stat == "rate":
        return histogram.count / metrics.lasted_s(now_s)
    plain = {"min": histogram.least_s, "mean": histogram.mean_s, "max": histogram.most_s}
    return plain[stat] if stat in plain else histogram.quantile_s(float(stat[1:]) / 100)


def _counted(stat: str, metrics: Metrics, metric: str, now_s: float) -> float | None:
    count = metrics.count(metric)
    if stat == "rate":
        return count / metrics.lasted_s(now_s)
    if stat == SHARE:
        ended = count + metrics.count("passed")
        return count / ended if ended else None
    return count


def _shown(threshold: Threshold, found: float) -> str:
    if threshold.stat == "count":
        return f"{found:.0f}"
    if threshold.stat == "rate":
        return f"{found:.2f}/s"
    if threshold.stat == SHARE:
        return f"{found * 100:.1f}%"
    return f"{found * 1000:.3f}ms" if found < 1 else f"{found:.3f}s"
