"""What several places say together: parts come and go, and nothing else is counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recorder.checks.groups import Group, Part


def part(order: int, frame: int, **more: object) -> Part:
    return Part("g", (order,), (frame,), f"v{order}", **more)  # type: ignore[arg-type]  # as each test has it


def test_values_stand_in_their_order_and_frames_rise():
    group = Group()
    for each in (part(2, 9), part(1, 30), part(3, 9)):
        group.add(each)
    assert (len(group), group.first(2), group.frames(5)) == (3, ["v1", "v2"], (9, 30))
    group.remove(part(1, 30))
    assert (len(group), group.first(2), group.frames(5)) == (2, ["v2", "v3"], (9,))


def test_of_alike_parts_only_the_first_counts_as_long_as_it_is_there():
    group = Group()
    for each in (part(2, 9, unique="x"), part(1, 30, unique="x")):
        group.add(each)
    assert (len(group), group.first(2), group.frames(2)) == (1, ["v1"], (30,))
    group.remove(part(1, 30, unique="x"))
    assert (len(group), group.first(2), group.frames(2)) == (1, ["v2"], (9,))


parts = st.lists(
    st.builds(
        lambda order, frame, names, words, rank, unique: part(
            order, frame, names=tuple(names), words=tuple(words), rank=(rank,), unique=unique
        ),
        st.integers(0, 99), st.integers(1, 9), st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2))),
        st.lists(st.sampled_from(("READ", "ACCEPT"))), st.integers(0, 5), st.sampled_from((None, "x", "y")),
    ),
    unique_by=lambda each: each.order,
)  # fmt: skip


@given(parts, st.data())
def test_what_was_taken_out_again_was_never_there(listed, data):
    group, other = Group(), Group()
    gone = data.draw(st.sets(st.sampled_from(listed))) if listed else set()
    for each in listed:
        group.add(each)
    for each in listed:
        if each in gone:
            group.remove(each)
        else:
            other.add(each)
    told = [
        (len(each), each.first(99), each.frames(99), each.words, each.named("a"), each.named("b"))
        for each in (group, other)
    ]
    assert told[0] == told[1]
    if len(other):
        assert group.lowest == other.lowest
