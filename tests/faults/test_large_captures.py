"""Memory does not grow with a capture: six times the file takes no more of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from builders.captures import CAPTURES
from builders.netlog import NetLogFile, switched, upgrade

from recorder.wire.frames import Side, encode

TEXT = b'{"kind":"notification","type":"x","body":"' + b"y" * 900 + b'"}'
FEW, MANY = 6_000, 36_000
ALLOWED_MB = 12

# Reads a capture by the road of an import, and prints how much memory it took at most, in KiB.
READ = r"""
import functools, re, sys
from pathlib import Path
from recorder.formats.capture_file import opened
from recorder.formats.known import format_of
from recorder.formats.session_order import numbered
from recorder.formats.spool import RecordSpool

with opened(Path(sys.argv[1])) as file:
    form = format_of(file)
    with RecordSpool(by_time=not form.is_one_session) as spool:
        for record in form.read(file, functools.partial(print, file=sys.stderr)):
            if hasattr(record, "connection"):
                spool.add(record)
        frames = sum(hasattr(record, "opcode") for record in numbered(spool.in_order(spool.sockets)))
        assert frames == int(sys.argv[2]), frames
print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
"""


def write_netlog(path: Path, frames: int) -> None:
    log = NetLogFile().sent(7, 1, upgrade()).received(7, 1, switched())
    for at_ms in range(frames):
        log.received(7, at_ms, encode(1, TEXT))
    log.save(path)


# Not getrusage: what that says includes the process that started this one.
def peak_kib(path: Path, frames: int) -> int:
    read = [sys.executable, "-c", READ, str(path), str(frames)]
    return int(subprocess.run(read, check=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize("name", CAPTURES)
def test_six_times_the_file_takes_no_more_memory(tmp_path, name):
    peaks = []
    for frames in (FEW, MANY):
        path = tmp_path / f"{frames}"
        if name == "netlog":
            write_netlog(path, frames)
        else:
            path.write_bytes(CAPTURES[name](((Side.SERVICE, TEXT),) * frames))
        peaks.append(peak_kib(path, frames))
    assert path.stat().st_size > 30 << 20
    assert peaks[1] - peaks[0] < ALLOWED_MB << 10
