"""What checking scripts with pydantic costs: its share of the import, and of loading two scripts.

``python tests/benchmarks/script_models.py`` from the source tree, with the package installed.

Why pydantic, although msgspec is faster (pydantic 2.14, msgspec 0.22):
importing pydantic and building the 35 script models is most of importing ``recorder.replay.language.script``
(125 of 157 ms; msgspec would need about 2). But checking is 3 % of loading a sample of 27 steps (0.2
of 5.3 ms) and 12 % of loading 3,000 steps (61 of 520 ms; reading YAML is 76 %). ``msgspec.convert`` stops at
the first error in its own order and gives its place only inside a text; ``_first_error`` needs the path of
every error to report the first one in the file. A port would have to rewrite 16 field validators and 7 model
validators of the scripts as ``dec_hook`` and ``__post_init__``, keep the short forms (``wait: 2s``), restate
the JSON Schema, and do the same for the simulator's models.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from recorder.documents import read_document, validation
from recorder.replay.language.includes import Folder
from recorder.replay.language.script import load

SAMPLES = Path(__file__).parents[2] / "samples"
VARIABLES = {"UMS_URL": "wss://x", "UMS_JWT": "y"}
PYDANTIC = "pydantic, pydantic.json_schema, pydantic_core.core_schema"
OTHERS = "yaml, regex, orjson, recorder.documents"
ROUND = """\
  - say: "line {number}"
  - await: {{message: {{from: agent, matching: "answer {number}"}}, within: 10s, as: m{number}}}
  - read: {{message: m{number}, after: 1.5s}}
"""


class TimedAdapter:
    """A pydantic ``TypeAdapter`` that adds up the time it takes."""

    spent_s = 0.0

    def __init__(self, adapter: object) -> None:
        self._adapter = adapter

    def validate_python(self, value: object) -> object:
        began = perf_counter()
        try:
            return self._adapter.validate_python(value)
        finally:
            TimedAdapter.spent_s += perf_counter() - began


def import_ms(modules: str, *, after: str = "sys") -> float:
    """Milliseconds to import these modules in a new process that has imported others; the median of five."""
    code = f"import time, {after}; t = time.perf_counter(); import {modules}; print(time.perf_counter() - t)"
    done = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True) for _ in range(5)]
    return median(float(one.stdout) for one in done) * 1000


def shares(name: str, text: str, folder: Folder | None) -> str:
    """How long loading takes, and the shares of YAML and of pydantic."""
    load(text, file=name, variables=VARIABLES, folder=folder)  # builds the adapters
    TimedAdapter.spent_s = 0.0
    began = perf_counter()
    steps = len(load(text, file=name, variables=VARIABLES, folder=folder).steps)
    loaded_s = perf_counter() - began
    began = perf_counter()
    read_document(text, file=name)  # without included files
    yaml_s = perf_counter() - began
    return (
        f"{name}, {steps:,} steps: {loaded_s * 1000:.1f} ms, YAML {yaml_s / loaded_s:.0%},"
        f" pydantic {TimedAdapter.spent_s / loaded_s:.0%}"
    )


def main() -> None:
    language_ms = import_ms("recorder.replay.language.script")
    pydantic_ms = import_ms(PYDANTIC)
    models_ms = import_ms("recorder.replay.language.verbs", after=f"{PYDANTIC}, {OTHERS}")
    print(
        f"import of the script language: {language_ms:.0f} ms, pydantic {pydantic_ms / language_ms:.0%},"
        f" its models {models_ms / language_ms:.0%}"
    )
    adapter = validation._adapter
    validation._adapter = lambda model: TimedAdapter(adapter(model))
    sample = SAMPLES / "whole-language.yaml"
    print(shares(sample.name, sample.read_text("utf-8"), Folder(SAMPLES)))
    rounds = "".join(ROUND.format(number=number) for number in range(1000))
    print(shares("generated.yaml", f"steps:\n  - open_conversation:\n{rounds}", None))


if __name__ == "__main__":
    main()
