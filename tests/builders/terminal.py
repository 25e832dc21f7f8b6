"""A program in a pseudo-terminal: what it shows, and what is typed to it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from pathlib import Path

PATIENCE_S = 30.0


class Terminal:
    """A program in a terminal, and everything that it shows.

    Args:
        popen: starts it, as ``subprocess.Popen`` does.
        columns: wide enough for the lines of most programs, if not given.
    """

    def __init__(
        self,
        *command: str | Path,
        popen: type[subprocess.Popen[bytes]] = subprocess.Popen,
        columns: int = 2_000,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._ours, self._theirs = pty.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self._modes = termios.tcgetattr(self._theirs)
        arguments: Sequence[str | Path] = list(command)
        self._process = popen(
            arguments,
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            env={**os.environ, "TERM": "xterm", **(environment or {})},
        )
        self.shown = b""
        self._read = 0

    def until(self, pattern: bytes) -> re.Match[bytes]:
        """Wait until it shows this behind what was waited for before."""
        give_up_s = time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern, self.shown[self._read :])):
            readable, _, _ = select.select([self._ours], [], [], max(give_up_s - time.monotonic(), 0))
            assert readable, f"never saw {pattern!r} in {self.shown!r}"
            self.shown += os.read(self._ours, 65_536)
        self._read += found.end()
        return found

    def until_it_reads_keys(self) -> None:
        """Wait until it takes each key itself: what is typed before is shown by the system as well."""
        give_up_s = time.monotonic() + PATIENCE_S
        while termios.tcgetattr(self._theirs)[3] & termios.ICANON:
            readable, _, _ = select.select([self._ours], [], [], 0.01)
            assert time.monotonic() < give_up_s, f"it reads no keys: {self.shown!r}"
            if readable:
                self.shown += os.read(self._ours, 65_536)

    def type(self, line: str, *, end: str = "\r") -> None:
        """Press these keys, and Enter."""
        os.write(self._ours, f"{line}{end}".encode())

    def wait(self) -> int:
        """The exit code, once it has ended; the rest of what it showed is in ``shown``."""
        give_up_s = time.monotonic() + PATIENCE_S
        while self._process.poll() is None:
            readable, _, _ = select.select([self._ours], [], [], 0.05)
            assert time.monotonic() < give_up_s, f"it has not ended: {self.shown!r}"
            if readable:
                self.shown += os.read(self._ours, 65_536)
        return self._process.returncode

    def is_as_before(self) -> bool:
        """Whether the terminal's modes (echo, line by line, …) are those that it found."""
        return termios.tcgetattr(self._theirs) == self._modes

    def close(self) -> None:
        """End the program and the terminal."""
        self._process.kill()
        self._process.wait()
        os.close(self._theirs)
        os.close(self._ours)
