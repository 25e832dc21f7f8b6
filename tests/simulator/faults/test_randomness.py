"""The same seed makes the same random decisions."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.documents import DelayDistribution
from recorder.simulator.faults.conditions import Condition
from recorder.simulator.faults.randomness import Randomness


@pytest.mark.parametrize(
    ("condition", "applied"),
    [
        (None, [False] * 4),
        (Condition(), [True] * 4),
        (Condition(nth=2), [False, True, False, False]),
        (Condition(first=2), [True, True, False, False]),
        (Condition(probability=0.0), [False] * 4),
        (Condition(nth=2, probability=0.0), [False] * 4),
    ],
)
def test_a_condition_applies_by_nth_first_and_probability(condition, applied):
    randomness = Randomness()
    assert [randomness.applies("lost_receipts", condition, "me") for _ in range(4)] == applied


def test_moods_and_consumers_are_counted_apart():
    randomness, second = Randomness(), Condition(nth=2)
    for place in (("errors 1", "me"), ("errors 2", "me"), ("errors 1", "you")):
        assert [randomness.applies(place[0], second, place[1]) for _ in range(2)] == [False, True]


@given(st.integers(), st.lists(st.sampled_from(["a", "b", "c"]), max_size=30))
def test_draws_of_one_mood_and_consumer_do_not_depend_on_others(seed, company):
    """Whatever is drawn for others in between."""
    alone, among = Randomness(seed), Randomness(seed)
    half = Condition(probability=0.5)
    outcomes = [[], []]
    for other in company:
        outcomes[0].append(alone.applies("mine", half, "me"))
        among.applies(other, half, "me")
        among.applies("mine", half, other)
        outcomes[1].append(among.applies("mine", half, "me"))
    assert outcomes[0] == outcomes[1]


def test_a_seed_gives_the_same_draws_in_every_process():
    """Not hashed by the interpreter's own seed."""
    program = (
        "from recorder.simulator.faults.randomness import Randomness;"
        "print(Randomness(5).generator('mood', 'me').random())"
    )
    delivered = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert delivered == {f"{Randomness(5).generator('mood', 'me').random()}\n"}


def test_a_fixed_delay_is_itself_and_a_varying_one_is_drawn():
    randomness = Randomness(3)
    assert [randomness.delay_s("late", DelayDistribution.read("1.5s"), "me") for _ in range(2)] == [1.5, 1.5]
    drawn = [randomness.delay_s("late", DelayDistribution.read("1s..2s"), "me") for _ in range(50)]
    assert len(set(drawn)) == 50
    assert all(1.0 <= each <= 2.0 for each in drawn)


def test_consumers_moods_and_seeds_have_different_generators():
    sources = [(seed, mood, consumer) for seed in (1, 2) for mood in ("a", "b") for consumer in ("me", "you")]
    assert len({Randomness(seed).generator(mood, consumer).random() for seed, mood, consumer in sources}) == 8
