"""The frames of a session are listed as they come, until its end."""

from __future__ import annotations

import signal
from contextlib import closing

import pytest
from builders.following import StepClock

from recorder import recipes
from recorder.cli.signals import StopRequest
from recorder.clock import VirtualClock
from recorder.errors import NotFound
from recorder.recipes.filters import parse_filters
from recorder.recipes.follow_frames import followed_frames, frames
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame


def frame(number):
    sender = Side.SERVICE if number % 2 else Side.CLIENT
    return RecordedFrame(number, 1, number - 1, sender, number, number, 1, True, 0, b'{"n":%d}' % number)


@pytest.fixture
def recorder(tmp_path):
    """An archive, and the sink of a session in it."""
    path = tmp_path / "x.db"
    with Archive.open(path, mode="write") as archive:
        sink = archive.begin_session(
            source="client", started_at_us=0, clock=VirtualClock(), options=IntakeOptions(keep_secrets=True)
        )
        sink([ConnectionOpened(1, None, 0, 0), frame(1), frame(2)])
        yield str(path), sink


def numbers(listed):
    return [each.number for each in listed]


def test_frames_come_until_the_end_record(recorder):
    path, sink = recorder
    clock = StepClock(lambda: None, lambda: sink([frame(3)]), lambda: (sink([frame(4)]), sink.finish(0)))
    with recipes.open_archive(path) as archive:
        batches = followed_frames(archive, "last", clock=clock, interval="2s")
        assert [numbers(some) for some in batches] == [[1, 2], [3], [4]]
    assert clock.now_s() == 6.0


def test_a_limit_ends_it_before(recorder):
    path, sink = recorder
    clock = StepClock(lambda: sink([frame(3)]))
    with recipes.open_archive(path) as archive:
        batches = followed_frames(
            archive, "last", clock=clock, filters=parse_filters(sender="service", limit=2)
        )
        assert [numbers(some) for some in batches] == [[1], [3]]


def test_a_stop_ends_it(recorder):
    path, _ = recorder
    with recipes.open_archive(path) as archive, closing(StopRequest()) as stop:
        stop.handle(signal.SIGINT, None)
        assert list(followed_frames(archive, "last", stop=stop)) == []


def test_frames_that_are_there_pass_the_filters(recorder):
    path, _ = recorder
    with recipes.open_archive(path) as archive:
        assert numbers(frames(archive, "last")) == [1, 2]
        assert numbers(frames(archive, "last", filters=parse_filters(where="$.n == 2"))) == [2]
        with pytest.raises(NotFound, match='no connection "7"'):
            frames(archive, "last", connection=7)
