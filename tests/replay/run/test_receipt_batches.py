"""Which receipts leave together."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from recorder.replay.run.receipt_batches import departures


class At(NamedTuple):
    at_s: float


def test_what_falls_due_within_the_span_of_the_first_waits_for_its_end():
    planned = [At(0.0), At(1.5), At(2.0), At(2.1), At(9.0)]
    assert list(departures(planned, 2.0)) == [
        (2.0, [At(0.0), At(1.5), At(2.0)]),
        (4.1, [At(2.1)]),
        (11.0, [At(9.0)]),
    ]


def test_nothing_planned_nothing_leaves():
    assert list(departures([], 2.0)) == []


@given(st.lists(st.floats(0, 100)).map(sorted), st.floats(0, 10))
def test_everything_leaves_once_never_early_and_never_later_than_the_span(times, span_s):
    planned = [At(at_s) for at_s in times]
    left = list(departures(planned, span_s))
    assert [one for _, together in left for one in together] == planned
    assert all(one.at_s <= at_s <= one.at_s + span_s for at_s, together in left for one in together)
    assert [at_s for at_s, _ in left] == sorted(at_s for at_s, _ in left)
