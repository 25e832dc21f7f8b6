"""How long ``recorder --help`` takes, beside a Typer program that does nothing, in one run.

Run it with ``python tests/benchmarks/startup.py``. Target: at most twice as long.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 15
BARE = """
import typer
app = typer.Typer(rich_markup_mode=None)  # as ours: plain help, the cheapest there is
@app.command()
def one(): ...
@app.command()
def two(): ...
app(["--help"])
"""
OURS = "import sys; sys.argv = ['recorder', '--help']; from recorder.cli import main; main()"


def seconds(code: str) -> float:
    begun_s = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun_s


def main() -> None:
    """Time both in turn, and print medians and their ratio."""
    seconds(BARE), seconds(OURS)
    pairs = [(seconds(BARE), seconds(OURS)) for _ in range(RUNS)]
    bare_s, ours_s = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"bare Typer       {bare_s * 1e3:6.1f} ms")
    print(f"recorder --help  {ours_s * 1e3:6.1f} ms   {ours_s / bare_s:.2f} x  (target: at most 2)")


if __name__ == "__main__":
    main()
