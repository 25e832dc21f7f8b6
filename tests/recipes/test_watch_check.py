"""A session is checked again whenever it has new frames, until it ends."""

from __future__ import annotations

import pytest
from builders.following import StepClock

from recorder import recipes
from recorder.clock import VirtualClock
from recorder.errors import BadOption
from recorder.recipes.watch_check import watched_checks
from recorder.store.archive import Archive
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame


@pytest.fixture
def recorder(tmp_path):
    """An archive, and the sink of a session in it."""
    path = tmp_path / "x.db"
    with Archive.open(path, mode="write") as archive:
        sink = archive.begin_session(source="client", started_at_us=0, clock=VirtualClock())
        sink([ConnectionOpened(1, None, 0, 0), frame(1, b"not JSON")])
        yield str(path), sink


def frame(number, payload):
    return RecordedFrame(number, 1, number - 1, Side.SERVICE, number, number, 1, True, 0, payload)


def test_what_was_not_found_before_is_told_and_the_end_ends_it(recorder):
    path, sink = recorder
    clock = StepClock(
        lambda: None,
        lambda: sink([frame(2, b"nor this")]),
        lambda: sink.finish(0),
    )
    with recipes.open_archive(path) as archive:
        updates = list(watched_checks(archive, "last", clock=clock, rule=["unreadable-payload"]))
    assert [([each.frames for each in update.changed], update.over) for update in updates] == [
        ([(1,)], False), ([(2,)], False), ([], True),
    ]  # fmt: skip
    assert [each.frames for each in updates[-1].checked.findings] == [(1,), (2,)]
    assert clock.now_s() == 1.5


@pytest.mark.parametrize(
    ("asked", "says"),
    [({"at": "#1"}, "--watch"), ({"interval": "soon"}, "--interval")],
    ids=["at", "interval"],
)
def test_what_makes_no_sense_with_it_is_said(recorder, asked, says):
    path, _ = recorder
    with recipes.open_archive(path) as archive, pytest.raises(BadOption, match=says):
        next(watched_checks(archive, "last", **asked))
