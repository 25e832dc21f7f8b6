"""How late timed receipts leave when 500 recorded sessions play in one process.

Run it with ``python tests/benchmarks/load_lateness.py [USERS]``. The simulator is in a process of its
own. Each user writes two messages, and for each of the two answers an ACCEPT and a READ is due. Before it,
in the same run, one bare loop that sleeps to absolute moments: what this machine can do just now.
Both on an idle machine, and then again with one core kept busy. Target: p99 at most 3 ms.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path

from receipt_lateness import beside, burn

from recorder.recipes import Load, swarm
from recorder.replay.load.histogram import Histogram

USERS = 500
SPAWN_RATE = 50.0
BARE_S = 2.0
TARGET_P99_MS = 3.0
SCRIPT = """
name: two questions
receipts: {accept: 200ms..600ms, read: 1s..3s}
steps:
  - open_conversation:
  - wait: 1s..8s
  - say: Hello, where is my order?
  - await: {message: {from: agent}, within: 30s}
  - wait: 1s..8s
  - say: Thank you.
  - await: {message: {from: agent}, within: 30s}
  - close_conversation:
agent:
  - on: message
    do: [{accept: {after: 100ms}}, {read: {after: 400ms}}, {say: It is on its way., after: 700ms}]
"""


def bare() -> Histogram:
    """Lateness of a sleep to absolute moments, one every millisecond or so, and nothing else to do."""
    late = Histogram()
    due_s, end_s = time.monotonic(), time.monotonic() + BARE_S
    while due_s < end_s:
        due_s += 0.005
        if (left_s := due_s - time.monotonic()) > 0:
            time.sleep(left_s)
        late.add(time.monotonic() - due_s)
    return late


def show(name: str, count: int, p50: float | None, p99: float | None, most: float | None) -> None:
    """One row; milliseconds."""
    figures = "".join(f"{value:10.2f}" if value is not None else f"{'-':>10}" for value in (p50, p99, most))
    print(f"{name:42}{count:8}{figures}")


def play(name: str, users: int) -> bool:
    """Play, print the table, and say whether the target is met."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.yaml"
        script.write_text(SCRIPT)
        before = bare()
        began_s, cpu_s = time.monotonic(), time.process_time()
        result = swarm(script, Load(users=users, spawn_rate=SPAWN_RATE), archive=str(Path(folder) / "x.db"))
        took_s, cpu_s = time.monotonic() - began_s, time.process_time() - cpu_s
    print(f"{name}: {result.verdict}; {cpu_s / took_s * 100:.0f} % of one core over {took_s:.0f} s")
    print(f"{'lateness, ms':42}{'count':>8}{'p50':>10}{'p99':>10}{'max':>10}")
    p50, p99 = before.quantiles_s((0.5, 0.99))
    most = before.most_s
    show("a bare sleep to absolute moments", before.count, *(v and v * 1000 for v in (p50, p99, most)))
    for figure in result.summary.durations:
        if figure.metric.endswith("lateness"):
            show(f"{users} users: {figure.metric}", figure.count, figure.p50_ms, figure.p99_ms, figure.max_ms)
    late_ms = next(each.p99_ms for each in result.summary.durations if each.metric == "receipt_lateness")
    return result.passed and late_ms is not None and late_ms <= TARGET_P99_MS


def main(users: int) -> int:
    """Play twice; 1 if the target was missed."""
    met = play("idle", users)
    with contextlib.ExitStack() as stack:
        stack.enter_context(beside(burn, os.cpu_count() or 1))
        met = play("one core busy", users) and met
    print("target met" if met else "TARGET MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else USERS))
