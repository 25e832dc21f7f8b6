"""Clocks that are found frame by frame, against those found from all evidence at once."""

from __future__ import annotations

from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.delays import LEAST_ERROR_US, clocks_of_evidence
from recorder.receipts.growing_clocks import DensestStretch, GrowingClocks


@given(st.lists(st.integers(0, 5).map(lambda step: step * LEAST_ERROR_US // 2), max_size=30))
def test_a_stretch_begins_where_most_numbers_follow(numbers):
    check_stretch(numbers)


@pytest.mark.parametrize("apart", [1, 900, 40_000])
def test_a_long_stretch_is_kept_in_runs(apart):
    check_stretch([(place * 7919) % 2_003 * apart for place in range(2_003)])


def check_stretch(numbers):
    stretch, known = DensestStretch(), []
    for place, number in enumerate(numbers):
        stretch.add(number)
        known.append(number)
        if place < 20 or place % 100 == 0:
            rising = sorted(known)
            counts = [bisect_right(rising, each + LEAST_ERROR_US) - at for at, each in enumerate(rising)]
            assert stretch.densest() == (rising[counts.index(max(counts))], max(counts))


evidence = st.builds(
    lambda proof, frame, connection, late_s, timed, dated: Evidence(
        proof, frame, connection, frame * 500_000, frame * 500_000 if timed else None,
        frame * 500 - int(late_s * 1_000) + 10**6 if dated else None,
    ),
    st.sampled_from((Proof.ANNOUNCED, Proof.ANNOUNCED, Proof.CLAIMED)), st.integers(1, 40), st.integers(1, 2),
    st.sampled_from((0, 0.1, 0.9, 1.5, 3, 70, -70)), st.sampled_from((True,) * 9 + (False,)), st.booleans(),
)  # fmt: skip


@given(st.lists(evidence, max_size=25), st.booleans(), st.data())
def test_after_each_frame_they_are_those_of_all_evidence(listed, in_order, data):
    growing, known = GrowingClocks(), []
    for each in sorted(listed, key=lambda one: one.frame) if in_order else listed:
        gone = data.draw(st.sampled_from(known)) if known and data.draw(st.integers(0, 9)) == 0 else None
        if gone is not None:
            known.remove(gone)
        growing.change(() if gone is None else (gone,), (each,))
        known.append(each)
        assert growing.settle() == clocks_of_evidence(known)
