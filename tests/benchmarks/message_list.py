"""How long ``message list`` takes as a table, beside its ``--json``, and until its first lines, in one run.

Run it with ``python tests/benchmarks/message_list.py [MESSAGES...]``. Processor time, of the whole command.
Targets: the table costs at most twice its JSON, and the first lines of a long session come when those of a
short one do.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from fold_archive import make_archive

from recorder.projection.derived import refresh
from recorder.store.archive import Archive

RUNS = 3
SHORT = 100
FRAMES_PER_MESSAGE = 2.5


def processor_s(archive: Path, *options: str, lines: int | None = None) -> float:
    """User and system time of ``message list``, of which only so many lines are read, if given."""
    command = [
        sys.executable,
        "-m",
        "recorder",
        "message",
        "list",
        "last",
        "--quiet",
        "--archive",
        str(archive),
    ]
    before = os.times()
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE) as listing:
        assert listing.stdout is not None
        if lines is None:
            while listing.stdout.read(1 << 20):
                pass
        else:
            for _ in range(lines):
                listing.stdout.readline()
        listing.stdout.close()
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def median_s(archive: Path, *options: str, lines: int | None = None) -> float:
    return statistics.median(processor_s(archive, *options, lines=lines) for _ in range(RUNS))


def archive_of(folder: str, messages: int) -> Path:
    path = Path(folder) / f"{messages}.db"
    make_archive(path, round(messages * FRAMES_PER_MESSAGE))
    with Archive.open(path, mode="write") as archive:
        refresh.rebuild(archive)
    return path


def main() -> None:
    """Print both ratios for each number of messages."""
    numbers = [int(argument) for argument in sys.argv[1:]] or [20_000]
    with tempfile.TemporaryDirectory() as folder:
        short_s = median_s(archive_of(folder, SHORT), lines=3)
        for messages in numbers:
            path = archive_of(folder, messages)
            json_s, table_s = median_s(path, "--json"), median_s(path)
            first_s = median_s(path, lines=3)
            print(f"{messages} messages and their receipts, processor time")
            print(f"  --json         {json_s:6.2f} s")
            print(f"  table          {table_s:6.2f} s   {table_s / json_s:.2f} x  (target: at most 2)")
            print(f"  first 3 lines  {first_s:6.2f} s   {first_s / short_s:.2f} x those of {SHORT} messages")


if __name__ == "__main__":
    main()
