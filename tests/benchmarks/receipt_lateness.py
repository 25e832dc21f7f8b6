"""How late timed receipts leave, against a bare loop around clock_nanosleep at the same time.

One recorded session sends 1 000 receipts, one every 10 ms, to a simulator in a process of its own. Beside
it a process that does nothing else sleeps to 1 000 deadlines of the same distance with
``clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME)``, called through ctypes: the limit. A receipt's lateness
is taken when its frame is recorded and handed to the kernel, the loop's when the call has returned.

    python tests/benchmarks/receipt_lateness.py [--receipts 1000] [--every 10] [--rounds 1]

Run it on a machine with nothing else to do. The second half keeps one core busy.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import math
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from recorder import recipes
from recorder.recipes.endpoints import simulated_token

TARGETS = {"p50": 2.0, "p99": 3.0}
AHEAD_S = 1.0
_MONOTONIC, _ABSOLUTE = 1, 1


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanos", ctypes.c_long))


def bare(count: int, every_s: float, tell: Connection) -> None:
    """Sleep to ``count`` deadlines, and tell how late each was."""
    sleep = ctypes.CDLL(None).clock_nanosleep
    late_s = []
    first_s = time.monotonic() + AHEAD_S + every_s / 2
    for place in range(count):
        due_s = first_s + place * every_s
        until = _Timespec(int(due_s), int((due_s % 1) * 1e9))
        sleep(_MONOTONIC, _ABSOLUTE, ctypes.byref(until), None)
        late_s.append(time.monotonic() - due_s)
    tell.send(late_s)


def serve(tell: Connection) -> None:
    """A simulator in this process, until somebody ends it."""
    with recipes.simulator(AGENT) as server:
        tell.send(server.url)
        tell.recv()


def burn(cores: int, _line: Connection) -> None:
    """Keep one core busy."""
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setaffinity(0, {cores - 1})
    while True:
        pass


@contextlib.contextmanager
def beside(target: object, *arguments: object) -> Iterator[Connection]:
    """A process that runs while the block does; and the line to it."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=target, args=(*arguments, theirs), daemon=True)  # type: ignore[arg-type]
    process.start()
    try:
        yield ours
    finally:
        process.kill()
        process.join()


AGENT = Path(tempfile.mkdtemp()) / "agent.yaml"
AGENT.write_text("- {on: conversation, do: [{say: Hello}]}\n")


def script(count: int, every_ms: float) -> str:
    """One message, and many receipts for it."""
    receipts = "".join(
        f"- receipt: {{status: READ, message: hello, after: {AHEAD_S * 1000 + place * every_ms:g}ms}}\n"
        for place in range(count)
    )
    whole_s = AHEAD_S + count * every_ms / 1000 + 0.2
    return f"steps:\n- open_conversation:\n- await: {{as: hello}}\n{receipts}- wait: {whole_s}s\n"


def session(folder: Path, url: str, count: int, every_ms: float) -> list[float]:
    """The lateness of each receipt of one recorded session."""
    file = folder / "many.yaml"
    file.write_text(script(count, every_ms))
    played = recipes.replay(
        file, archive=str(folder / f"{time.monotonic_ns()}.db"), url=url, token=simulated_token()
    )
    played.raise_if_failed()
    assert played.outcome is not None
    return [receipt.late_s for receipt in played.outcome.receipts]


def shares(late_s: Sequence[float]) -> dict[str, float]:
    """p50, p99 and the maximum, in µs."""
    ordered = sorted(late_s)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {name: ordered[math.ceil(share * len(ordered)) - 1] * 1e6 for name, share in at.items()}


def measure(folder: Path, count: int, every_ms: float) -> tuple[list[float], list[float]]:
    """The lateness of the loop and of the receipts, in seconds."""
    with beside(serve) as simulator, beside(bare, count, every_ms / 1000) as loop:
        ours = session(folder, simulator.recv(), count, every_ms)
        return loop.recv(), ours


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--receipts", type=int, default=1_000)
    parser.add_argument("--every", type=float, default=10.0, help="milliseconds")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args(arguments)
    met = True
    print(f"{'':22}{'loop':>30}{'receipts':>30}   ratio (p50 ≤ 2, p99 ≤ 3)")
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for name, busy in (("idle", 0), ("one core busy", 1)):
                with contextlib.ExitStack() as stack:
                    for _core in range(busy):
                        stack.enter_context(beside(burn, os.cpu_count() or 1))
                    loop, ours = (
                        shares(each) for each in measure(Path(folder), options.receipts, options.every)
                    )
                ratios = {share: ours[share] / loop[share] for share in TARGETS}
                met = met and all(ratios[share] <= most for share, most in TARGETS.items())
                print(f"{name:22}{_row(loop):>30}{_row(ours):>30}   {ratios['p50']:.2f}, {ratios['p99']:.2f}")
    print("µs: p50 / p99 / max;", "targets met" if met else "TARGETS MISSED")
    return 0 if met else 1


def _row(numbers: dict[str, float]) -> str:
    return " / ".join(f"{numbers[name]:.0f}" for name in ("p50", "p99", "max"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
