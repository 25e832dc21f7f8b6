"""How long the findings of every moment of a session take, as a multiple of one check of the whole.

Run it with ``python tests/benchmarks/findings.py [FRAMES…]``. Target: a few checks, whatever the length.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from fold_archive import make_archive

from recorder import recipes
from recorder.recipes.events_by_frame import frame_events
from recorder.recipes.findings_over_time import findings_over_time
from recorder.runtime.gc_control import collector_paused


def main(lengths: list[int]) -> None:
    """Print, for sessions of so many frames, what both take."""
    for frames in lengths:
        with tempfile.TemporaryDirectory() as name:
            file = str(Path(name) / "a.db")
            make_archive(Path(file), frames)
            with recipes.open_archive(file) as archive, collector_paused():
                began = time.process_time()
                findings = recipes.check(archive, "last")
                once = time.process_time() - began
                session = archive.find_session("last")
                batches = frame_events(archive, session)
                began = time.process_time()
                history = findings_over_time(archive, session, batches, frames)
                always = time.process_time() - began
                assert history.as_of(frames) == findings
        print(
            f"{frames:,} frames: one check {once:.1f} s of processor, every moment {always:.1f} s, "
            f"{always / once:.1f} times as long"
        )


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [1_000, 10_000, 100_000])
