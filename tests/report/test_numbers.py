"""Counts and latencies as people and programs read them."""

from __future__ import annotations

import io

from recorder.receipts.numbers import Count, Latency, Numbers
from recorder.report.numbers import numbers_json, print_numbers

NUMBERS = Numbers(
    (Count("a" * 8, "ASSIGNED_AGENT", False, 3, 0, 2),),
    (Latency("sent → read", "a" * 8, "ASSIGNED_AGENT", False, "server", 2, 0.3, 0.4, 0.4, 0.4),),
    5,
    4,
)


def test_every_line_says_whose_which_clock_and_how_many():
    stream = io.StringIO()
    print_numbers(stream, NUMBERS)
    counts, latencies = (block.split("\n")[1].split() for block in stream.getvalue().strip().split("\n\n"))
    assert counts == ["agent", "3", "0", "2"]
    assert latencies == ["sent", "→", "read", "agent", "server", "2", "0.300s", "0.400s", "0.400s", "0.400s"]


def test_nothing_known_prints_nothing():
    stream = io.StringIO()
    print_numbers(stream, Numbers((), (), 0, 0))
    assert stream.getvalue() == ""


def test_json_has_the_same_in_seconds():
    told = numbers_json(NUMBERS)
    assert (told["requests"], told["answered"]) == (5, 4)
    assert told["participants"][0]["read"] == 2
    assert told["latencies"][0] | {} == {
        "kind": "sent → read", "participant": "aaaaaaaa", "role": "ASSIGNED_AGENT", "mine": False,
        "clock": "server", "samples": 2, "p50_s": 0.3, "p90_s": 0.4, "p99_s": 0.4, "max_s": 0.4,
    }  # fmt: skip
