"""Worker processes that read ranges of frames of a session, while this process folds.

Each worker opens the archive for reading, reads its ranges one by one, and writes their events to a file
without a name: a pipe would block while this process is busy, and a file with a name would outlive a kill.
A worker that fails or is killed costs time and nothing else: this process reads its ranges.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from tempfile import TemporaryFile
from typing import NamedTuple

from recorder.messaging.events import Event
from recorder.store.archive import Archive

from ..events.reader import EventReader
from . import worker
from .columns import decode_range

RANGE_FRAMES = 1 << 16
"""Frames of a range. Fewer cost more to decode; of more, this process waits longer for the last range."""


class FrameSpan(NamedTuple):
    """Frames numbered above ``after`` and up to ``last``."""

    after: int
    last: int


def events_with_workers(
    archive: Archive,
    session: str,
    event_reader: EventReader,
    *,
    last: int,
    own_frames: int,
    jobs: int,
    range_frames: int = RANGE_FRAMES,
) -> Iterator[Event]:
    """The events of frames up to ``last`` that ``event_reader`` has not read yet, by two or more ``jobs``.

    This process reads the first ``own_frames`` of them, workers the others. The events are those of
    ``event_reader.read``, but only roughly in the order of their frames.
    """
    own = FrameSpan(event_reader.last, min(event_reader.last + own_frames, last))
    shares = _shares(FrameSpan(own.last, last), jobs - 1, range_frames)
    workers = [_Worker(archive, session, spans) for spans in shares]
    try:
        yield from event_reader.read(archive.scan_frames(session, after=own.after, last=own.last))
        for worker in workers:
            for span in worker.spans:
                yield from _span_events(archive, session, event_reader, span, worker.next_range())
    finally:
        for worker in workers:
            worker.end()


def _shares(span: FrameSpan, workers: int, range_frames: int) -> list[list[FrameSpan]]:
    """The ranges for each worker, in order; fewer shares than workers where there are few frames."""
    each = max(1, -(-(span.last - span.after) // workers))
    shares = []
    for after in range(span.after, span.last, each):
        end = min(after + each, span.last)
        ranges = range(after, end, range_frames)
        shares.append([FrameSpan(start, min(start + range_frames, end)) for start in ranges])
    return shares


def _span_events(
    archive: Archive, session: str, event_reader: EventReader, span: FrameSpan, encoded: bytes | None
) -> Iterator[Event]:
    decoded = None if encoded is None else decode_range(encoded)
    if decoded is None or decoded.has_fragments or event_reader.in_fragment:
        return event_reader.read(archive.scan_frames(session, after=span.after, last=span.last))
    return chain(
        decoded.events,
        event_reader.read_remaining(decoded.other_frames, connections=decoded.connections, last=span.last),
    )


class _Worker:
    """One worker process, and the ranges it reads."""

    def __init__(self, archive: Archive, session: str, spans: Sequence[FrameSpan]) -> None:
        self.spans = spans
        self._file = TemporaryFile()  # noqa: SIM115  # closed by end()
        self._process: subprocess.Popen[bytes] | None = None
        task = {
            "archive": archive.address, "session": session, "spans": spans, "file": self._file.fileno(),
        }  # fmt: skip
        with suppress(OSError, ValueError):  # no more processes here, or none that inherit files
            self._process = _start(self._file.fileno(), json.dumps(task).encode())

    def next_range(self) -> bytes | None:
        """Its next range, encoded, once it is read; None if it failed."""
        if self._process is None or self._process.stdout is None:
            return None
        line = self._process.stdout.readline().split()
        if len(line) != 2:
            return None
        size, start = map(int, line)
        return os.pread(self._file.fileno(), size, start)

    def end(self) -> None:
        """Kill it."""
        self._file.close()
        if self._process is not None:
            with self._process as process:
                process.kill()


def _start(file: int, task: bytes) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603  # ourselves, with nothing from outside on the command line
        [sys.executable, "-P", "-m", worker.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(file,),
    )
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(task)
    return process
