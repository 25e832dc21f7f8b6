"""What is kept of planned receipts: when they were due, in which frame they went out, or why never."""

from __future__ import annotations

import pytest

from recorder.replay.run.actions import Connect, Done, Send
from recorder.replay.run.receipt_batches import MessageId
from recorder.replay.run.receipt_plan import ReceiptPlans
from recorder.replay.run.receipt_schedule import ReceiptSchedule

OPEN = "steps:\n- open_conversation:\n"
RULED = "receipts: {read: 2s}\n" + OPEN


class Planned:
    """A script that a test steps through, and what is kept of its receipts."""

    def __init__(self, manual_driver, script, **options):
        self.ledger = ReceiptPlans()
        self.driver = manual_driver(script, plan=self.ledger, **options)
        self.rows = {}

    def update(self):
        self.rows |= {plan.number: plan for plan in self.ledger.take_changes(0.0)}
        return self

    def end(self):
        self.ledger.end(self.driver.now_s)
        return self.update()

    def told(self):
        """Message, status, due and sent seconds, frame, and why it was not sent, in the order of planning."""
        self.update()
        return [
            (
                plan.sequence,
                plan.status,
                plan.due_offset_us and plan.due_offset_us / 1e6,
                plan.sent_offset_us and plan.sent_offset_us / 1e6,
                plan.frame,
                plan.unsent,
            )
            for plan in self.rows.values()
        ]


@pytest.fixture
def planned(manual_driver, notification, text):
    """A script up to the moment at which a message of the agent, #0, has arrived: second 1."""

    def begin(script, *, to=1.0, **options):
        run = Planned(manual_driver, script, **options)
        run.driver.open()
        run.driver.advance_to(to)
        run.driver.receive(notification(text(0, "hello")))
        return run

    return begin


def test_what_goes_out_is_kept_with_its_frame_and_its_lateness(planned):
    run = planned(RULED + "- wait: 9s")
    assert run.told() == [(0, "READ", 3.0, None, None, None)]
    run.driver.advance_to(3.0)
    run.driver.now_s = 3.25
    run.driver.send()
    assert run.told() == [(0, "READ", 3.0, 3.25, run.driver.frame, None)]
    (plan,) = run.rows.values()
    assert (plan.consumer, plan.connection, plan.dialog, plan.step) == ("consumer", 1, "conv-1", None)
    assert run.end().told() == [(0, "READ", 3.0, 3.25, run.driver.frame, None)]
    assert run.ledger.changes == 0


def test_a_step_takes_the_place_of_the_rule(planned):
    run = planned(RULED + "- await: {as: m}\n- read: {message: m, after: 5s}\n- wait: 9s")
    run.driver.next()
    assert run.told() == [
        (0, "READ", 3.0, None, None, "replaced"),
        (0, "READ", 6.0, None, None, None),
    ]
    assert [plan.step for plan in run.rows.values()] == [None, 3]


def test_never_leaves_only_what_it_overrode(planned):
    run = planned(RULED + "- await: {as: m}\n- read: {message: m, after: never}\n- wait: 9s")
    run.driver.next()
    assert run.told() == [(0, "READ", 3.0, None, None, "replaced")]


def reconnect(run):
    """Let time pass until it connects again, by itself, and the service lets it in."""
    while not isinstance(action := run.driver.next(), Connect):
        run.driver.now_s = action.at_s if hasattr(action, "at_s") else action.until_s
    run.driver.connect(action)


def answer_subscriptions(run):
    """Answer what it asks, up to the receipt that goes out, if one does."""
    while isinstance(action := run.driver.next(), Send) and "PublishEvent" not in action.text:
        run.driver.answer(run.driver.send(), body={"subscriptionId": "s"})


def test_a_reconnect_that_shows_the_receipt_as_given_cancels_its_plan(planned, notification, receipt):
    run = planned(RULED + "- wait: 90s", reconnect="always")
    run.driver.end()
    reconnect(run)
    run.driver.receive(notification(receipt(1, "READ", 0, by="consumer-1")))
    answer_subscriptions(run)
    assert not isinstance(run.driver.next(), Send)
    assert run.told() == [(0, "READ", 3.0, None, None, "given already")]


