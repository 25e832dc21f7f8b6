"""data on stdout, remarks on stderr, nothing that acts on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from recorder.cli.output import StatusPrinter

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
        shown = b""
        while True:
            try:
                block = os.read(ours, 4096)
            except OSError:  # how Linux says that the other side has closed
                break
            shown += block
        assert process.wait() == 0
    os.close(ours)
    assert shown == b"a\\x1b[31m\\n\r\n00 ff\r\n"
