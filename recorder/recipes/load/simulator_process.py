"""The simulator in a process of its own, so that it takes no processor time from the users.

The child reads its configuration from standard input, answers with its address on its standard output, and
ends when that input does: whatever becomes of the parent, it does not stay behind.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from recorder.documents import read_document
from recorder.errors import StorageFailed
from recorder.replay.language.script import Script
from recorder.simulator.agent.rules import read_agent
from recorder.simulator.faults.config import NO_MOODS, read_moods
from recorder.simulator.server import SimulatorServer

_CHILD = "from recorder.recipes.load.simulator_process import serve; serve()"


@contextmanager
def simulator_process(script: Script, *, seed: int) -> Iterator[tuple[str, str]]:
    """The simulator with a script's agent and moods, until the block ends.

    Yields the URL where consumers connect, and the base URL where files are uploaded.
    """
    config = {
        "file": script.document.file,
        "agent": script.agent,
        "simulator": script.simulator,
        "seed": seed,
    }
    # In a session of its own: Ctrl-C is for us, who still have to close the sessions with it. At the end of
    # the block its input is closed, and its end awaited.
    with subprocess.Popen(  # noqa: S603 - this very interpreter, with words of our own
        [sys.executable, "-c", _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None  # noqa: S101 - asked for
        assert process.stdout is not None  # noqa: S101 - asked for
        process.stdin.write(json.dumps(config) + "\n")
        process.stdin.flush()
        url, base_url = process.stdout.readline().strip(), process.stdout.readline().strip()
        if not url:
            raise StorageFailed("the simulator", "it did not start")
        yield url, base_url


def _tell(sentence: str) -> None:
    """To the standard error that it has from its parent."""
    sys.stderr.write(f"{sentence}\n")


def serve() -> None:
    """What the child does."""
    config = json.loads(sys.stdin.readline())
    document = read_document(json.dumps(config), file=config["file"])
    agent = None if config["agent"] is None else read_agent(document, at=("agent",))
    moods = NO_MOODS if config["simulator"] is None else read_moods(document, at=("simulator",))
    with SimulatorServer(agent, moods=moods, seed=config["seed"], on_remark=_tell) as server:
        sys.stdout.write(f"{server.url}\n{server.base_url}\n")
        sys.stdout.flush()
        sys.stdin.read()
