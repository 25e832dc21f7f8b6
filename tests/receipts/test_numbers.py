"""How many, how long, on one clock each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import Evidence, Proof, RequestAnswered, RequestMade
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.entities import SessionEntities
from recorder.receipts.numbers import (
    ACCEPTED_TO_READ,
    REQUEST_TO_ANSWER,
    SENT_TO_ACCEPTED,
    SENT_TO_READ,
    numbers_of,
    percentile,
)
from recorder.receipts.queries import MessageView, ReceiptView


def proof(frame, *, local_ms=None, server_ms=None, level=Proof.ANNOUNCED):
    offset_us = None if local_ms is None else local_ms * 1_000
    return Evidence(level, frame, 1, None, offset_us, server_ms)


def message(sequence, sent, *receipts, author="agent", mine=False):
    return MessageView(
        "d", sequence, author, "ASSIGNED_AGENT", mine, "text/plain", "hi", "sent", sent, receipts, None
    )  # fmt: skip


def by(participant, status, evidence, *, mine=None):
    return ReceiptView(participant, "CONSUMER", mine, status, evidence)


def measured(*messages):
    return {
        (each.kind, each.participant, each.clock): each
        for each in numbers_of(messages, SessionEntities()).latencies
    }


def test_each_delay_is_on_the_clock_that_saw_both_ends_and_never_on_two():
    """Two messages, of which the service timed one: two lines, a sample each."""
    timed = message(
        0, proof(1, local_ms=0, server_ms=100), by("me", "READ", proof(2, local_ms=900, server_ms=600))
    )
    untimed = message(1, proof(3, local_ms=0), by("me", "READ", proof(4, local_ms=700, server_ms=9_000)))
    found = measured(timed, untimed)
    assert found[SENT_TO_READ, "me", "server"][5:7] == (1, 0.5)
    assert found[SENT_TO_READ, "me", "local"][5:7] == (1, 0.7)


def test_accept_read_and_the_time_between_are_measured_separately():
    accepted, read = by("me", "ACCEPT", proof(2, server_ms=200)), by("me", "READ", proof(3, server_ms=1_200))
    found = measured(message(0, proof(1, server_ms=100), accepted, read))
    assert {key[0]: latency.max_s for key, latency in found.items()} == {
        SENT_TO_ACCEPTED: 0.1, SENT_TO_READ: 1.1, ACCEPTED_TO_READ: 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "receipt",
    [
        pytest.param(by("agent", "READ", proof(2, server_ms=9)), id="by the author"),
        pytest.param(by("me", "READ", proof(2, server_ms=9, level=Proof.CLAIMED)), id="only claimed"),
        pytest.param(by("me", "READ", proof(2, server_ms=9, level=Proof.REFUSED)), id="refused"),
        pytest.param(by("me", "READ", proof(2)), id="on no clock"),
    ],
)
def test_what_proves_nothing_is_not_measured(receipt):
    assert not measured(message(0, proof(1, server_ms=1), receipt))


def test_counts_are_of_messages_not_of_receipts():
    told = numbers_of(
        [
            message(0, proof(1), by("me", "ACCEPT", proof(2)), by("me", "READ", proof(3))),
            message(1, proof(4), by("me", "READ", proof(5))),
            message(None, proof(6), author="me", mine=True),
        ],
        SessionEntities(),
    )
    assert [(each.participant, *each[3:6]) for each in told.counts] == [("agent", 2, 0, 0), ("me", 0, 1, 2)]


def test_requests_are_measured_by_the_question_that_was_answered():
    entities = SessionEntities()
    events = [
        RequestMade("1", "x", proof(1, local_ms=0)),
        RequestMade("2", "x", proof(2, local_ms=0)),
        RequestAnswered(1, "1", None, 200, proof(3, local_ms=30)),
        RequestAnswered(None, "7", None, 200, proof(4, local_ms=40)),
    ]
    fold_batches(events, entities=entities)
    told = numbers_of([], entities)
    assert (told.requests, told.answered) == (2, 1)
    (latency,) = told.latencies
    assert (latency.kind, latency.clock, latency.samples, latency.max_s) == (
        REQUEST_TO_ANSWER,
        "local",
        1,
        0.03,
    )


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 100))
def test_a_percentile_is_a_value_that_occurred_and_enough_do_not_exceed_it(values, percent):
    ordered = sorted(values)
    found = percentile(ordered, percent)
    assert found in ordered
    assert sum(value <= found for value in ordered) * 100 >= percent * len(ordered)
    assert sum(value < found for value in ordered) * 100 < percent * len(ordered)


def test_a_delay_that_the_service_dates_below_zero_is_counted_on_our_clock_or_not_at_all():
    """Of two backward reads our clock saw one happen; the other came with the history."""
    live = message(
        0,
        proof(2, local_ms=1_000, server_ms=500_000),
        by("me", "READ", proof(3, local_ms=602_000, server_ms=400_000)),
    )
    history = message(
        1, proof(1, local_ms=0, server_ms=50_000), by("me", "READ", proof(1, local_ms=0, server_ms=20_000))
    )
    found = measured(live, history)
    assert list(found) == [(SENT_TO_READ, "me", "local")]
    assert (found[SENT_TO_READ, "me", "local"].samples, found[SENT_TO_READ, "me", "local"].p50_s) == (
        1,
        601.0,
    )


@given(st.lists(st.tuples(*[st.integers(0, 10**6)] * 4), min_size=1, max_size=6))
def test_no_percentile_is_below_zero(times):
    messages = [
        message(
            number,
            proof(2 * number, local_ms=sent, server_ms=sent_there),
            by("me", "READ", proof(2 * number + 1, local_ms=read, server_ms=read_there)),
        )
        for number, (sent, sent_there, read, read_there) in enumerate(times)
    ]
    assert all(latency.p50_s >= 0 for latency in numbers_of(messages, SessionEntities()).latencies)
