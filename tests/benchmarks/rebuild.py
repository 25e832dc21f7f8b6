"""How long the derived tables take, beside just reading the rows and ``orjson.loads`` on each payload.

Run it with ``python tests/benchmarks/rebuild.py [FRAMES] [ARCHIVE]``. Targets at 1 000 000 frames: a rebuild
with all rows written at most 6 times as long, 700 MB at most; ``message list --dialog`` under 0.3 s. Each
figure is the best of some rounds, in CPU time and in time on the wall: the first holds where others use the
machine too, the second includes the disk.
"""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import orjson
from fold_archive import make_archive

from recorder.projection.derived import refresh
from recorder.projection.incremental import IncrementalTranscript
from recorder.store.archive import Archive

RUNS, ROUNDS = 5, 3
READ = (
    "SELECT number, connection, sender, at_us, offset_us, opcode, fin, violation, payload FROM frame"
    " WHERE session_id = 1 ORDER BY number"
)


class Took(NamedTuple):
    """What one piece of work took."""

    cpu_s: float
    wall_s: float


def took(work: Callable[[], object]) -> Took:
    """Do it once."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    work()
    return Took(time.process_time() - cpu_s, time.perf_counter() - wall_s)


def best(rounds: list[Took]) -> Took:
    """The least of each."""
    return Took(*map(min, zip(*rounds, strict=True)))


def limit(path: Path) -> Took:
    """Just read the rows and decode each payload."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as handle:

        def read() -> None:
            for row in handle.execute(READ):
                orjson.loads(row[-1])

        found = took(read)
    handle.close()
    return found


def rebuild(path: Path) -> Took:
    """Drop the derived rows and make them anew."""
    with Archive.open(path, mode="write") as archive:
        return took(lambda: refresh.rebuild(archive))


def rebuild_copy(path: Path) -> Took:
    """Make the derived rows of a copy of the archive, which goes again."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        return rebuild(Path(shutil.copy(path, folder)))


def fold_only(path: Path) -> Took:
    """What of that is folding: the rest is making rows and writing them."""
    with Archive.open(path, mode="read") as archive:
        kept = IncrementalTranscript(archive, "last")
        return took(kept.update)


def rows_of(path: Path) -> dict[str, int]:
    """How many rows there are of each."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as handle:
        tables = ("message", "receipt", "request", "dialog", "participant")
        found = {table: handle.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    handle.close()
    return found


def payload_bytes(path: Path) -> int:
    """How long all payloads are."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as handle:
        found = int(handle.execute("SELECT sum(length(payload)) FROM frame").fetchone()[0])
    handle.close()
    return found


def listing(path: Path) -> Took:
    """``message list --dialog`` as a whole process; the median."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as handle:
        (dialog,) = handle.execute("SELECT dialog FROM dialog ORDER BY messages DESC").fetchone()
    handle.close()
    command = [sys.executable, "-m", "recorder", "message", "list", "last", "--dialog", dialog]
    runs = []
    for _ in range(RUNS):
        before, begun_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([*command, "--archive", str(path)], stdout=subprocess.DEVNULL, check=True)
        wall_s, after = time.perf_counter() - begun_s, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        runs.append(Took(cpu_s, wall_s))
    return Took(*map(statistics.median, zip(*runs, strict=True)))


def report(name: str, each: Took, limits: Took, target: str = "") -> None:
    """Print one line."""
    print(
        f"{name:24} CPU {each.cpu_s:7.2f} s {each.cpu_s / limits.cpu_s:6.2f} x"
        f"   wall {each.wall_s:7.2f} s {each.wall_s / limits.wall_s:6.2f} x   {target}"
    )


def main() -> None:
    """Measure in turn, and print ratios."""
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(folder) / "x.db"
        if not path.exists():
            make_archive(path, frames)
        print(f"{frames:,} frames   (load {os.getloadavg()[0]:.1f})")
        before = path.stat().st_size
        limits = best([limit(path) for _ in range(ROUNDS)])
        first = best([*(rebuild_copy(path) for _ in range(ROUNDS - 1)), rebuild(path)])
        grown = path.stat().st_size - before
        again = best([rebuild(path) for _ in range(ROUNDS)])
        limits = best([limits, *(limit(path) for _ in range(ROUNDS))])
        report("read rows + orjson.loads", limits, limits, "the limit")
        report("fold and register", best([fold_only(path) for _ in range(ROUNDS)]), limits)
        report("rebuild, no rows before", first, limits, "target 6 x")
        report("rebuild, rows dropped", again, limits, "target 6 x")
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"peak {peak_mb:.0f} MB (target 700); rows are {grown / payload_bytes(path):.2f} x the payloads"
        )
        report("message list --dialog", listing(path), limits, "target: under 0.3 s")
        print(", ".join(f"{count} {table}" for table, count in rows_of(path).items()))


if __name__ == "__main__":
    main()
