"""Store a small session under each of many faults, each in a process of its own and a folder of its own.

``outcomes(faults)`` asks one process with the faults preloaded, started once a pytest worker, which forks for
each: a point costs milliseconds. What a fault leaves in its folder is for the caller to look at.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from .faulty_io import FaultyIO

FRAMES, AT_ONCE = 40, 5
"""So many frames are stored, so many in one call; a barrier comes after half of them."""


@dataclass(frozen=True)
class Outcome:
    """What came of one try.

    Attributes:
        exit_code: 0, that of the error, or minus the signal that ended it.
        says: the error's sentence; "" if there was none.
        delivered: how many frames the sink had taken by then.
        calls: how many calls of the kind that can fail there were.
    """

    exit_code: int
    says: str
    delivered: int
    calls: int


def outcomes(faults: Sequence[FaultyIO]) -> list[Outcome]:
    """Store a session under each fault, into ``x.db`` in its folder."""
    return [_storing().outcome(fault) for fault in faults]


@cache
def _storing() -> _Storing:
    return _Storing()


class _Storing:
    """Our end of the process that stores. It ends when this end is closed, as when the tests end."""

    def __init__(self) -> None:
        tests = Path(__file__).parents[2]
        environment = {**os.environ, **FaultyIO(folder=Path("/nowhere")).environment()}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(tests), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "faults.tools.storing"],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True,  # Ctrl-C is for pytest
        )  # fmt: skip
        atexit.register(self._end)

    def _end(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait()

    def outcome(self, fault: FaultyIO) -> Outcome:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(asdict(fault), default=str), file=self._process.stdin, flush=True)
        told = self._process.stdout.readline()
        assert told, f"it ended with {self._process.wait()}, said on stderr why"
        return Outcome(**json.loads(told))


def store(archive: Path, note: Path) -> None:
    """Make the archive if need be, and record a session into it; ``note`` gets how many frames it took."""
    from recorder.clock import VirtualClock
    from recorder.store.archive import Archive
    from recorder.store.intake import IntakeOptions
    from recorder.wire.frames import Side
    from recorder.wire.records import RecordedFrame

    clock = VirtualClock()
    with Archive.open(archive, mode="write") as opened:
        options = IntakeOptions(keep_secrets=True, storage_wait_s=0)
        intake = opened.begin_session(source="client", started_at_us=0, clock=clock, options=options)
        for first in range(1, FRAMES, AT_ONCE):
            numbers = range(first, first + AT_ONCE)
            intake(
                [
                    RecordedFrame(
                        number=number, connection=1, index=number - 1, sender=Side.SERVICE, at_us=number,
                        offset_us=number, opcode=1, fin=True, rsv=0, payload=b"%d " % number * 50, head=None,
                    )
                    for number in numbers
                ]
            )  # fmt: skip
            note.write_text(str(numbers[-1]))
            if first > FRAMES // 2:
                clock.sleep_until(clock.now_s() + 1.0)
        intake.finish(1)


def _try(fault: FaultyIO, note: Path) -> None:
    from recorder.errors import RecorderError

    code, says = 0, ""
    try:
        with fault.active():
            store(fault.folder / "x.db", note)
    except RecorderError as error:
        code, says = error.exit_code, str(error)
    except BaseException as bug:  # what a traceback would show
        code, says = 1, f"{type(bug).__name__}: {bug}"
    note.with_suffix(".end").write_text(json.dumps([code, says]))
    os._exit(0)


def _outcome(fault: FaultyIO, note: Path) -> Outcome:
    end = note.with_suffix(".end")
    for each in (note, end):
        each.unlink(missing_ok=True)
    if (child := os.fork()) == 0:
        _try(fault, note)
    _, status = os.waitpid(child, 0)
    killed = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    code, says = (killed, "") if killed is not None else json.loads(end.read_text())
    delivered = int(note.read_text()) if note.exists() else 0
    return Outcome(code, says, delivered, 0 if fault.count is None else fault.counted())


def _fault(wanted: Mapping[str, object]) -> FaultyIO:
    folder, count = Path(str(wanted["folder"])), wanted["count"]
    return FaultyIO(**{**wanted, "folder": folder, "count": None if count is None else Path(str(count))})  # type: ignore[arg-type]


def main() -> None:
    """Read a fault a line as JSON from stdin, print its outcome on a line."""
    import tempfile

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with tempfile.TemporaryDirectory() as scratch:
        note = Path(scratch) / "note"
        store(Path(scratch) / "warm-up.db", note)  # loads what is loaded lazily, once for all
        for line in sys.stdin:
            print(json.dumps(asdict(_outcome(_fault(json.loads(line)), note))), flush=True)


if __name__ == "__main__":
    main()
