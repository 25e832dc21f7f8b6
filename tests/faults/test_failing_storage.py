"""Whatever write or sync fails, at whatever size of disk: one sentence, exit 6, and the next run goes on.

An archive is made whole or not at all, and every frame that the sink has taken is in it.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path

import pytest
from faults.tools import sampled
from faults.tools.faulty_io import KILL, FaultyIO
from faults.tools.storing import Outcome, outcomes, store

from recorder.store.archive import Archive
from recorder.store.verify import verify

KB = 1024


def folders(tmp_path: Path, points: Iterable[object]) -> list[Path]:
    """A folder for each point."""
    made = [tmp_path / str(point) for point in points]
    for each in made:
        each.mkdir()
    return made


def assert_nothing_is_lost(folder: Path, outcome: Outcome, note: Path) -> None:
    """What the fault left behind is an archive with all that was taken, or none; the next run goes on."""
    archive = folder / "x.db"
    assert not list(folder.glob("x.db.new*")) or outcome.exit_code < 0, outcome
    if outcome.delivered:
        with Archive.open(archive, mode="read") as opened:
            frames = [frame.number for frame in opened.frames(opened.sessions()[0])]
        assert frames[: outcome.delivered] == list(range(1, outcome.delivered + 1)), outcome
    if archive.exists():
        Archive.open(archive, mode="read").close()
    store(archive, note)
    with Archive.open(archive, mode="read") as opened:
        states = [verdict.state for verdict in verify(opened)]
    assert states[-1] == "complete", outcome
    assert set(states) <= {"complete", "interrupted"}, outcome


SIZES = sampled(range(0, 400 * KB, 4 * KB), 12)


def test_a_disk_of_any_size_is_full_or_large_enough(tmp_path):
    """From no room at all to more than is needed, in steps of a block: "the disk is full", or done."""
    places = folders(tmp_path, SIZES)
    faults = [FaultyIO(folder=place, room=size) for place, size in zip(places, SIZES, strict=True)]
    for fault, outcome in zip(faults, outcomes(faults), strict=True):
        assert outcome.exit_code in (0, 6), outcome
        assert outcome.exit_code == 0 or "the disk is full" in outcome.says, (fault.room, outcome)
        assert_nothing_is_lost(fault.folder, outcome, tmp_path / "note")


def calls(tmp_path: Path, call: str) -> int:
    """How many calls of this kind it takes to make an archive and to record into it."""
    (folder,) = folders(tmp_path, [f"counted {call}"])
    (outcome,) = outcomes([FaultyIO(folder=folder, call=call, count=tmp_path / "count")])
    assert outcome.exit_code == 0
    assert outcome.calls > 5
    return outcome.calls


@pytest.mark.parametrize("times", [1, 0], ids=["once", "from there on"])
@pytest.mark.parametrize(
    ("call", "error"),
    [("write", errno.ENOSPC), ("write", errno.EIO), ("sync", errno.EIO), ("sync", errno.ENOSPC)],
    ids=["write-full", "write-error", "sync-error", "sync-full"],
)
def test_whichever_write_or_sync_fails(tmp_path, call, error, times):
    """The n-th of all: it is done nevertheless, or it says why not; never anything but that."""
    numbers = sampled(range(1, calls(tmp_path, call) + 1), 6)
    faults = [
        FaultyIO(folder=place, call=call, nth=number, times=times, error=error)
        for place, number in zip(folders(tmp_path, numbers), numbers, strict=True)
    ]
    for fault, outcome in zip(faults, outcomes(faults), strict=True):
        assert outcome.exit_code in (0, 6), (fault.nth, outcome)
        assert "rollback" not in outcome.says, (fault.nth, outcome)
        assert_nothing_is_lost(fault.folder, outcome, tmp_path / "note")


def test_killed_before_any_write_or_sync(tmp_path):
    """What was taken is there, and nobody has to remove anything before the next run."""
    numbers = sampled(range(1, calls(tmp_path, "any") + 1), 15)
    faults = [
        FaultyIO(folder=place, nth=number, error=KILL)
        for place, number in zip(folders(tmp_path, numbers), numbers, strict=True)
    ]
    for fault, outcome in zip(faults, outcomes(faults), strict=True):
        assert outcome.exit_code == -9, (fault.nth, outcome)
        assert_nothing_is_lost(fault.folder, outcome, tmp_path / "note")
