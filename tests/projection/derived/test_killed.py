"""Killed in the middle of deriving, at whatever statement: rows are those of before, and can be made anew."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorder.projection.derived import refresh
from recorder.store.archive import Archive
from recorder.store.tables import DERIVED

# Records forty frames and derives their rows, records forty more and derives again, whole or only what is
# new. It is killed at the given statement of the second time, at the latest behind its end. For each line of
# input a fork of the program does so, and tells the last statement it got to and how it ended.
RECORDER = """
import json, os, signal, sys, tempfile
from sqlalchemy import Engine, event
from recorder.clock import VirtualClock
from recorder.store.archive import Archive
from recorder.projection.derived import refresh
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame

fatal, counting, told = None, False, 0

def die():
    print(told, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

def count(statement):
    global told
    told += counting
    if counting and told == fatal:
        die()

def frame(number):
    content = {"type": "ContentEvent", "contentType": "text/plain", "message": f"text {number}"}
    receipt = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [number - 2]}
    change = {"sequence": number - 1, "dialogId": f"d{(number - 1) // 2 % 3}",
              "originatorId": f"p{number % 2}", "event": content if number % 2 else receipt}
    raw = {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [change]}}
    payload = json.dumps(raw).encode()
    return RecordedFrame(number, 1, number - 1, Side.SERVICE, number, number, 1, True, 0, payload)

event.listen(Engine, "connect", lambda connection, _: connection.set_trace_callback(count))

def record(path, how):
    global counting
    with Archive.open(path, mode="write", create=True) as archive:
        session = "a" * 12
        sink = archive.begin_session(source="client", started_at_us=0, clock=VirtualClock(), session=session)
        sink([ConnectionOpened(1, None, 0, 0), *map(frame, range(1, 41))])
        projection = refresh.Projection(archive, session)
        projection.refresh()
        if how == "not":
            die()
        sink(list(map(frame, range(41, 81))))
        counting = True
        projection.refresh() if how == "new" else refresh.rebuild(archive, session)
        if fatal is not None:
            die()
        counting = False

with tempfile.TemporaryDirectory() as scratch:
    for how in ("new", "whole"):
        record(f"{scratch}/{how}.db", how)  # loads what is loaded lazily, once for all
told = 0
for line in sys.stdin:
    if (child := os.fork()) == 0:
        path, how, fatal = json.loads(line)
        record(path, how)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Recorder:
    """That program, started once."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", RECORDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def killed(self, path: Path, how: str, statement: int) -> int:
        """Let it record and derive until it is dead; how many statements the second time it got to."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([str(path), how, statement]), file=self.process.stdin, flush=True)
        told, ended = (self.process.stdout.readline() for _ in range(2))
        assert int(ended) == -signal.SIGKILL, told
        return int(told)


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    started = Recorder()
    with started.process:
        yield started


def dump(archive: Archive) -> dict[str, list[tuple[object, ...]]]:
    """Every derived row, by table."""
    with archive.reader() as reader:
        return {
            table.name: sorted(map(tuple, reader.run(f"SELECT * FROM {table.name}")), key=repr)
            for table in DERIVED
        }


@pytest.mark.parametrize("how", ["new", "whole"])
def test_a_crash_at_any_statement_and_a_rebuild_is_no_crash(recorder: Recorder, tmp_path: Path, how: str):
    """Nobody ever sees half of what was derived, and what is made anew is what would have come of it."""
    recorder.killed(tmp_path / "before.db", "not", 0)
    statements = recorder.killed(tmp_path / "after.db", how, 0)
    with Archive.open(tmp_path / "before.db", mode="read") as archive:
        before = dump(archive)
    with Archive.open(tmp_path / "after.db", mode="write") as archive:
        derived = dump(archive)
        refresh.rebuild(archive)
        after = dump(archive)
    assert derived != before
    assert {**derived, "projection": []} == {**after, "projection": []}  # it has ended since
    for statement in sorted({1, statements, *range(2, statements, max(1, statements // 7))}):
        path = tmp_path / f"{statement}.db"
        assert recorder.killed(path, how, statement) == statement
        with Archive.open(path, mode="write") as archive:
            assert dump(archive) in (before, derived)
            refresh.rebuild(archive)
            assert dump(archive) == after, f"killed at statement {statement} of {statements}"
