"""What ``recorder --help`` and the reading commands cost, beside a Typer program that does nothing.

Run it with ``python tests/benchmarks/startup.py``. Processor time. Targets: help at most twice, a reading
command of a short session at most 2.5 times as much.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from recorder import recipes

RUNS = 7
SAMPLE = Path(__file__).parents[2] / "samples" / "tutorial.jsonl"
BARE = """
import typer
app = typer.Typer(rich_markup_mode=None)  # as ours: plain help, the cheapest there is
@app.command()
def one(): ...
@app.command()
def two(): ...
app(["{}"])
"""
OURS = "import sys; from recorder.cli import main; sys.argv[0] = 'recorder'; main()"
READING = (
    "session list", "session show last", "message list last", "message show last 3", "frame list last",
    "frame show last 1", "check last", "archive info",
)  # fmt: skip


def processor_s(code: str, *arguments: str) -> float:
    """User and system time of a Python program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code, *arguments], stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def ratio(bare: str, *arguments: str) -> tuple[float, float]:
    """The median of both, taken in turn."""
    pairs = [(processor_s(bare), processor_s(OURS, *arguments)) for _ in range(RUNS)]
    bare_s, ours_s = (statistics.median(column) for column in zip(*pairs, strict=True))
    return ours_s, ours_s / bare_s


def main() -> None:
    """Print the ratio of each command."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "x.db")
        with recipes.open_archive(path, mode="write", create=True) as archive:
            recipes.import_capture(archive, SAMPLE)
        ours_s, times = ratio(BARE.format("--help"), "--help")
        print(f"{'recorder --help':<28} {ours_s * 1e3:6.0f} ms  {times:.2f} x  (target: at most 2)")
        for command in READING:
            ours_s, times = ratio(BARE.format("one"), *command.split(), "--archive", path)
            print(f"recorder {command:<19} {ours_s * 1e3:6.0f} ms  {times:.2f} x  (target: at most 2.5)")


if __name__ == "__main__":
    main()
