"""data on stdout, remarks on stderr, nothing that acts on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from recorder.cli.output import StatusPrinter

SAMPLE = Path(__file__).parents[2] / "samples" / "tutorial.jsonl"

PRINT = (
    "from recorder.cli.output import write_payload\n"
    "from recorder.wire.frames import Side\n"
    "from recorder.wire.payloads import Payload\n"
    "for opcode, data in ((1, b'a\\x1b[31m\\n'), (2, b'\\x00\\xff')):\n"
    "    write_payload(Payload(1, 1, 1, Side.SERVICE, 0, 0, opcode, data))\n"
)


def test_quiet_says_nothing(capsys):
    StatusPrinter(quiet=True)("hello")
    StatusPrinter(quiet=False)("evil\x1b[2J")
    assert capsys.readouterr() == ("", "evil\\x1b[2J\n")


def test_a_payload_goes_into_a_pipe_as_it_came():
    done = subprocess.run([sys.executable, "-c", PRINT], capture_output=True, check=True)
    assert done.stdout == b"a\x1b[31m\n\n00 ff\n"


@pytest.mark.parametrize("columns", ["20", "200"])
def test_a_payload_is_escaped_on_a_terminal(columns):
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", PRINT], stdout=theirs, env={**os.environ, "COLUMNS": columns}
    ) as process:
        os.close(theirs)
        shown = _read_all(ours)
        assert process.wait() == 0
    assert shown == b"a\\x1b[31m\\n\r\n00 ff\r\n"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_is_escaped_on_a_terminal_and_exact_in_a_pipe(run, start, tmp_path, form):
    """U+009B begins a control sequence, as ESC [ does."""
    file = tmp_path / "evil.jsonl"
    file.write_text(SAMPLE.read_text("utf-8").replace("some agent text", "He\x9b31mo"), "utf-8")
    assert run("import", str(file)).exit_code == 0
    ours, theirs = pty.openpty()
    process = start("session", "export", "last", "--format", form, stdout=theirs)
    os.close(theirs)
    shown = _read_all(ours).decode()
    assert process.wait() == 0
    escaped = {"csv": "He\\x9b31mo", "jsonl": "He\\u009b31mo"}[form]
    assert ("\x9b" in shown, escaped in shown) == (False, True)
    assert "He\x9b31mo" in run("session", "export", "last", "--format", form).stdout


def _read_all(descriptor: int) -> bytes:
    shown = b""
    while True:
        try:
            shown += os.read(descriptor, 4096)
        except OSError:  # how Linux says that the other side has closed
            os.close(descriptor)
            return shown
