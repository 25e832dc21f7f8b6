"""Sessions are found by name and time."""

from __future__ import annotations

import pytest

from recorder import recipes
from recorder.clock import VirtualClock
from recorder.errors import BadOption
from recorder.recipes.list_sessions import listed_sessions, newest

HOUR_US = 3_600_000_000


@pytest.fixture
def archive(tmp_path):
    """Three sessions that began at 0:00, 1:00 and 2:00 on the first day of 1970, and one more."""
    with recipes.open_archive(str(tmp_path / "x.db"), mode="write", create=True) as opened:
        for hour, name in enumerate(("Login", None, "log out")):
            opened.begin_session(
                source="client", name=name, started_at_us=hour * HOUR_US, clock=VirtualClock()
            ).finish(hour * HOUR_US)
        opened.begin_session(source="har", name="?", started_at_us=None, clock=VirtualClock()).finish(None)
        yield opened


def names(archive, **asked):
    at_two = VirtualClock(epoch_us=2 * HOUR_US)
    return [each.name for each in listed_sessions(archive, clock=at_two, **asked)]


def test_without_a_question_all_are_listed_oldest_first(archive):
    assert names(archive) == ["Login", None, "log out", "?"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"name": "LOG"}, ["Login", "log out"]),
        ({"name": "x"}, []),
        ({"since": "1h"}, [None, "log out"]),
        ({"since": "1970-01-01T02:00:00Z"}, ["log out"]),
        ({"since": "1970-01-01"}, ["Login", None, "log out"]),
        ({"since": "90m", "name": "log"}, ["log out"]),
    ],
)
def test_those_asked_for_are_listed(archive, asked, found):
    assert names(archive, **asked) == found


@pytest.mark.parametrize("since", ["soon", "-1h", ""])
def test_what_is_no_moment_is_said(archive, since):
    with pytest.raises(BadOption, match="neither a time nor a duration"):
        names(archive, since=since)


def test_the_newest_are_kept():
    assert newest([1, 2, 3], 2) == [2, 3]
    assert newest([1, 2, 3], 9, reverse=True) == [3, 2, 1]
    assert newest([1, 2, 3], None) == [1, 2, 3]
