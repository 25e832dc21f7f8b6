"""One recorder per file; the second is told who the first is, and what was on disk stays known."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recorder.errors import ArchiveBusy
from recorder.store.archive import Archive
from recorder.store.lock import ArchiveLock, holder_of, lock_path, read_note
from recorder.store.verify import verify

Begin = Callable[..., Any]

HOLD = """
import sys
from recorder.store.archive import Archive
with Archive.open(sys.argv[1], mode="write"):
    print("open", flush=True)
    sys.stdin.read()
"""

RECORD_AND_DIE = """
import os, signal, sys
from recorder.clock import VirtualClock
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame
archive = Archive.open(sys.argv[1], mode="write")
clock = VirtualClock()
intake = archive.begin_session(source="client", started_at_us=0, clock=clock, session="s",
    options=IntakeOptions(keep_secrets=True))
for n in range(1, 41):
    intake([RecordedFrame(n, 1, n - 1, Side.CLIENT, n, n, 1, True, 0, b"%d" % n, b"h")])
    os.write(1, b"%d\\n" % n)
    if n == 20:
        clock.sleep_until(1.0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_second_recorder_is_told_who_the_first_is(path: Path) -> None:
    """Process, and since when; exit code 6; the first goes on."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        with pytest.raises(ArchiveBusy, match=rf"pid {child.pid} since 20\d\d-\d\d-\d\dT.*Z") as busy:
            Archive.open(path, mode="write")
        assert busy.value.exit_code == 6
        assert holder_of(path) == busy.value.holder
        child.communicate("")
    assert child.returncode == 0
    assert holder_of(path) is None
    Archive.open(path, mode="write").close()


def test_a_stopped_holder_is_called_stopped(path: Path) -> None:
    """It would otherwise look like a riddle."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        os.kill(child.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, child.pid, os.WSTOPPED)
        try:
            with pytest.raises(ArchiveBusy, match="it is stopped"):
                Archive.open(path, mode="write")
        finally:
            os.kill(child.pid, signal.SIGCONT)
            child.communicate("")


def test_a_dead_holder_holds_nothing(path: Path, frames: Any) -> None:
    """After kill -9 no committed frame is lost, the session is interrupted, and recording goes on."""
    ran = subprocess.run([sys.executable, "-c", RECORD_AND_DIE, str(path)], capture_output=True, text=True)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    acknowledged = len(ran.stdout.split())
    assert acknowledged == 40
    with Archive.open(path, mode="read") as archive:
        assert [frame.number for frame in archive.frames("s")] == list(range(1, acknowledged + 1))
        assert [verdict.state for verdict in verify(archive)] == ["interrupted"]
    said: list[str] = []
    with Archive.open(path, mode="write", say=said.append) as archive:
        assert said == ["session s has no end record (its recorder died); frames kept: 40"]
        assert [verdict.state for verdict in verify(archive)] == ["interrupted"]


def test_a_write_ahead_log_that_vanished_is_noticed(path: Path) -> None:
    """The file alone looks whole and is only shorter; the marks beside it know better, again and again."""
    subprocess.run([sys.executable, "-c", RECORD_AND_DIE, str(path)], stdout=subprocess.DEVNULL)
    assert read_note(path).marks == {"s": 21}
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink()
    for _ in range(2):
        said: list[str] = []
        with Archive.open(path, mode="write", say=said.append) as archive:
            (verdict,) = verify(archive)
        assert said == [f"session s: 21 frames are missing from {path} that had been on disk"]
        assert (verdict.session, verdict.state) == ("s", "damaged")
    with Archive.open(path, mode="read") as archive:
        assert verify(archive)[0].state == "damaged"


def test_marks_of_what_is_safely_in_the_file_are_dropped(path: Path, begin: Begin, frames: Any) -> None:
    """A file that is copied or restored later is not held against an old mark."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, session="s")
        intake(frames.some(3))
        assert read_note(path).marks == {"s": 3}
    assert read_note(path).marks == {}


def test_the_lock_file_is_private_and_stays(path: Path) -> None:
    """Removing it would let two processes lock two files of one name."""
    lock = ArchiveLock(path)
    assert stat.S_IMODE(lock_path(path).stat().st_mode) == 0o600
    note = read_note(path)
    assert note.pid == os.getpid()
    lock.release()
    assert lock_path(path).exists()
    assert read_note(path).pid is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"pid": 1}', b'{"marks": []}', b"null"], ids=repr
)
def test_a_lock_file_that_does_not_read_is_no_obstacle(path: Path, content: bytes) -> None:
    """After a power cut it may hold anything."""
    lock_path(path).write_bytes(content)
    assert read_note(path).marks == {}
    ArchiveLock(path).release()


def test_the_rest_of_a_longer_note_is_not_read(path: Path) -> None:
    """The note is written over the older one."""
    lock = ArchiveLock(path)
    lock.mark({f"session{n}": n for n in range(50)})
    lock.forget({f"session{n}" for n in range(1, 50)})
    assert read_note(path).marks == {"session0": 0}
    lock.release()
