"""The timetable of receipts: the standing rule, what steps say, and what was given already."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recorder.replay.receipts_plan import MessageKey, ReceiptsPlan

RULE = {"ACCEPT": 0.2, "READ": 90.0}
FIRST, SECOND = MessageKey("d", 1), MessageKey("d", 2)


def timetable(plan: ReceiptsPlan) -> list[tuple[float, MessageKey, str]]:
    """Everything that will go out, when each is taken at the moment it is due."""
    out = []
    while (at_s := plan.next_at_s()) is not None:
        assert plan.take_due(at_s - 0.001) is None, "nothing leaves early"
        due = plan.take_due(at_s)
        assert due is not None
        out.append((due.at_s, due.key, due.status))
    return out


def test_each_status_goes_out_so_long_after_the_arrival():
    plan = ReceiptsPlan(RULE)
    plan.arrived(FIRST, 10.0)
    plan.arrived(SECOND, 11.0)
    assert timetable(plan) == [
        (10.2, FIRST, "ACCEPT"),
        (11.2, SECOND, "ACCEPT"),
        (100.0, FIRST, "READ"),
        (101.0, SECOND, "READ"),
    ]


def test_without_a_rule_nothing_is_planned():
    plan = ReceiptsPlan({})
    plan.arrived(FIRST, 0.0)
    assert timetable(plan) == []


def test_equal_times_leave_in_the_order_of_the_ladder():
    plan = ReceiptsPlan({"ACCEPT": 1.0, "READ": 1.0})
    plan.arrived(FIRST, 0.0)
    assert [status for _, _, status in timetable(plan)] == ["ACCEPT", "READ"]


def test_hearing_a_message_again_plans_nothing():
    plan = ReceiptsPlan(RULE)
    plan.arrived(FIRST, 0.0)
    plan.arrived(FIRST, 0.1)
    assert [at_s for at_s, _, _ in timetable(plan)] == [0.2, 90.0], "the first arrival counts"
    plan.arrived(FIRST, 200.0)
    assert timetable(plan) == []


def test_what_was_given_is_not_given_again_in_whatever_order_it_is_told():
    before, after = ReceiptsPlan(RULE), ReceiptsPlan(RULE)
    before.given(FIRST, "READ")
    before.arrived(FIRST, 0.0)
    after.arrived(FIRST, 0.0)
    after.given(FIRST, "READ")
    assert timetable(before) == timetable(after) == [(0.2, FIRST, "ACCEPT")]


def test_a_step_goes_before_the_rule_for_this_message_and_status_only():
    plan = ReceiptsPlan(RULE)
    plan.arrived(FIRST, 0.0)
    plan.arrived(SECOND, 0.0)
    assert plan.ask(FIRST, "READ", after_s=3.0, now_s=1.0, step=4) == 3.0
    assert timetable(plan) == [
        (0.2, FIRST, "ACCEPT"),
        (0.2, SECOND, "ACCEPT"),
        (3.0, FIRST, "READ"),
        (90.0, SECOND, "READ"),
    ]


def test_a_step_that_comes_too_late_sends_at_once():
    plan = ReceiptsPlan({})
    plan.arrived(FIRST, 0.0)
    assert plan.ask(FIRST, "READ", after_s=3.0, now_s=7.0, step=4) == 7.0


def test_the_last_word_of_a_step_counts_once():
    plan = ReceiptsPlan(RULE)
    plan.arrived(FIRST, 0.0)
    plan.ask(FIRST, "READ", after_s=5.0, now_s=0.0, step=1)
    plan.ask(FIRST, "READ", after_s=2.0, now_s=0.0, step=2)
    assert [at_s for at_s, _, status in timetable(plan) if status == "READ"] == [2.0]


def test_asking_again_sends_again():
    plan = ReceiptsPlan({"READ": 1.0})
    plan.arrived(FIRST, 0.0)
    plan.ask_again(FIRST, "READ", after_s=2.0, now_s=0.0, step=1)
    plan.ask_again(FIRST, "READ", after_s=3.0, now_s=0.0, step=2)
    assert [at_s for at_s, _, _ in timetable(plan)] == [1.0, 2.0, 3.0]


def test_a_suspended_receipt_stays_out():
    early, late = ReceiptsPlan(RULE), ReceiptsPlan(RULE)
    early.suspend(FIRST, "READ")
    early.arrived(FIRST, 0.0)
    late.arrived(FIRST, 0.0)
    late.suspend(FIRST, "READ")
    assert timetable(early) == timetable(late) == [(0.2, FIRST, "ACCEPT")]


def test_after_the_last_step_nothing_new_is_planned_but_what_is_planned_stays():
    plan = ReceiptsPlan(RULE)
    plan.arrived(FIRST, 0.0)
    plan.close()
    plan.arrived(SECOND, 0.0)
    assert {key for _, key, _ in timetable(plan)} == {FIRST}


def test_a_closed_dialog_gets_nothing_more_by_the_rule():
    plan = ReceiptsPlan(RULE)
    elsewhere = MessageKey("survey", 1)
    for key in (FIRST, SECOND, elsewhere):
        plan.arrived(key, 0.0)
    plan.ask(FIRST, "READ", after_s=5.0, now_s=0.0, step=1)
    assert plan.last_at_s() == 90.0
    plan.close_dialog("d")
    plan.arrived(MessageKey("d", 3), 1.0)
    assert timetable(plan) == [
        (0.2, elsewhere, "ACCEPT"),
        (5.0, FIRST, "READ"),
        (90.0, elsewhere, "READ"),
    ]
    assert plan.last_at_s() is None


KEYS = st.builds(MessageKey, st.sampled_from("ab"), st.integers(0, 3))
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
def test_the_rule_gives_each_receipt_at_most_once_in_the_order_of_time(told):
    plan = ReceiptsPlan(RULE)
    held_back = set()
    for now_s, (what, key, *status) in enumerate(told):
        if what == "arrived":
            plan.arrived(key, float(now_s))
        else:
            getattr(plan, what)(key, *status)
            held_back.add((key, *status))
    out = timetable(plan)
    assert [at_s for at_s, _, _ in out] == sorted(at_s for at_s, _, _ in out)
    sent = [(key, status) for _, key, status in out]
    assert len(sent) == len(set(sent))
    arrived = {key for what, key, *_ in told if what == "arrived"}
    assert set(sent) == {(key, status) for key in arrived for status in RULE} - held_back
