"""How fast frames become a transcript, beside reading the rows and their JSON alone, in one run.

Run it with ``python tests/benchmarks/fold.py [FRAMES ...]`` (default: 10 000, 100 000 and 300 000; with
1 000 000 it takes minutes). Every figure comes from a process of its own. Absolute figures mean nothing
on another machine; the ratios inside one run do, and CPU time does where others use the machine too.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import multiprocessing.connection
import os
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import orjson
from fold_archive import make_archive

from recorder.projection.events.reader import EventReader
from recorder.projection.session import at_once, new_events
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.state import Transcript
from recorder.runtime.gc_control import collector_paused
from recorder.store.archive import Archive

SIZES = (10_000, 100_000, 300_000)
ROUNDS = 3
TARGET_ALONE, TARGET_TWO, TARGET_MB = 3.0, 2.0, 700
QUERY = (
    "SELECT number, connection, at_us, offset_us, sender, opcode, fin, violation, payload FROM frame"
    " WHERE session_id = 1 ORDER BY number"
)


class Took(NamedTuple):
    """What one run took: ``cpu_s`` and ``helpers_s`` are CPU time, ``peak_mb`` is of the largest process.

    On a machine whose other core is free, ``wall_s`` is about the larger of the two.
    """

    wall_s: float
    cpu_s: float
    helpers_s: float
    peak_mb: float


def rows_only(path: str) -> None:
    """Read every row."""
    for _ in sqlite3.connect(path).execute(QUERY):
        pass


def rows_and_json(path: str) -> None:
    """Read every row and its JSON: the limit of this design."""
    loads = orjson.loads
    for *_, payload in sqlite3.connect(path).execute(QUERY):
        loads(payload)


def fold_alone(path: str, *, jobs: int = 1) -> Transcript:
    """Fold in one process; its frames may be read by more."""
    with Archive.open(path, mode="read") as archive, collector_paused():
        session = archive.find_session("last")
        heard = new_events(archive, session, archive.connections(session), EventReader(), jobs=jobs)
        return fold_batches(heard, batch_size=at_once(jobs))


def fold_in_two(path: str) -> Transcript:
    """Fold with one helper."""
    return fold_alone(path, jobs=2)


def one_more_frame(path: str) -> float:
    """Seconds to fold the last frame into a transcript of all the others."""
    with Archive.open(path, mode="read") as archive:
        session, reader = archive.find_session("last"), EventReader()
        events = [*reader.connections_opened(archive.connections(session))]
        frames = archive.scan_frames(session.session, last=session.frames - 1)
        transcript = fold_batches(reader.read(frames), fold_batches(events))
        began_s = time.perf_counter()
        fold_batches(reader.read(archive.scan_frames(session.session, after=session.frames - 1)), transcript)
        return time.perf_counter() - began_s


def measured(work: Callable[[str], object], path: str) -> Took:
    """Run it in a fresh process, the best of some rounds."""
    context = multiprocessing.get_context("spawn")
    rounds = []
    for _ in range(ROUNDS):
        ours, theirs = context.Pipe()
        process = context.Process(target=_measure, args=(theirs, work, path))
        process.start()
        rounds.append(Took(*json.loads(ours.recv())))
        process.join()
    return Took(*(min(column) for column in zip(*rounds, strict=True)))


def _measure(pipe: multiprocessing.connection.Connection, work: Callable[[str], object], path: str) -> None:
    began_s, cpu_s = time.perf_counter(), time.process_time()
    transcript = work(path)  # throwing a transcript away is no part of making it, and takes a tenth as long
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    own, helpers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    helpers_s = helpers.ru_utime + helpers.ru_stime
    pipe.send(json.dumps([wall_s, cpu_s, helpers_s, max(own.ru_maxrss, helpers.ru_maxrss) / 1_024]))
    del transcript


def exponent(took: dict[int, Took]) -> float:
    """How CPU time grows with the number of frames: 1 is in proportion."""
    points = [(math.log(frames), math.log(each.cpu_s)) for frames, each in took.items()]
    (x, y), n = map(sum, zip(*points, strict=True)), len(points)
    return sum((a - x / n) * (b - y / n) for a, b in points) / sum((a - x / n) ** 2 for a, _ in points)


def report(name: str, took: Took, limit: Took, frames: int, target: str = "") -> None:
    """Print one line."""
    helped = f" + {took.helpers_s / limit.cpu_s:.2f} beside it" if took.helpers_s else ""
    print(
        f"  {name:16} {took.wall_s / frames * 1e6:6.2f} µs/frame  CPU {took.cpu_s / frames * 1e6:6.2f}"
        f"   {took.wall_s / limit.wall_s:5.2f} x  CPU {took.cpu_s / limit.cpu_s:5.2f} x"
        f"{helped}   {took.peak_mb:5.0f} MB   {target}"
    )


def main() -> None:
    """Print every size, then growth and the cost of one more frame."""
    sizes = [int(size.replace("_", "")) for size in sys.argv[1:]] or list(SIZES)
    alone: dict[int, Took] = {}
    one_more: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for frames in sizes:
            path = str(Path(folder) / f"{frames}.db")
            make_archive(Path(path), frames)
            print(f"{frames:,} frames   (load {os.getloadavg()[0]:.1f})")
            limit = measured(rows_and_json, path)
            alone[frames] = measured(fold_alone, path)
            report("rows", measured(rows_only, path), limit, frames)
            report("rows and JSON", limit, limit, frames, "the limit")
            report("fold", alone[frames], limit, frames, f"target {TARGET_ALONE} x, {TARGET_MB} MB")
            report("fold, 2 jobs", measured(fold_in_two, path), limit, frames, f"target {TARGET_TWO} x")
            one_more[frames] = one_more_frame(path)
            Path(path).unlink()
    if len(sizes) > 1:
        print(f"growth: CPU time ~ frames ^ {exponent(alone):.2f}   target 1")
    for frames, seconds in one_more.items():
        print(f"one frame more after {frames:,}: {seconds * 1e3:.2f} ms")


if __name__ == "__main__":
    main()
