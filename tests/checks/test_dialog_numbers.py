"""The numbers of a dialog, one by one in any order."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from recorder.checks.dependencies import Dependencies, Kind
from recorder.checks.dialog_numbers import NumberRow, TakenBy, TakenNumbers, set_member


@given(st.lists(st.integers(0, 40), unique=True), st.sets(st.integers(0, 40)))
def test_gaps_are_those_between_the_first_and_last_that_came(numbers, came):
    row = NumberRow()
    for number in numbers:
        row.add(number)
        if number in came:
            set_member(row.came, number, there=True)
    between = sorted(number for number in numbers if row.span and row.span[0] <= number <= row.span[1])
    assert row.gaps() == [(low + 1, high - 1) for low, high in pairwise(between) if high > low + 1]


@given(st.lists(st.integers(0, 9)))
def test_a_member_is_there_once(numbers):
    rising: list[int] = []
    changed = [set_member(rising, number, there=True) for number in numbers]
    assert rising == sorted(set(numbers))
    assert sum(changed) == len(rising)
    assert all(set_member(rising, number, there=False) for number in set(numbers))
    assert rising == []


def test_the_first_message_takes_a_number_else_the_first_receipt():
    dependencies = Dependencies()
    numbers = TakenNumbers(dependencies)
    for by in (TakenBy("READ", 1), TakenBy("ACCEPT", 2), TakenBy(None, 3), TakenBy(None, 4)):
        numbers.take(("d", 7), by)
    assert numbers.taken.values["d", 7] == TakenBy(None, 3)
    assert numbers.highest.values == {"d": 7}
    assert list(dependencies.items[Kind.DIALOG]) == ["d"]
    assert numbers.rows["d"].receipts == []
