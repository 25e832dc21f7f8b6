"""The numbers as JSON."""

from __future__ import annotations

from recorder.report.load_json import count_json, duration_json, failure_json, rounded, sample_json


def test_a_figure_says_milliseconds_in_its_names(load_summary):
    (figure, _) = load_summary().durations
    assert duration_json(figure) == {
        "metric": "receipt_lateness", "count": 9, "rate": 0.9, "mean_ms": 2.0, "min_ms": 0.1, "p50_ms": 0.5,
        "p90_ms": 8.0, "p95_ms": 9.0, "p99_ms": 12.0, "p99.9_ms": 14.0, "max_ms": 15.0,
    }  # fmt: skip


def test_a_count_and_a_failure(load_summary, load_failure):
    assert count_json(load_summary().counts[0]) == {"metric": "users", "count": 3, "rate": 0.3}
    assert failure_json(load_failure("refused")) == {"failure": "refused", "step": "2 say", "users": 1}
    assert failure_json(load_failure("refused", step=""))["step"] is None


def test_a_moment_leaves_out_what_was_not_measured_in_it(load_sample):
    told = sample_json(load_sample(1.2345))
    assert (told["at_s"], told["active"]) == (1.234, 3)
    assert [figure["metric"] for figure in told["figures"]] == ["receipt_lateness", "answer"]
    assert sample_json(load_sample(1.0, durations=()))["figures"] == []


def test_unknown_stays_unknown():
    assert (rounded(None), rounded(0.0004), rounded(1.23456)) == (None, 0.0, 1.235)
