"""A session is checked again whenever it has new frames, until it ends."""

from __future__ import annotations

import pytest

from recorder import recipes
from recorder.clock import VirtualClock
from recorder.errors import BadOption
from recorder.recipes.watch_check import watched_checks
from recorder.store.archive import Archive
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame


class Steps(VirtualClock):
    """A clock whose waiting lets the recorder do its next step."""

    def __init__(self, *steps):
        super().__init__()
        self._steps = list(steps)

    def sleep_until(self, when_s):
        super().sleep_until(when_s)
        self._steps.pop(0)()


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
    clock = Steps(
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
