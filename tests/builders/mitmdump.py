"""A real mitmdump in front of a service."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

MITMDUMP = os.environ.get("RECORDER_TESTS_MITMDUMP") or shutil.which("mitmdump")
"""The program; None where there is none."""

MISSING = "no mitmdump here: pip install mitmproxy"


class MitmDump:
    """mitmdump in front of a service, until ``finish``."""

    def __init__(self, upstream: str, file: Path, *options: str) -> None:
        self._process = subprocess.Popen(
            [MITMDUMP, "--mode", f"reverse:{upstream}", "--listen-host", "127.0.0.1", "-p", "0", "-w", file,
             "--set", f"confdir={file.parent / 'mitmproxy'}", *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONPATH": ""},
        )  # fmt: skip
        self.port = self._until(r"listening at \S*:(\d+)")
        # Nothing that it says later may fill the pipe.
        self._rest = threading.Thread(target=self._process.stdout.read)
        self._rest.start()

    def _until(self, pattern: str) -> int:
        for line in self._process.stdout:
            if found := re.search(pattern, line):
                return int(found[1])
        raise AssertionError(f"mitmdump never said {pattern}")

    def finish(self) -> None:
        """End it, so that its file is whole. May be called again."""
        self._process.terminate()
        self._process.wait(30)
        self._rest.join()
        self._process.stdout.close()
