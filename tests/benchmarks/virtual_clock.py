"""How the time to play a script on the virtual clock grows with its length.

Run it with ``python tests/benchmarks/virtual_clock.py [ROUNDS …]``. Plays, records and reports scripts of so
many rounds, the whole of ``recipes.replay`` with its verdicts, and prints processor seconds and the exponent:
1.0 where twice the rounds take twice the time.
"""

from __future__ import annotations

import gc
import math
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from recorder import recipes

ROUNDS = (750, 1_500, 3_000, 6_000)
RUNS = 3

AGENT = "agent:\n- on: message\n  do: [accept, {say: Go on, after: 100ms}]\n"
SCRIPTS = {
    "say and await": ("", "  - say: hello\n  - await: {message: {from: agent}}\n", False),
    "with receipts": (
        "receipts: {accept: 50ms, read: 1s}\n",
        "  - say: hello\n  - await: {message: {from: agent}}\n",
        False,
    ),
    "each message named": (
        "",
        "- say: {{text: hello {n}, as: said_{n}}}\n- await: {{message: {{from: agent}}, as: answer_{n}}}\n"
        "- read: {{message: answer_{n}, after: 1s}}\n",
        True,
    ),
}


def script_of(kind: str, rounds: int) -> str:
    """A script of so many rounds: a ``repeat``, or, with names, every step written out."""
    rule, steps, written_out = SCRIPTS[kind]
    begin = f"{rule}steps:\n- open_conversation:\n"
    if written_out:
        return begin + "".join(steps.format(n=n) for n in range(rounds)) + AGENT
    return f"{begin}- repeat:\n    times: {rounds}\n    steps:\n" + steps.replace("  - ", "    - ") + AGENT


def seconds_to_play(file: Path, folder: Path) -> float:
    """Processor seconds of one replay into a new archive."""
    archive = folder / f"{time.monotonic_ns()}.db"
    gc.collect()
    began = time.process_time()
    played = recipes.replay(file, archive=str(archive), clock="virtual")
    played.raise_if_failed()
    recipes.step_reports(played)
    return time.process_time() - began


def exponent(rounds: Iterable[int], seconds: Iterable[float]) -> float:
    """The slope of seconds over rounds, both as logarithms, by least squares."""
    x, y = [math.log(each) for each in rounds], [math.log(each) for each in seconds]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    over = sum((each - middle_x) * (value - middle_y) for each, value in zip(x, y, strict=True))
    return over / sum((each - middle_x) ** 2 for each in x)


def main(rounds: tuple[int, ...]) -> None:
    """Print a line for each kind of script."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "script.yaml"
        for kind in SCRIPTS:
            seconds = []
            for each in rounds:
                file.write_text(script_of(kind, each))
                seconds.append(min(seconds_to_play(file, Path(folder)) for _ in range(RUNS)))
            shown = ", ".join(f"{n} rounds {took:.2f} s" for n, took in zip(rounds, seconds, strict=True))
            print(f"{kind}: {shown}; rounds ^ {exponent(rounds, seconds):.2f}")


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or ROUNDS)
