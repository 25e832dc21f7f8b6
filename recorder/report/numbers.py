"""Counts and latencies of a session, as ``session show`` prints them."""

from __future__ import annotations

from typing import IO

from recorder.receipts.numbers import REQUEST_TO_ANSWER, Latency, Numbers
from recorder.receipts.people import who

from .tables import print_table

LATENCY_COLUMNS = ("DELAY", "BY+", "CLOCK", "SAMPLES", "P50", "P90", "P99", "MAX")
COUNT_COLUMNS = ("WHO+", "SENT", "ACCEPTED", "READ")


def numbers_json(numbers: Numbers) -> dict[str, object]:
    """The ``numbers`` of ``session show --json``; latencies in seconds, measured on the clock they name."""
    return {
        "requests": numbers.requests,
        "answered": numbers.answered,
        "participants": [count._asdict() for count in numbers.counts],
        "latencies": [latency._asdict() for latency in numbers.latencies],
    }


def print_numbers(stream: IO[str], numbers: Numbers) -> None:
    """Two tables, counts and latencies by participant; a table without rows is left out."""
    if numbers.counts:
        stream.write("\n")
        rows = [
            (
                who(each.participant, each.role, mine=each.mine),
                *map(str, (each.sent, each.accepted, each.read)),
            )
            for each in numbers.counts
        ]
        print_table(stream, COUNT_COLUMNS, rows)
    if numbers.latencies:
        stream.write("\n")
        print_table(stream, LATENCY_COLUMNS, [_row(latency) for latency in numbers.latencies])


def _row(latency: Latency) -> tuple[str, ...]:
    ours = latency.kind == REQUEST_TO_ANSWER
    return (
        latency.kind,
        "the service" if ours else who(latency.participant, latency.role, mine=latency.mine),
        latency.clock,
        str(latency.samples),
        *(f"{seconds:.3f}s" for seconds in (latency.p50_s, latency.p90_s, latency.p99_s, latency.max_s)),
    )
