"""The timetable of receipts: the standing rule, what steps say, and what was given already."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from recorder.documents import DelayDistribution
from recorder.replay.run.receipt_batches import MessageId
from recorder.replay.run.receipt_schedule import ReceiptSchedule

RULE = {"ACCEPT": 0.2, "READ": 90.0}
FIRST, SECOND = MessageId("d", 1), MessageId("d", 2)


def timetable(schedule: ReceiptSchedule) -> list[tuple[float, MessageId, str]]:
    """Everything that will go out, when each is taken at the moment it is due."""
    out = []
    while (at_s := schedule.next_at_s()) is not None:
        assert schedule.take_due(at_s - 0.001) is None, "nothing leaves early"
        due = schedule.take_due(at_s)
        assert due is not None
        out += [(due.at_s, key, due.status) for key in due.keys]
    return out


def test_each_status_goes_out_so_long_after_the_arrival():
    schedule = ReceiptSchedule(RULE)
    schedule.arrived(FIRST, 10.0)
    schedule.arrived(SECOND, 11.0)
    assert timetable(schedule) == [
        (10.2, FIRST, "ACCEPT"),
        (11.2, SECOND, "ACCEPT"),
        (100.0, FIRST, "READ"),
        (101.0, SECOND, "READ"),
    ]


def test_without_a_rule_nothing_is_planned():
    schedule = ReceiptSchedule({})
    schedule.arrived(FIRST, 0.0)
    assert timetable(schedule) == []


def test_equal_times_leave_in_the_order_of_the_ladder():
    schedule = ReceiptSchedule({"ACCEPT": 1.0, "READ": 1.0})
    schedule.arrived(FIRST, 0.0)
    assert [status for _, _, status in timetable(schedule)] == ["ACCEPT", "READ"]


def test_a_message_announced_again_plans_no_receipt():
    schedule = ReceiptSchedule(RULE)
    schedule.arrived(FIRST, 0.0)
    schedule.arrived(FIRST, 0.1)
    assert [at_s for at_s, _, _ in timetable(schedule)] == [0.2, 90.0], "the first arrival counts"
    schedule.arrived(FIRST, 200.0)
    assert timetable(schedule) == []


def test_what_was_given_is_not_given_again_in_whatever_order_it_is_told():
    before, after = ReceiptSchedule(RULE), ReceiptSchedule(RULE)
    before.given(FIRST, "READ")
    before.arrived(FIRST, 0.0)
    after.arrived(FIRST, 0.0)
    after.given(FIRST, "READ")
    assert timetable(before) == timetable(after) == [(0.2, FIRST, "ACCEPT")]


def test_a_step_goes_before_the_rule_for_this_message_and_status_only():
    schedule = ReceiptSchedule(RULE)
    schedule.arrived(FIRST, 0.0)
    schedule.arrived(SECOND, 0.0)
    assert schedule.plan([FIRST], "READ", after=3.0, now_s=1.0, step=4) == 3.0
    assert timetable(schedule) == [
        (0.2, FIRST, "ACCEPT"),
        (0.2, SECOND, "ACCEPT"),
        (3.0, FIRST, "READ"),
        (90.0, SECOND, "READ"),
    ]


def test_a_step_that_comes_too_late_sends_at_once():
    schedule = ReceiptSchedule({})
    schedule.arrived(FIRST, 0.0)
    assert schedule.plan([FIRST], "READ", after=3.0, now_s=7.0, step=4) == 7.0


def test_the_last_word_of_a_step_counts_once():
    schedule = ReceiptSchedule(RULE)
    schedule.arrived(FIRST, 0.0)
    schedule.plan([FIRST], "READ", after=5.0, now_s=0.0, step=1)
    schedule.plan([FIRST], "READ", after=2.0, now_s=0.0, step=2)
    assert [at_s for at_s, _, status in timetable(schedule) if status == "READ"] == [2.0]


def test_asking_again_sends_again():
    schedule = ReceiptSchedule({"READ": 1.0})
    schedule.arrived(FIRST, 0.0)
    schedule.plan_again([FIRST], "READ", after=2.0, now_s=0.0, step=1)
    schedule.plan_again([FIRST], "READ", after=3.0, now_s=0.0, step=2)
    assert [at_s for at_s, _, _ in timetable(schedule)] == [1.0, 2.0, 3.0]


def test_a_suspended_receipt_stays_out():
    early, late = ReceiptSchedule(RULE), ReceiptSchedule(RULE)
    early.suspend(FIRST, "READ")
    early.arrived(FIRST, 0.0)
    late.arrived(FIRST, 0.0)
    late.suspend(FIRST, "READ")
    assert timetable(early) == timetable(late) == [(0.2, FIRST, "ACCEPT")]


def test_after_the_last_step_nothing_new_is_planned_but_what_is_planned_stays():
    schedule = ReceiptSchedule(RULE)
    schedule.arrived(FIRST, 0.0)
    schedule.close()
    schedule.arrived(SECOND, 0.0)
    assert {key for _, key, _ in timetable(schedule)} == {FIRST}


def test_a_closed_dialog_gets_nothing_more_by_the_rule():
    schedule = ReceiptSchedule(RULE)
    elsewhere = MessageId("survey", 1)
    for key in (FIRST, SECOND, elsewhere):
        schedule.arrived(key, 0.0)
    schedule.plan([FIRST], "READ", after=5.0, now_s=0.0, step=1)
    assert schedule.last_at_s() == 90.0
    schedule.close_dialog("d")
    schedule.arrived(MessageId("d", 3), 1.0)
    assert timetable(schedule) == [
        (0.2, elsewhere, "ACCEPT"),
        (5.0, FIRST, "READ"),
        (90.0, elsewhere, "READ"),
    ]
    assert schedule.last_at_s() is None


# --- together -------------------------------------------------------------------------------------------

THIRD = MessageId("d", 3)


def frames(schedule: ReceiptSchedule) -> list[tuple[float, str, list[int]]]:
    """Every frame that will go out, each at the moment it is due."""
    out = []
    while (at_s := schedule.next_at_s()) is not None:
        due = schedule.take_due(at_s)
        assert due is not None
        out.append((due.at_s, due.status, [key.sequence for key in due.keys]))
    return out


def test_a_list_waits_for_the_last_arrival_and_what_is_said_later_takes_its_message_out():
    schedule = ReceiptSchedule({})
    schedule.arrived(FIRST, 0.0)
    schedule.arrived(SECOND, 5.0)
    assert schedule.plan([FIRST, SECOND], "READ", after=3.0, now_s=5.0, step=1) == 8.0
    schedule.plan([FIRST], "READ", after=1.0, now_s=6.0, step=2)
    assert frames(schedule) == [(6.0, "READ", [1]), (8.0, "READ", [2])]


def test_followers_of_followers_leave_together():
    schedule = ReceiptSchedule({})
    assert schedule.plan_with([THIRD], SECOND, "READ", now_s=0.0, step=1) is None
    assert schedule.plan_with([SECOND], FIRST, "READ", now_s=0.0, step=2) is None
    assert schedule.leads_to(THIRD, [FIRST], "READ")
    assert not schedule.leads_to(FIRST, [SECOND], "READ")
    schedule.plan([FIRST], "READ", after=2.0, now_s=0.0, step=3)
    assert frames(schedule) == [(2.0, "READ", [1, 2, 3])]
    assert schedule.waiting_for_leader() == []


def test_who_waits_for_a_receipt_that_turns_out_to_be_given_is_due_then():
    schedule = ReceiptSchedule({})
    schedule.plan_with([SECOND], FIRST, "READ", now_s=0.0, step=1)
    assert [leader for leader, _ in schedule.waiting_for_leader()] == [FIRST]
    schedule.given(FIRST, "READ", now_s=7.0)
    assert frames(schedule) == [(7.0, "READ", [2])]


def test_what_was_taken_and_could_not_be_sent_is_due_still():
    schedule = ReceiptSchedule({"READ": 1.0}, batch_s=2.0)
    schedule.arrived(FIRST, 0.0)
    schedule.arrived(SECOND, 0.5)
    due = schedule.take_due(3.0)
    schedule.return_due(due)
    assert not schedule.is_given(FIRST, "READ")
    assert schedule.last_at_s() == 3.0
    assert frames(schedule) == [(3.0, "READ", [1, 2])]
    assert schedule.is_given(SECOND, "READ")


def test_what_is_put_back_and_found_given_meanwhile_is_not_sent_twice():
    schedule = ReceiptSchedule({"READ": 1.0})
    schedule.arrived(FIRST, 0.0)
    schedule.return_due(schedule.take_due(1.0))
    schedule.given(FIRST, "READ")
    assert frames(schedule) == []


def test_a_batch_whose_first_one_falls_out_leaves_when_the_next_one_says():
    schedule = ReceiptSchedule({"READ": 1.0}, batch_s=2.0)
    schedule.arrived(FIRST, 0.0)
    schedule.arrived(SECOND, 1.0)
    assert schedule.next_at_s() == 3.0
    schedule.given(FIRST, "READ")
    assert frames(schedule) == [(4.0, "READ", [2])]


def test_a_batch_that_leaves_late_takes_nothing_along_that_was_not_its_own():
    schedule = ReceiptSchedule({"READ": 0.0}, batch_s=2.0)
    schedule.arrived(FIRST, 0.0)
    schedule.arrived(SECOND, 3.0)
    assert schedule.take_due(60.0).keys == (FIRST,)
    assert [(due.at_s, due.keys) for due in schedule.remaining()] == [(5.0, (SECOND,))]


@given(st.integers(), st.integers())
def test_the_same_seed_plans_the_same_times(seed, other):
    def planned(of):
        rule = {"ACCEPT": DelayDistribution.read("1s..3s"), "READ": DelayDistribution.read("5s ± 2s")}
        schedule = ReceiptSchedule(rule, rng=random.Random(of))
        for number in range(20):
            schedule.arrived(MessageId("d", number), float(number))
        return timetable(schedule)

    assert planned(seed) == planned(seed)
    assert seed == other or planned(seed) != planned(other)


@given(
    st.lists(st.tuples(st.floats(0, 5), st.sampled_from("ab")), min_size=1, max_size=15),
    st.floats(0, 4),
    st.integers(0, 9),
)
def test_however_messages_come_each_receipt_leaves_once_in_due_order_and_never_early(pushed, batch_s, seed):
    rule = {"ACCEPT": DelayDistribution.read("1s..2s"), "READ": DelayDistribution.read("2s ± 2s")}
    schedule, now_s, earliest = ReceiptSchedule(rule, rng=random.Random(seed), batch_s=batch_s), 0.0, {}
    left = []

    def leave():
        while (due := schedule.take_due(now_s)) is not None:
            left.extend((due.at_s, key, due.status) for key in due.keys)
            assert due.at_s <= now_s
            assert len({key.dialog_id for key in due.keys}) == 1

    for number, (passed_s, dialog_id) in enumerate(pushed):
        now_s += passed_s
        leave()
        earliest[MessageId(dialog_id, number)] = now_s
        schedule.arrived(MessageId(dialog_id, number), now_s)
    now_s = 1e6
    leave()
    assert sorted((key, status) for _, key, status in left) == sorted(
        (key, status) for key in earliest for status in rule
    )
    assert [at_s for at_s, _, _ in left] == sorted(at_s for at_s, _, _ in left)
    assert all(at_s >= earliest[key] + rule[status].bounds_s[0] for at_s, key, status in left)
    assert schedule.next_at_s() is None


# --- laws of the rule alone -----------------------------------------------------------------------------

KEYS = st.builds(MessageId, st.sampled_from("ab"), st.integers(0, 3))
STATUSES = st.sampled_from(["ACCEPT", "READ"])
TOLD = st.lists(
    st.one_of(
        st.tuples(st.just("arrived"), KEYS),
        st.tuples(st.just("given"), KEYS, STATUSES),
        st.tuples(st.just("suspend"), KEYS, STATUSES),
    ),
    max_size=20,
)


@given(TOLD)
def test_the_rule_gives_each_receipt_at_most_once_in_the_order_of_time(notification):
    schedule = ReceiptSchedule(RULE)
    held_back = set()
    for now_s, (what, key, *status) in enumerate(notification):
        if what == "arrived":
            schedule.arrived(key, float(now_s))
        else:
            getattr(schedule, what)(key, *status)
            held_back.add((key, *status))
    out = timetable(schedule)
    assert [at_s for at_s, _, _ in out] == sorted(at_s for at_s, _, _ in out)
    sent = [(key, status) for _, key, status in out]
    assert len(sent) == len(set(sent))
    arrived = {key for what, key, *_ in notification if what == "arrived"}
    assert set(sent) == {(key, status) for key in arrived for status in RULE} - held_back
