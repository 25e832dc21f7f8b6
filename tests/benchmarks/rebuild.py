"""How long the derived tables take, beside just reading the rows and ``orjson.loads`` on each payload.

Run it with ``python tests/benchmarks/rebuild.py [FRAMES] [ARCHIVE]``. Targets at 1 000 000 frames: a rebuild
with all rows written at most 6 times as long, 700 MB at most; ``message list --dialog`` under 0.3 s.
"""

from __future__ import annotations

import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
from fold_archive import make_archive

from recorder.store import deriving
from recorder.store.archive import Archive

RUNS = 5
READ = (
    "SELECT number, connection, sender, at_us, offset_us, opcode, fin, violation, payload FROM frame"
    " WHERE session_id = 1 ORDER BY number"
)


def limit_s(path: Path) -> float:
    """Just read the rows and decode each payload."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as handle:
        begun_s = time.process_time()
        for row in handle.execute(READ):
            orjson.loads(row[-1])
        took_s = time.process_time() - begun_s
    handle.close()
    return took_s


def rebuild_s(path: Path) -> float:
    """Drop the derived rows and make them anew."""
    with Archive.open(path, mode="write") as archive:
        begun_s = time.process_time()
        deriving.rebuild(archive)
        return time.process_time() - begun_s


def rows_of(path: Path) -> dict[str, int]:
    """How many rows there are of each."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as handle:
        tables = ("message", "receipt", "request", "dialog", "participant")
        found = {table: handle.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    handle.close()
    return found


def list_s(path: Path) -> float:
    """``message list --dialog`` as a whole process; the median."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as handle:
        (dialog,) = handle.execute("SELECT dialog FROM dialog ORDER BY messages DESC").fetchone()
    handle.close()
    command = [sys.executable, "-m", "recorder", "message", "list", "last", "--dialog", dialog]
    took_s = []
    for _ in range(RUNS):
        begun_s = time.perf_counter()
        subprocess.run([*command, "--archive", str(path)], stdout=subprocess.DEVNULL, check=True)
        took_s.append(time.perf_counter() - begun_s)
    return statistics.median(took_s)


def main() -> None:
    """Measure in turn, and print ratios."""
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(folder) / "x.db"
        if not path.exists():
            make_archive(path, frames)
        limit = statistics.median(limit_s(path) for _ in range(3))
        first, again = rebuild_s(path), rebuild_s(path)
        print(f"read rows + orjson.loads   {limit:7.2f} s")
        print(f"rebuild, no rows before    {first:7.2f} s   {first / limit:.2f} x  (target: at most 6)")
        print(f"rebuild, rows dropped      {again:7.2f} s   {again / limit:.2f} x")
        print(
            f"peak                       {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:7.0f} MB"
        )
        print(f"message list --dialog      {list_s(path):7.3f} s   (target: under 0.3)")
        print(", ".join(f"{count} {table}" for table, count in rows_of(path).items()))


if __name__ == "__main__":
    main()
