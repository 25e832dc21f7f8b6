"""The simulator in a process of its own, so that it takes no processor time from the users.

The child reads its configuration from standard input, answers with its address on its standard output, and
ends when that input does: whatever becomes of the parent, it does not stay behind.
"""

from __future__ import annotations

import json
import subprocess
import sys
from types import TracebackType

from recorder.documents import read_document
from recorder.errors import StorageFailed
from recorder.replay.language.script import Script
from recorder.simulator.agent.rules import read_agent
from recorder.simulator.faults.config import NO_MOODS, read_moods
from recorder.simulator.server import SimulatorServer

_CHILD = "from recorder.recipes.load.simulator_process import serve; serve()"


class SimulatorProcess:
    """The simulator with a script's agent and moods, until the block ends.

    Attributes:
        url: where consumers connect.
        base_url: where files are handed over.
    """

    def __init__(self, script: Script, *, seed: int) -> None:
        self.url = self.base_url = ""
        self._config = {
            "file": script.document.file,
            "agent": script.agent,
            "simulator": script.simulator,
            "seed": seed,
        }
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> SimulatorProcess:
        # In a session of its own: Ctrl-C is for us, who still want to say goodbye to it.
        process = subprocess.Popen(  # noqa: S603 - this very interpreter, with words of our own
            [sys.executable, "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._process = process
        assert process.stdin is not None  # noqa: S101 - asked for
        assert process.stdout is not None  # noqa: S101 - asked for
        process.stdin.write(json.dumps(self._config) + "\n")
        process.stdin.flush()
        self.url = process.stdout.readline().strip()
        self.base_url = process.stdout.readline().strip()
        if not self.url:
            self._end()
            raise StorageFailed("the simulator", "it did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.stdin is not None and process.stdout is not None:
            process.stdin.close()
            process.wait()
            process.stdout.close()


def serve() -> None:
    """What the child does."""
    config = json.loads(sys.stdin.readline())
    document = read_document(json.dumps(config), file=config["file"])
    agent = None if config["agent"] is None else read_agent(document, at=("agent",))
    moods = NO_MOODS if config["simulator"] is None else read_moods(document, at=("simulator",))
    with SimulatorServer(agent, moods=moods, seed=config["seed"]) as server:
        sys.stdout.write(f"{server.url}\n{server.base_url}\n")
        sys.stdout.flush()
        sys.stdin.read()
