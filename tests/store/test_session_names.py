"""A name means one session or none: an id, a name (the newest of its sessions), the beginning of an id, or
the last; ``~1`` is the one before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import NotFound
from recorder.store.session_names import pick
from recorder.wire.records import SessionInfo


def info(session: str, name: str | None = None) -> SessionInfo:
    """A session of this id and name."""
    return SessionInfo(session, name, "client", "complete", None, None, 0, 0)


KNOWN = [info("abc"), info("abcd", "abc"), info("bcd", "last"), info("cde", "abcd"), info("def", "b")]


@pytest.mark.parametrize(
    ("name", "session"),
    [
        pytest.param("abc", "abc", id="an-id-before-a-name-and-a-prefix"),
        pytest.param("abcd", "abcd", id="an-id-before-a-name"),
        pytest.param("b", "def", id="a-name-before-a-prefix"),
        pytest.param("bc", "bcd", id="a-prefix"),
        pytest.param("last", "def", id="the-last-though-one-is-called-so"),
    ],
)
def test_a_name_picks_the_session(name: str, session: str) -> None:
    """The strongest sense in which one session answers to it."""
    assert pick(KNOWN, name).session == session


@pytest.mark.parametrize(
    ("name", "close"),
    [
        pytest.param("ab", ("abc", "abcd"), id="two-prefixes"),
        pytest.param("defg", ("def",), id="close-to-one"),
        pytest.param("zzzz", (), id="close-to-none"),
        pytest.param("", (), id="nothing-is-no-prefix"),
        pytest.param("ABC", (), id="case-counts"),
    ],
)
def test_an_unknown_or_ambiguous_name_is_refused(name: str, close: tuple[str, ...]) -> None:
    """It says which sessions come close."""
    with pytest.raises(NotFound) as missing:
        pick(KNOWN, name)
    assert missing.value.close == close


OFTEN = [
    info("1a", "ci"), info("2b", "other"), info("3c", "ci"), info("4d", "ci~1"), info("5e", "ci"),
    info("6~1"), info("7f~1"), info("8g", "x~1"), info("9h", "x~1"), info("ah", "ci\n"),
]  # fmt: skip
"""One name of three sessions, and names and ids that look like counting back."""


@pytest.mark.parametrize(
    ("name", "session", "said"),
    [
        pytest.param("ci", "5e", ["ci: the newest of 3"], id="the-newest"),
        pytest.param("ci~0", "5e", [], id="none-before-it"),
        pytest.param("ci~1", "4d", [], id="really-called-so"),
        pytest.param("ci~2", "1a", [], id="two-before"),
        pytest.param("ci~002", "1a", [], id="zeros-before-the-number"),
        pytest.param("other", "2b", [], id="the-only-one"),
        pytest.param("other~0", "2b", [], id="the-only-one-counted"),
        pytest.param("6~1", "6~1", [], id="an-id-that-looks-so"),
        pytest.param("7f~", "7f~1", [], id="a-prefix-that-looks-nearly-so"),
        pytest.param("x~1", "9h", ["x~1: the newest of 2"], id="a-name-that-looks-so-twice"),
        pytest.param("x~1~1", "8g", [], id="counted-back-from-a-name-that-looks-so"),
        pytest.param("ci\n~0", "ah", [], id="a-name-with-a-line-end"),
        pytest.param("last", "ah", [], id="the-last"),
        pytest.param("last~0", "ah", [], id="the-last-counted"),
        pytest.param("last~1", "9h", [], id="before-the-last"),
        pytest.param("last~9", "1a", [], id="the-oldest"),
    ],
)
def test_of_several_with_one_name_the_newest_is_meant_and_said(name, session, said) -> None:
    """What was meant is said only where one could think of another."""
    remarks: list[str] = []
    assert pick(OFTEN, name, remarks.append).session == session
    assert remarks == said


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ci~3", "the oldest of 3 is ci~2"),
        ("last~10", "the oldest of 10 is last~9"),
        ("last~999999999", "the oldest of 10 is last~9"),
        ("last~" + "9" * 5_000, None),
        ("last~-1", None),
        ("last~", None),
        ("last~٣", None),
        ("1a~1", None),
        ("2~0", None),
        ("nothing~0", None),
        ("~1", None),
    ],
)
def test_counting_back_too_far_or_from_no_name_is_refused(name: str, hint: str | None) -> None:
    """Ids and their beginnings mean one session, with none before it."""
    with pytest.raises(NotFound) as missing:
        pick(OFTEN, name)
    assert missing.value.hint == hint


@given(st.lists(st.sampled_from(["a", "b", "a~1", "b~2", None]), max_size=8), st.sampled_from("ab"))
def test_counting_back_passes_each_session_of_a_name_once(names: list[str | None], name: str) -> None:
    """From the newest to the oldest, unless a session is really called so."""
    known = [info(f"id{number}", each) for number, each in enumerate(names)]
    called = [each for each in known if each.name == name]
    for back, each in enumerate(reversed(called)):
        if (written := f"{name}~{back}") not in names:
            assert pick(known, written) == each
    assert [pick(known, f"last~{back}") for back in range(len(known))] == known[::-1]


@given(st.lists(st.text("ab", min_size=1, max_size=4), unique=True, max_size=6), st.text("abz", max_size=4))
def test_a_name_means_one_session_or_none(ids: list[str], name: str) -> None:
    """It begins with the name, and no other that is not called exactly so does."""
    known = [info(each) for each in ids]
    fitting = [each for each in ids if name and each.startswith(name)]
    if name in ids or len(fitting) == 1:
        assert pick(known, name).session == (name if name in ids else fitting[0])
    else:
        with pytest.raises(NotFound):
            pick(known, name)
