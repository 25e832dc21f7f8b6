"""The front door: parse, call a recipe, print, exit. Decides nothing."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the entry point of ``recorder`` and of ``python -m recorder``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that cannot show a character must not end a recording.
            stream.reconfigure(errors="backslashreplace")
    from .app import app

    app(prog_name="recorder")
