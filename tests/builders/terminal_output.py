"""A command in this process, whose standard output is a terminal as far as it can tell."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import pytest
import typer.main

from recorder.cli.app import app


class TerminalOutput(io.TextIOWrapper):
    """Standard output that says it is a terminal; its width is that of COLUMNS."""

    def isatty(self) -> bool:
        return True


def shown_on_a_terminal(
    words: Sequence[str], monkeypatch: pytest.MonkeyPatch, *, encoding: str = "utf-8"
) -> list[str]:
    """The lines that a command writes there."""
    written = io.BytesIO()
    output = TerminalOutput(written, encoding=encoding, errors="backslashreplace", write_through=True)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", output)
        with pytest.raises(SystemExit):
            typer.main.get_command(app)(list(words))
    output.detach()
    *lines, end = written.getvalue().decode(encoding).split("\n")
    assert end == "", words
    return lines
