"""A name means one session or none: an id, a name, the beginning of an id, or the last."""

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
