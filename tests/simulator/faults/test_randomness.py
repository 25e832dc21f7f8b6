"""Chance, the same each time."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.documents import Delay
from recorder.simulator.faults.conditions import Chance
from recorder.simulator.faults.randomness import Dice


@pytest.mark.parametrize(
    ("chance", "taken"),
    [
        (None, [False] * 4),
        (Chance(), [True] * 4),
        (Chance(nth=2), [False, True, False, False]),
        (Chance(first=2), [True, True, False, False]),
        (Chance(probability=0.0), [False] * 4),
        (Chance(nth=2, probability=0.0), [False] * 4),
    ],
)
def test_a_chance_takes_its_occasions(chance, taken):
    dice = Dice()
    assert [dice.takes("lost_receipts", chance, "me") for _ in range(4)] == taken


def test_moods_and_consumers_are_counted_apart():
    dice, second = Dice(), Chance(nth=2)
    for place in (("errors 1", "me"), ("errors 2", "me"), ("errors 1", "you")):
        assert [dice.takes(place[0], second, place[1]) for _ in range(2)] == [False, True]


@given(st.integers(), st.lists(st.sampled_from(["a", "b", "c"]), max_size=30))
def test_one_mood_s_luck_hangs_on_no_other(seed, company):
    """Whatever is rolled in between for others."""
    alone, among = Dice(seed), Dice(seed)
    half = Chance(probability=0.5)
    outcomes = [[], []]
    for other in company:
        outcomes[0].append(alone.takes("mine", half, "me"))
        among.takes(other, half, "me")
        among.takes("mine", half, other)
        outcomes[1].append(among.takes("mine", half, "me"))
    assert outcomes[0] == outcomes[1]


def test_a_seed_means_the_same_in_every_process():
    """Not hashed by the interpreter's own seed."""
    program = (
        "from recorder.simulator.faults.randomness import Dice; print(Dice(5).of('mood', 'me').random())"
    )
    told = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert told == {f"{Dice(5).of('mood', 'me').random()}\n"}


def test_a_fixed_delay_is_itself_and_a_varying_one_is_drawn():
    dice = Dice(3)
    assert [dice.seconds("late", Delay.read("1.5s"), "me") for _ in range(2)] == [1.5, 1.5]
    drawn = [dice.seconds("late", Delay.read("1s..2s"), "me") for _ in range(50)]
    assert len(set(drawn)) == 50
    assert all(1.0 <= each <= 2.0 for each in drawn)


def test_consumers_moods_and_seeds_have_different_luck():
    sources = [(seed, mood, whose) for seed in (1, 2) for mood in ("a", "b") for whose in ("me", "you")]
    assert len({Dice(seed).of(mood, whose).random() for seed, mood, whose in sources}) == 8
