"""A run of many users for people."""

from __future__ import annotations

import io

import pytest

from recorder.report.load import LINE_EVERY_S, LoadProgress, print_summary, sample_line


def test_a_line_says_users_messages_and_what_was_measured(load_sample):
    assert sample_line(load_sample(12.0)) == (
        "    12s  3 users under way, 2 passed, 1 failed; 40 messages/s;"
        " receipts late 9: p50 0.50ms p99 12.0ms; answers 4: p50 1.00ms p99 2.500s"
    )


def test_what_was_not_measured_is_left_out(load_sample):
    assert sample_line(load_sample(12.0, durations=())).endswith("40 messages/s")


def test_where_it_cannot_be_redrawn_there_is_a_line_every_few_seconds(load_sample):
    stream = io.StringIO()
    with LoadProgress(stream) as progress:
        for second in range(1, 13):
            progress(load_sample(float(second)))
    assert [line.split("s")[0].strip() for line in stream.getvalue().splitlines()] == ["1", "6", "11"]
    assert LINE_EVERY_S == 5.0


def test_the_table_shows_what_was_measured_what_was_counted_and_failures(load_summary):
    stream = io.StringIO()
    print_summary(stream, load_summary())
    assert stream.getvalue() == (
        "METRIC            COUNT    RATE    MEAN     P50     P95     P99     MAX\n"
        "receipt_lateness      9  0.90/s  2.00ms  0.50ms  9.00ms  12.0ms  15.0ms\n"
        "answer                4  0.40/s  1.20ms  1.00ms  2.00ms  2.500s  3.000s\n"
        "\n"
        "COUNTED   COUNT    RATE\n"
        "users         3  0.30/s\n"
        "failures      1  0.10/s\n"
        "\n"
        "USERS  STEP   FAILURE\n"
        "    1  2 say  refused\\x1b[31m [bold]\n"
    )


def test_of_many_ways_of_failing_the_first_ten_are_shown(load_summary, load_failure):
    stream = io.StringIO()
    print_summary(stream, load_summary(failures=[load_failure(f"way {n}") for n in range(13)]))
    assert "way 9" in stream.getvalue()
    assert "way 10" not in stream.getvalue()
    assert stream.getvalue().endswith("and 3 other reasons\n")


@pytest.mark.parametrize("repeat", range(3))
def test_leaving_the_block_shows_everything_that_was_told(load_sample, repeat):
    stream = io.StringIO()
    with LoadProgress(stream) as progress:
        progress(load_sample(5.0))
    assert stream.getvalue()
