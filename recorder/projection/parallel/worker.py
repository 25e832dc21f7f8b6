"""The worker process: reads ranges of frames of a session, and writes their events to a file.

Of an SQLite file it loads no database library: importing one takes as long as reading a hundred thousand
frames.
"""

from __future__ import annotations

import json
import os
import sys
from typing import IO

from recorder.runtime.gc_control import collector_paused
from recorder.store.archive import Archive

from .columns import encode_range


def run_worker(task: str, output: IO[str]) -> None:
    """Read the ranges, append each to the file, and print its size and offset.

    ``task`` is JSON: ``archive``, an address; ``session``; ``spans``, the ranges; ``file``, a descriptor to
    write to.

    Raises:
        ArchiveUnusable: the archive holds what no recorder writes; the parent process will find it too.
    """
    fields = json.loads(task)
    start = 0
    with (
        Archive.open(fields["archive"], mode="read") as archive,
        collector_paused(),
        os.fdopen(fields["file"], "wb", closefd=False) as file,
    ):
        for after, last in fields["spans"]:
            encoded = encode_range(archive.scan_frames(fields["session"], after=after, last=last))
            file.write(encoded)
            file.flush()
            print(len(encoded), start, file=output, flush=True)
            start += len(encoded)


if __name__ == "__main__":
    run_worker(sys.stdin.read(), sys.stdout)
