"""Users on demand, by lines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from recorder.recipes import open_archive

SCRIPT = """
receipts: {read: 10ms}
steps:
  - open_conversation:
  - say: Hi
  - await: {message: {from: agent}}
"""
SLOW = "steps:\n  - open_conversation:\n  - wait: 10m\n"


class Engine:
    """The process, and what it says."""

    def __init__(self, folder: Path, script: str, **told: object) -> None:
        (folder / "s.yaml").write_text(script)
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from recorder.recipes.load.stdio_worker import run; run()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder,
        )  # fmt: skip
        self.tell(script="s.yaml", archive="x.db", **told)

    def tell(self, **told: object) -> None:
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, object]:
        return json.loads(self.process.stdout.readline())

    def end(self) -> list[dict[str, object]]:
        printed, _ = self.process.communicate(timeout=60)
        return [json.loads(line) for line in printed.splitlines()]


def test_everything_a_user_meets_is_told_and_at_last_that_it_passed(tmp_path):
    engine = Engine(tmp_path, SCRIPT)
    assert engine.hear() == {"ready": True}
    engine.tell(begin=7)
    told = []
    while "passed" not in (latest := engine.hear()):
        told.append(latest)
    assert latest == {"user": 7, "passed": True, "failed": None}
    assert {each.get("measured") or each.get("receipt") or each.get("step") for each in told} == {
        "connect", "answer", "push", "READ", "open_conversation", "say", "await",
    }  # fmt: skip
    assert {each["user"] for each in told} == {7}
    assert engine.end() == []
    assert engine.process.returncode == 0


def test_a_user_that_is_stopped_is_closed_and_so_are_all_when_the_input_ends(tmp_path):
    engine = Engine(tmp_path, SLOW)
    engine.hear()
    engine.tell(begin=1)
    engine.tell(begin=2)
    opened = set()
    while opened != {1, 2}:
        told = engine.hear()
        if told.get("step") == "open_conversation":
            opened.add(told["user"])
    engine.tell(stop=1)
    while "passed" not in (told := engine.hear()):
        """What else is told meanwhile."""
    assert told == {"user": 1, "passed": False, "failed": "stopped"}
    engine.end()
    with open_archive(str(tmp_path / "x.db")) as archive:
        assert [(each.state, each.detail) for each in archive.sessions()] == [("complete", "stopped")] * 2


def test_what_cannot_be_played_is_told(tmp_path):
    engine = Engine(tmp_path, "steps: [{sya: Hi}]\n")
    (told,) = engine.end()
    assert 'did you mean "say"' in told["error"]