def test_what_is_due_while_the_connection_is_down_goes_out_late(planned):
    run = planned(RULED + "- wait: 90s", reconnect="always")
    run.driver.end()
    reconnect(run)
    assert run.driver.now_s > 3.0
    answer_subscriptions(run)
    run.driver.send()
    ((_, _, due_s, sent_s, frame, unsent),) = run.told()
    assert (due_s, frame, unsent) == (3.0, run.driver.frame, None)
    assert sent_s == pytest.approx(run.driver.now_s)
    assert sent_s > due_s


def test_what_no_connection_came_for_is_said_to_be_so(planned):
    run = planned(RULED + "- wait: 4s")
    run.driver.end()
    run.driver.now_s = 5.0
    assert isinstance(run.driver.next(), Done)
    assert run.end().told() == [(0, "READ", 3.0, None, None, "connection over")]


def test_what_the_end_comes_before_is_said_to_be_so(planned):
    run = planned(RULED + "- wait: 9s")
    run.driver.advance_to(2.0)
    assert run.end().told() == [(0, "READ", 3.0, None, None, "replay over")]


def test_a_closed_dialog_drops_what_the_rule_has_planned():
    ledger = ReceiptPlans()
    schedule = ReceiptSchedule({"READ": 2.0}, plans=ledger.of("one"))
    schedule.arrived(MessageId("d", 0), 1.0)
    schedule.close_dialog("d")
    assert [plan[1:] for plan in ledger.take_changes(1.0)] == [
        ("one", None, "d", 0, "READ", None, 2_000_000, None, None, "dialog closed")
    ]


def test_receipts_that_wait_for_another_one_leave_at_its_moment_or_never(planned, notification, text):
    steps = "- await: {as: a}\n- await: {as: b}\n- read: {message: b, with: a}\n"
    run = planned(OPEN + steps + "- read: {message: a, after: 2s}\n- wait: 9s")
    run.driver.receive(notification(text(1, "two")))
    run.driver.next()
    assert run.told() == [(1, "READ", None, None, None, None), (0, "READ", 3.0, None, None, None)]
    run.driver.advance_to(3.0)
    run.driver.send()
    frame = run.driver.frame
    assert run.told() == [(1, "READ", 3.0, 3.0, frame, None), (0, "READ", 3.0, 3.0, frame, None)]
    alone = planned(OPEN + steps + "- wait: 9s")
    alone.driver.receive(notification(text(1, "two")))
    alone.driver.next()
    assert alone.end().told() == [(1, "READ", None, None, None, "leader unsent")]


def test_a_receipt_that_is_given_again_is_a_plan_of_its_own(planned):
    run = planned(RULED + "- await: {as: m}\n- receipt: {message: m, status: READ, after: 1s}\n- wait: 9s")
    run.driver.next()
    run.driver.advance_to(2.0)
    run.driver.send()
    assert run.told() == [
        (0, "READ", 3.0, None, None, "given already"),
        (0, "READ", 2.0, 2.0, run.driver.frame, None),
    ]


def test_receipts_in_one_batch_are_due_when_the_batch_is(planned, notification, text):
    run = planned("receipts: {read: 2s, batch: 500ms}\n" + OPEN + "- wait: 9s")
    run.driver.advance_to(1.25)
    run.driver.receive(notification(text(1, "two")))
    run.driver.advance_to(3.5)
    run.driver.send()
    assert run.told() == [(each, "READ", 3.5, 3.5, run.driver.frame, None) for each in (0, 1)]


def test_without_a_ledger_nothing_is_kept(manual_driver, notification, text):
    driver = manual_driver(RULED + "- wait: 9s")
    driver.open()
    driver.receive(notification(text(0, "hello")))
    driver.advance_to(2.0)
    assert driver.send()["body"]["event"]["status"] == "READ"
