"""Run a program whose writes and syncs fail: the n-th of them, all from there on, or once the disk is full.

The faults are injected by ``faulty_io.c``, which is compiled (``cc``) and preloaded into the program and
whatever it starts. Only files in one folder are concerned, so that the program itself can still load. It
needs no privileges and no disk of its own: a full disk is one on which the files of the folder, counted in
blocks of 4096 bytes, may not grow beyond a size.

A real small disk, where mounting is allowed, is the same thing with the kernel's own errors::

    mount -t tmpfs -o size=160k tmpfs /tmp/here
"""

from __future__ import annotations

import argparse
import errno
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_name("faulty_io.c")
_runs = itertools.count(1)
KILL = -1
"""In place of an errno: SIGKILL just before the call."""


@cache
def shim() -> Path:
    """The compiled library; compiled once a process."""
    target = Path(tempfile.mkdtemp(prefix="recorder-faulty-io-")) / "faulty_io.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(target), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return target


@dataclass(frozen=True, kw_only=True)
class FaultyIO:
    """What fails.

    Attributes:
        folder: only files in it are concerned.
        call: "write" (with truncating and linking), "sync" or "any": what is counted.
        nth: the first that fails, from 1; 0: none.
        times: how many fail from there on; 0: all.
        error: what they fail with, or ``KILL``.
        room: bytes that fit into the folder; None: any number.
        count: a file that gets the number of calls, to know how far a sweep has to go.
    """

    folder: Path
    call: str = "any"
    nth: int = 0
    times: int = 1
    error: int = errno.EIO
    room: int | None = None
    count: Path | None = None

    def environment(self) -> dict[str, str]:
        """The variables to start the program with."""
        return {
            "LD_PRELOAD": str(shim()),
            "FAULTY_IO_FOLDER": str(self.folder),
            "FAULTY_IO_CALL": self.call,
            "FAULTY_IO_NTH": str(self.nth),
            "FAULTY_IO_TIMES": str(self.times),
            "FAULTY_IO_ERROR": str(self.error),
            "FAULTY_IO_ROOM": "" if self.room is None else str(self.room),
            "FAULTY_IO_COUNT": "" if self.count is None else str(self.count),
        }

    def run(self, *command: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        environment = {**os.environ, **self.environment()}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout_s)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Have the faults in the block, in a process that was itself started with the library preloaded."""
        os.environ.update(self.environment(), FAULTY_IO_RUN=str(next(_runs)))
        try:
            yield
        finally:
            os.environ.update(FaultyIO(folder=Path("/nowhere")).environment())

    def counted(self) -> int:
        """How many calls there were in the last run."""
        assert self.count is not None
        return int(self.count.read_text())


def main() -> int:
    """Run the command given after ``--`` and return its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", default=".", type=Path, help="only files in it are concerned")
    parser.add_argument("--call", default="any", choices=["write", "sync", "any"])
    parser.add_argument("--nth", default=0, type=int, help="the first call that fails, from 1")
    parser.add_argument("--times", default=1, type=int, help="how many fail from there on; 0: all")
    parser.add_argument("--error", default="EIO", help="ENOSPC, EIO, EDQUOT, …, or KILL")
    parser.add_argument("--room", type=int, help="KB that fit into the folder")
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    fault = FaultyIO(
        folder=given.folder.resolve(),
        call=given.call,
        nth=given.nth,
        times=given.times,
        error=KILL if given.error == "KILL" else getattr(errno, given.error),
        room=None if given.room is None else given.room * 1024,
    )
    return subprocess.run(given.command, env={**os.environ, **fault.environment()}).returncode


if __name__ == "__main__":
    sys.exit(main())
