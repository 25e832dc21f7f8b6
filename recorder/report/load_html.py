"""A run of many users as one HTML file: tables, and how it went over time."""

from __future__ import annotations

from collections.abc import Mapping

from recorder.load_summary import LoadResult

from .load_json import count_json, duration_json, failure_json, sample_json
from .page import page
from .terminal import safe_text

MOST_SAMPLES = 600
"""A longer run shows every second, third, … of its moments."""


def load_html(result: LoadResult) -> str:
    """The file. Every text is shown as text, whoever wrote it; what would hide in it is made visible."""
    summary, samples = result.summary, result.samples
    step = max(1, -(-len(samples) // MOST_SAMPLES))
    data = {
        "title": safe_text(result.title),
        "verdict": safe_text(result.verdict),
        "passed": result.passed,
        "violations": [safe_text(sentence) for sentence in result.violations],
        "facts": [[name, safe_text(value)] for name, value in result.facts.items()],
        "figures": [duration_json(each) for each in summary.durations],
        "counts": [count_json(each) for each in summary.counts],
        "failures": [_visible(failure_json(each)) for each in summary.failures],
        "slowest": [count_json(each) for each in result.slowest],
        "history": [sample_json(each) for each in samples[::step]],
    }
    return page(safe_text(result.title), data)


def _visible(row: Mapping[str, object]) -> dict[str, object]:
    return {name: safe_text(value) if isinstance(value, str) else value for name, value in row.items()}
