"""After which ends to connect again, and when."""

from __future__ import annotations

import random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.replay.run.actions import Ended
from recorder.replay.run.reconnect_policy import (
    FIRST_WAIT_S,
    JITTER,
    LONGEST_WAIT_S,
    MOST_ATTEMPTS,
    MOST_REFUSALS,
    PolicyName,
    ReconnectAttempt,
    ReconnectPolicy,
)
from recorder.wire.frames import AUTHENTICATION_CLOSES

EXPIRED, LOST = Ended("closed", 4401, "expired", "service"), Ended("lost")


def policy(name, seed=0) -> ReconnectPolicy:
    return ReconnectPolicy(name, rng=random.Random(seed))


@pytest.mark.parametrize("code", sorted(AUTHENTICATION_CLOSES))
@pytest.mark.parametrize("name", ["on_auth_close", "always"])
def test_a_refused_token_is_replaced_at_once(name, code):
    assert policy(name).after_end(Ended("closed", code, None, "service"), 7.0) == ReconnectAttempt(
        7.0, fresh_token=True
    )


@pytest.mark.parametrize("ended", [EXPIRED, LOST, Ended("closed", 1000, None, "service")])
def test_never_is_never(ended):
    assert policy("never").after_end(ended, 0.0) is None
    assert policy("never").after_refusal(0.0) is None
    assert not policy("never").retries_requests


@pytest.mark.parametrize("ended", [LOST, Ended("closed", 1001, None, "service")])
def test_other_ends_are_mended_only_always_and_after_a_wait(ended):
    assert policy("on_auth_close").after_end(ended, 0.0) is None
    again = policy("always").after_end(ended, 10.0)
    assert not again.fresh_token
    assert 10 + FIRST_WAIT_S * (1 - JITTER) <= again.at_s <= 10 + FIRST_WAIT_S * (1 + JITTER)


def test_a_fresh_token_that_is_refused_too_is_not_replaced_again():
    asked = policy("on_auth_close")
    assert asked.after_end(EXPIRED, 0.0) is not None
    assert asked.after_end(EXPIRED, 1.0) is None


def test_a_fresh_token_that_was_taken_may_expire_in_its_turn():
    asked = policy("on_auth_close")
    asked.after_end(EXPIRED, 0.0)
    asked.connection_ready(1.0)
    assert asked.after_end(EXPIRED, 3_601.0) == ReconnectAttempt(3_601.0, fresh_token=True)


def test_who_is_let_in_and_thrown_out_at_once_does_not_spin():
    """A service that lets in and closes in the same breath would be asked a thousand times a second."""
    asked = policy("on_auth_close")
    asked.after_end(EXPIRED, 0.0)
    asked.connection_ready(0.1)
    again = asked.after_end(EXPIRED, 0.2)
    assert again.at_s >= 0.2 + FIRST_WAIT_S * (1 - JITTER)


def test_waits_grow_to_the_cap_and_end_after_so_many_attempts():
    asked = policy("always")
    waits = [
        asked.after_end(LOST, 0.0).at_s,
        *(asked.after_refusal(0.0).at_s for _ in range(MOST_ATTEMPTS - 1)),
    ]
    assert waits[0] < waits[4] < waits[8]
    assert max(waits) == LONGEST_WAIT_S
    assert asked.after_refusal(0.0) is None


def test_a_connection_that_held_forgives_what_came_before():
    asked = policy("always")
    for _ in range(10):
        asked.after_end(LOST, 0.0)
    asked.connection_ready(100.0)
    assert asked.after_end(LOST, 100.0 + FIRST_WAIT_S).at_s <= 100.0 + FIRST_WAIT_S * (2 + JITTER)


@given(st.integers(1, 40), st.integers())
def test_who_is_throttled_waits_at_least_a_second_and_longer_each_time(times, seed):
    asked = policy("always", seed)
    assert 1.0 <= asked.throttled_wait_s(times) < asked.throttled_wait_s(times + 5)


@given(
    st.sampled_from(get_args(PolicyName)),
    st.lists(st.sampled_from([EXPIRED, LOST]), max_size=40),
    st.integers(),
)
def test_the_same_seed_waits_the_same(name, ends, seed):
    one, other = policy(name, seed), policy(name, seed)
    assert [one.after_end(end, 1.0) for end in ends] == [other.after_end(end, 1.0) for end in ends]


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from([EXPIRED, LOST]), st.booleans()), max_size=60))
def test_nobody_connects_into_the_past(happenings):
    asked, now_s = policy("always"), 0.0
    for passed_s, ended, settles in happenings:
        now_s += passed_s
        again = asked.after_end(ended, now_s)
        assert again is None or now_s <= again.at_s <= now_s + LONGEST_WAIT_S
        if settles:
            asked.connection_ready(now_s)


def test_a_service_that_lets_in_and_then_refuses_gets_a_few_tokens_and_no_more():
    """It would be asked for half an hour else, with a token fetched each time."""
    asked = policy("on_auth_close")
    now_s = 0.0
    for _ in range(MOST_REFUSALS):
        assert asked.after_end(EXPIRED, now_s).fresh_token
        asked.connection_ready(now_s + 30.0)
        now_s += 30.0 + FIRST_WAIT_S / 2
    assert asked.after_end(EXPIRED, now_s) is None


def test_a_fresh_token_that_held_brings_all_tries_back():
    asked = policy("on_auth_close")
    for hour in range(3 * MOST_REFUSALS):
        assert asked.after_end(EXPIRED, hour * 3600.0) == ReconnectAttempt(hour * 3600.0, fresh_token=True)
        asked.connection_ready(hour * 3600.0 + 1.0)
