"""Messages are delivered in order, late, twice, held back, and cut off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.simulator import AbortClient, CloseClient, Deliver
from recorder.simulator.delivery.outbox import Channel, Outbox, QueuedMessage
from recorder.simulator.faults.config import NO_MOODS, moods_from
from recorder.simulator.faults.injector import DeliveryPlan


def outbox_for(moods, *clients):
    outbox = Outbox(moods if moods is NO_MOODS else moods_from(moods))
    for client in clients or (1,):
        outbox.client_connected(client)
    return outbox


def notification(text, *, dialog="d", client=1, **plan):
    return QueuedMessage(client, text, Channel.NOTIFICATION, dialog, DeliveryPlan(**plan))


def texts_of(outbox, *messages, now_s):
    """The texts delivered at once when these messages are queued."""
    return [effect.text for effect in outbox.take(messages, now_s)]


def until(outbox, end_s):
    """(when, text or effect) of everything that falls due."""
    delivered = []
    while (due_s := outbox.next_due_s()) is not None and due_s <= end_s:
        delivered += [(round(due_s, 3), getattr(effect, "text", effect)) for effect in outbox.take([], due_s)]
    return delivered


def test_without_moods_everything_is_delivered_at_once():
    outbox = outbox_for(NO_MOODS)
    messages = [QueuedMessage(1, "a"), notification("b"), CloseClient(1, 1000, "")]
    assert outbox.take(messages, 5.0) == [Deliver(1, "a"), Deliver(1, "b"), CloseClient(1, 1000, "")]
    assert outbox.next_due_s() is None


def test_responses_and_notifications_are_delayed_separately():
    """So an echo may come before its answer, as nothing published forbids."""
    outbox = outbox_for({"answer_delay": "2s", "push_delay": "1s"})
    assert outbox.take([QueuedMessage(1, "answer"), notification("echo")], 10.0) == []
    assert until(outbox, 99) == [(11.0, "echo"), (12.0, "answer")]


@given(st.lists(st.floats(0, 3), min_size=1, max_size=20), st.booleans())
def test_notifications_keep_their_order_unless_overtaking(gaps, overtaking):
    outbox = outbox_for({"push_delay": "0..5s", "overtaking": overtaking})
    now_s, delivered = 0.0, []
    for index, gap in enumerate(gaps):
        now_s += gap
        delivered += until(outbox, now_s)
        delivered += [(now_s, effect.text) for effect in outbox.take([notification(str(index))], now_s)]
    delivered += until(outbox, now_s + 5)
    indexes = [int(text) for _, text in delivered]
    assert sorted(indexes) == list(range(len(gaps)))
    if not overtaking:
        assert indexes == sorted(indexes)


def test_a_late_message_is_overtaken_and_delays_no_other():
    outbox = outbox_for({"late_receipts": "2s"})
    assert [
        effect.text for effect in outbox.take([notification("late", delay_s=2.0), notification("b")], 0.0)
    ] == ["b"]
    assert texts_of(outbox, notification("c"), now_s=1.0) == ["c"]
    assert until(outbox, 99) == [(2.0, "late")]


def test_two_copies_are_delivered_twice():
    outbox = outbox_for({"duplicated_receipts": "same"})
    assert [
        effect.text for effect in outbox.take([notification("twice", copies=2), notification("b")], 0.0)
    ] == ["twice", "twice", "b"]


def test_a_held_message_follows_the_next_of_its_dialog():
    outbox = outbox_for({"reordered_receipts": True})
    assert outbox.take([notification("held", max_hold_s=5.0)], 0.0) == []
    assert texts_of(outbox, notification("of another", dialog="e"), now_s=1.0) == ["of another"]
    assert texts_of(outbox, QueuedMessage(1, "an answer"), now_s=1.0) == ["an answer"]
    assert texts_of(outbox, notification("next"), now_s=2.0) == ["next", "held"]
    assert until(outbox, 99) == []


def test_two_consecutive_held_messages_swap():
    outbox = outbox_for({"reordered_receipts": True})
    delivered = outbox.take([notification("a", max_hold_s=5.0), notification("b", max_hold_s=5.0)], 0.0)
    assert [effect.text for effect in delivered] == ["b", "a"]


def test_a_held_message_is_delivered_after_its_longest_hold():
    outbox = outbox_for({"reordered_receipts": True})
    outbox.take([notification("held", max_hold_s=5.0)], 1.0)
    assert until(outbox, 99) == [(6.0, "held")]


def test_a_close_waits_for_responses_and_drops_notifications():
    outbox = outbox_for({"answer_delay": "1s", "push_delay": "9s"})
    outbox.take([notification("lost"), QueuedMessage(1, "refused"), CloseClient(1, 4401, "")], 0.0)
    assert until(outbox, 99) == [(1.0, "refused"), (1.0, CloseClient(1, 4401, ""))]


def test_a_client_that_is_gone_gets_nothing_and_others_do():
    outbox = outbox_for({"push_delay": "1s"}, 1, 2)
    outbox.take([notification("a"), notification("b", client=2)], 0.0)
    outbox.client_gone(1)
    outbox.take([notification("c")], 0.0)
    assert until(outbox, 99) == [(1.0, "b")]


def test_held_messages_are_dropped_with_their_client():
    outbox = outbox_for({"reordered_receipts": True})
    outbox.take([notification("held", max_hold_s=1.0)], 0.0)
    outbox.client_gone(1)
    assert until(outbox, 99) == []


@pytest.mark.parametrize(
    ("allowed", "delivered"),
    [
        (1, [AbortClient(1, b"\x81")]),
        (5, [AbortClient(1, b"\x81\x05Hel")]),
        (7, [AbortClient(1, b"\x81\x05Hello")]),
        (8, [Deliver(1, "Hello"), AbortClient(1, b"\x81")]),
        (12, [Deliver(1, "Hello"), AbortClient(1, b"\x81\x05Wor")]),
        (15, [Deliver(1, "Hello"), Deliver(1, "World")]),
    ],
)
def test_a_connection_is_aborted_at_its_byte_limit(allowed, delivered):
    outbox = outbox_for({"drop_after": {"bytes": 999}})
    outbox.abort_after_bytes(1, allowed)
    assert outbox.take([QueuedMessage(1, "Hello"), QueuedMessage(1, "World")], 0.0) == delivered
