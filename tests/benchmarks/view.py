"""What it costs ``recorder view`` that a session grows, beside what it costs to read the session anew.

Run it with ``python tests/benchmarks/view.py [FRAMES...]``. A look takes in 50 frames, of which 100 come each
second; the server's share of a processor is that of two looks a second. Target: below 20 % at 100 000 frames.
"""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from fold_archive import BATCH, BEGAN_MS, recording

from recorder import recipes
from recorder.clock import RealClock
from recorder.recipes import growing_page
from recorder.recipes.growing_page import GrowingPage
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.wire.records import ConnectionOpened

AT_ONCE, LOOKS = 50, 21


def main(sizes: list[int]) -> None:
    """Print for each size what reading anew and a look take, and their ratio."""
    growing_page.LONGEST_ANEW_S = -1.0
    for frames in sizes:
        with tempfile.TemporaryDirectory() as name:
            anew_s, look_s = measured(Path(name) / "a.db", frames)
        print(
            f"{frames:>8,} frames: anew {anew_s:.2f} s of processor, a look at {AT_ONCE} more"
            f" {look_s * 1000:.1f} ms, 1 : {anew_s / look_s:,.0f}; {look_s * 200:.1f} % at 100 frames/s"
        )


def measured(path: Path, frames: int) -> tuple[float, float]:
    """Seconds of processor: to read so many frames, and the median of looks at a few more."""
    coming = recording(frames + AT_ONCE * LOOKS)
    with Archive.open(path, mode="write") as recorder:
        sink = recorder.begin_session(
            source="client",
            started_at_us=BEGAN_MS * 1_000,
            clock=RealClock(),
            options=IntakeOptions(keep_secrets=True),
        )
        sink([ConnectionOpened(1, "wss://example.test/messaging", BEGAN_MS * 1_000, 0)])
        beginning = islice(coming, frames)
        while some := list(islice(beginning, BATCH)):
            sink(some)
        with recipes.open_archive(str(path)) as archive:
            began_s = time.process_time()
            page = GrowingPage(archive, "last", frozenset(), None)
            anew_s = time.process_time() - began_s
            looks = []
            for _ in range(LOOKS):
                sink(list(islice(coming, AT_ONCE)))
                began_s = time.process_time()
                page.update()
                looks.append(time.process_time() - began_s)
    return anew_s, sorted(looks)[LOOKS // 2]


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [1_000, 10_000, 100_000])
