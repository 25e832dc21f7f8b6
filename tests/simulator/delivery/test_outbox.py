"""Under way: in order, late, twice, held back, and cut off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from recorder.simulator import BreakOff, Deliver, HangUp
from recorder.simulator.delivery.outbox import Lane, Letter, Post, text_frame
from recorder.simulator.faults.config import CALM, moods_from
from recorder.simulator.faults.injector import Way


def post_for(moods, *clients):
    post = Post(moods if moods is CALM else moods_from(moods))
    for client in clients or (1,):
        post.connected(client)
    return post


def push(text, *, dialog="d", client=1, **way):
    return Letter(client, text, Lane.PUSH, dialog, Way(**way))


def until(post, end_s):
    """(when, text or effect) of everything that falls due."""
    told = []
    while (due_s := post.next_due_s()) is not None and due_s <= end_s:
        told += [(round(due_s, 3), getattr(each, "text", each)) for each in post.take([], due_s)]
    return told


def test_in_no_mood_everything_goes_at_once():
    post = post_for(CALM)
    letters = [Letter(1, "a"), push("b"), HangUp(1, 1000, "")]
    assert post.take(letters, 5.0) == [Deliver(1, "a"), Deliver(1, "b"), HangUp(1, 1000, "")]
    assert post.next_due_s() is None


def test_answers_and_notifications_take_their_own_time():
    """So an echo may come before its answer, as nothing published forbids."""
    post = post_for({"answer_delay": "2s", "push_delay": "1s"})
    assert post.take([Letter(1, "answer"), push("echo")], 10.0) == []
    assert until(post, 99) == [(11.0, "echo"), (12.0, "answer")]


@given(st.lists(st.floats(0, 3), min_size=1, max_size=20), st.booleans())
def test_nothing_overtakes_in_its_lane_unless_it_may(gaps, overtaking):
    post = post_for({"push_delay": "0..5s", "overtaking": overtaking})
    now_s, heard = 0.0, []
    for place, gap in enumerate(gaps):
        now_s += gap
        heard += until(post, now_s)
        heard += [(now_s, each.text) for each in post.take([push(str(place))], now_s)]
    heard += until(post, now_s + 5)
    places = [int(text) for _, text in heard]
    assert sorted(places) == list(range(len(gaps)))
    if not overtaking:
        assert places == sorted(places)


def test_what_is_late_is_overtaken_and_holds_up_nobody():
    post = post_for({"late_receipts": "2s"})
    assert [each.text for each in post.take([push("late", late_s=2.0), push("b")], 0.0)] == ["b"]
    assert [each.text for each in post.take([push("c")], 1.0)] == ["c"]
    assert until(post, 99) == [(2.0, "late")]


def test_two_copies_are_two():
    post = post_for({"duplicated_receipts": "same"})
    assert [each.text for each in post.take([push("twice", copies=2), push("b")], 0.0)] == [
        "twice",
        "twice",
        "b",
    ]


def test_what_is_held_follows_the_next_of_its_dialog():
    post = post_for({"reordered_receipts": True})
    assert post.take([push("held", held_s=5.0)], 0.0) == []
    assert [each.text for each in post.take([push("of another", dialog="e")], 1.0)] == ["of another"]
    assert [each.text for each in post.take([Letter(1, "an answer")], 1.0)] == ["an answer"]
    assert [each.text for each in post.take([push("next")], 2.0)] == ["next", "held"]
    assert until(post, 99) == []


def test_two_in_a_row_that_would_be_held_change_places():
    post = post_for({"reordered_receipts": True})
    told = post.take([push("a", held_s=5.0), push("b", held_s=5.0)], 0.0)
    assert [each.text for each in told] == ["b", "a"]


def test_what_is_held_comes_in_the_end():
    post = post_for({"reordered_receipts": True})
    post.take([push("held", held_s=5.0)], 1.0)
    assert until(post, 99) == [(6.0, "held")]


def test_the_end_of_a_connection_waits_for_its_answers_and_loses_the_rest():
    post = post_for({"answer_delay": "1s", "push_delay": "9s"})
    post.take([push("lost"), Letter(1, "refused"), HangUp(1, 4401, "")], 0.0)
    assert until(post, 99) == [(1.0, "refused"), (1.0, HangUp(1, 4401, ""))]


def test_who_is_gone_gets_nothing_more_and_others_do():
    post = post_for({"push_delay": "1s"}, 1, 2)
    post.take([push("a"), push("b", client=2)], 0.0)
    post.gone(1)
    post.take([push("c")], 0.0)
    assert until(post, 99) == [(1.0, "b")]


def test_held_letters_go_with_their_client():
    post = post_for({"reordered_receipts": True})
    post.take([push("held", held_s=1.0)], 0.0)
    post.gone(1)
    assert until(post, 99) == []


@pytest.mark.parametrize(
    ("allowed", "told"),
    [
        (1, [BreakOff(1, b"\x81")]),
        (5, [BreakOff(1, b"\x81\x05Hel")]),
        (7, [BreakOff(1, b"\x81\x05Hello")]),
        (8, [Deliver(1, "Hello"), BreakOff(1, b"\x81")]),
        (12, [Deliver(1, "Hello"), BreakOff(1, b"\x81\x05Wor")]),
        (15, [Deliver(1, "Hello"), Deliver(1, "World")]),
    ],
)
def test_a_connection_breaks_off_at_its_byte(allowed, told):
    post = post_for({"drop_after": {"bytes": 999}})
    post.allow(1, allowed)
    assert post.take([Letter(1, "Hello"), Letter(1, "World")], 0.0) == told


LONG = [*("x" * size for size in (125, 126, 127, 65_535, 65_536)), "é" * 40_000]


@given(st.text(max_size=200) | st.sampled_from(LONG))
def test_frames_are_counted_as_the_library_writes_them(text):
    assert text_frame(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
