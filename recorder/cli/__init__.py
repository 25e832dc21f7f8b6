"""The command line: parse, call a recipe, print, exit."""

from __future__ import annotations

import os
import sys

from recorder.errors import error_of_system


def main() -> None:
    """Run the command line; the entry point of ``recorder`` and of ``python -m recorder``."""
    try:
        _reopen_closed_streams()
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                # A terminal that cannot show a character must not end a recording.
                stream.reconfigure(errors="backslashreplace")
        from .app import app
        from .output import check_stdout_writes

        check_stdout_writes()
    except OSError as problem:  # not even our own files can be read: too many are open
        error = error_of_system(problem)
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
    app(prog_name="recorder")


def _reopen_closed_streams() -> None:
    """Open closed standard streams (``>&-``) on /dev/null. Else an archive might get descriptor 1, and be
    printed into."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdin = sys.stdin or open(0, encoding="utf-8")  # noqa: SIM115 - for as long as we run
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
