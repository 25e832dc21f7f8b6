"""The front door: parse, call a recipe, print, exit. Decides nothing."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; the entry point of ``recorder`` and of ``python -m recorder``."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that cannot show a character must not end a recording.
            stream.reconfigure(errors="backslashreplace")
    from .app import app
    from .output import guard_stdout

    guard_stdout()
    app(prog_name="recorder")


def _open_what_is_closed() -> None:
    """Standard streams that were closed (``>&-``) lead nowhere. Else an archive might get their number,
    and whatever somebody prints."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdin = sys.stdin or open(0, encoding="utf-8")  # noqa: SIM115 - for as long as we run
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
