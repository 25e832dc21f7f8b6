"""Who is who and which message is which, whatever the service called them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.fold import fold
from recorder.receipts.pairing import by_dialog, entries_of, longest_rise, names_of, paired
from recorder.receipts.queries import MessageView, view


def entries(build, *texts, by="agent"):
    messages = view(fold([build.message(n, by=by, text=text) for n, text in enumerate(texts)]))
    return entries_of(messages, names_of(messages))


def bare(texts):
    """Messages of which only the text matters."""
    proof = Evidence(Proof.ANNOUNCED, 1, 1, None, None)
    return entries_of(
        [
            MessageView("d", number, None, None, None, "text/plain", text, "sent", proof, (), None)
            for number, text in enumerate(texts)
        ],
        {},
    )


def texts(pairs):
    return [(one.message.text, other.message.text) for one, other in pairs]


def test_people_are_numbered_by_role_in_the_order_they_appear(build):
    heard = [
        build.i_am("me"), build.message(0, by="x", role="ASSIGNED_AGENT"),
        build.message(1, by="me", role="CONSUMER"), build.receipt("READ", 1, by="y", role="ASSIGNED_AGENT"),
        build.receipt("READ", 1, by="m", role="MANAGER"), build.receipt("READ", 0, by="somebody"),
    ]  # fmt: skip
    assert names_of(view(fold(heard))) == {
        "x": "agent 1", "me": "you", "y": "agent 2", "m": "manager 1", "somebody": "participant 1",
    }  # fmt: skip


def test_dialogs_come_in_their_order_of_appearance(build):
    build.dialog = "zz"
    heard = [build.message(0, by="a")]
    build.dialog = "aa"
    heard += [build.message(0, by="a")]
    assert [[m.dialog_id for m in dialog] for dialog in by_dialog(view(fold(heard)))] == [["zz"], ["aa"]]


def test_the_first_hi_is_the_first_hi(build):
    found = paired(entries(build, "hi", "hi", "ho"), entries(build, "hi", "ho"))
    assert texts(found.pairs) == [("hi", "hi"), ("ho", "ho")]
    assert [entry.message.sequence for entry in found.vanished] == [1]
    assert (found.moved, found.appeared) == ([], [])


def test_what_is_left_between_the_same_neighbours_is_the_same_with_another_text(build):
    found = paired(entries(build, "a", "order 17", "b"), entries(build, "a", "order 18", "b", "new"))
    assert texts(found.pairs) == [("a", "a"), ("b", "b"), ("order 17", "order 18")]
    assert [entry.message.text for entry in found.appeared] == ["new"]


def test_a_message_in_another_place_has_moved(build):
    found = paired(entries(build, "a", "b", "c"), entries(build, "c", "a", "b"))
    assert texts(found.moved) == [("c", "c")]
    assert len(found.pairs) == 3


@given(st.lists(st.integers(0, 20), unique=True, max_size=9))
def test_the_longest_rise_rises_and_none_is_longer(numbers):
    run = longest_rise(numbers)
    assert run == sorted(run)
    risen = [numbers[index] for index in run]
    assert risen == sorted(risen)
    best = [0] * len(numbers)
    for index, number in enumerate(numbers):
        best[index] = 1 + max((best[i] for i in range(index) if numbers[i] < number), default=0)
    assert len(run) == max(best, default=0)


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abcd"), max_size=8))
def test_every_message_is_in_one_pair_or_left_over(first, second):
    found = paired(bare(first), bare(second))
    ones = [one for one, _ in found.pairs] + found.vanished
    others = [other for _, other in found.pairs] + found.appeared
    assert sorted(entry.message.sequence for entry in ones) == list(range(len(first)))
    assert sorted(entry.message.sequence for entry in others) == list(range(len(second)))
