"""A run of many users as one HTML file: tables, and how it went over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recorder.load_summary import LoadSample, LoadSummary

from .load_json import count_json, duration_json, failure_json, sample_json
from .page import page
from .terminal import safe_text

MOST_SAMPLES = 600
"""A longer run shows every second, third, … of its moments."""


def load_html(
    summary: LoadSummary,
    samples: Sequence[LoadSample],
    *,
    title: str,
    facts: Mapping[str, str],
    violations: Sequence[str],
    verdict: str,
    passed: bool,
) -> str:
    """The file. Every text is shown as text, whoever wrote it; what would hide in it is made visible."""
    step = max(1, -(-len(samples) // MOST_SAMPLES))
    data = {
        "title": safe_text(title),
        "verdict": safe_text(verdict),
        "passed": passed,
        "violations": [safe_text(sentence) for sentence in violations],
        "facts": [[name, safe_text(value)] for name, value in facts.items()],
        "figures": [duration_json(each) for each in summary.durations],
        "counts": [count_json(each) for each in summary.counts],
        "failures": [_visible(failure_json(each)) for each in summary.failures],
        "history": [sample_json(each) for each in samples[::step]],
    }
    return page(safe_text(title), data, template="load")


def _visible(row: Mapping[str, object]) -> dict[str, object]:
    return {name: safe_text(value) if isinstance(value, str) else value for name, value in row.items()}
