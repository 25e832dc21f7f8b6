"""Processes that read pieces of a session, beside the one that folds it.

Each helper opens the archive for reading, reads its pieces one by one, and leaves what they tell in a file
without a name: a pipe would have to be emptied by who is busy, and a file with a name would outlive a kill.
One that fails or is killed costs time and nothing else: its pieces are read by who wanted them.
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
from recorder.store import reading, sqlitefile
from recorder.store.archive import Archive
from recorder.store.frame_scan import asked_of

from ..events.reader import Hearing
from . import worker
from .columns import unpack

PIECE_FRAMES = 1 << 16
"""Fewer cost more to bring together; of more, the last keeps everybody waiting."""


class Span(NamedTuple):
    """Frames numbered above ``after`` and up to ``last``."""

    after: int
    last: int


def heard_with_helpers(
    archive: Archive,
    session: str,
    hearing: Hearing,
    *,
    last: int,
    own_frames: int,
    jobs: int,
    piece_frames: int = PIECE_FRAMES,
) -> Iterator[Event]:
    """What the frames up to ``last`` tell that ``hearing`` has not heard yet, read by two ``jobs`` or more.

    This process reads the first ``own_frames`` of them, and brings together what the others read. The same
    events as ``hearing.hear`` gives, but only roughly in the order of their frames.
    """
    own = Span(hearing.last, min(hearing.last + own_frames, last))
    shares = _shares(Span(own.last, last), jobs - 1, piece_frames)
    helpers = [_Helper(archive, session, spans) for spans in shares]
    try:
        yield from hearing.hear(archive.skim(session, after=own.after, last=own.last))
        for helper in helpers:
            for span in helper.spans:
                yield from _told(archive, session, hearing, span, helper.next_piece())
    finally:
        for helper in helpers:
            helper.end()


def _shares(span: Span, helpers: int, piece_frames: int) -> list[list[Span]]:
    """The pieces for each helper, in order; fewer shares than helpers where there are few frames."""
    each = max(1, -(-(span.last - span.after) // helpers))
    shares = []
    for after in range(span.after, span.last, each):
        end = min(after + each, span.last)
        pieces = range(after, end, piece_frames)
        shares.append([Span(piece, min(piece + piece_frames, end)) for piece in pieces])
    return shares


def _told(
    archive: Archive, session: str, hearing: Hearing, span: Span, packed: bytes | None
) -> Iterator[Event]:
    piece = None if packed is None else unpack(packed)
    if piece is None or piece.in_parts or hearing.half_told:
        return hearing.hear(archive.skim(session, after=span.after, last=span.last))
    return chain(piece.events, hearing.hear_rest(piece.rest, connections=piece.connections, last=span.last))


class _Helper:
    """One process, and the pieces it reads."""

    def __init__(self, archive: Archive, session: str, spans: Sequence[Span]) -> None:
        self.spans = spans
        self._file = TemporaryFile()  # noqa: SIM115  # closed by end()
        self._process: subprocess.Popen[bytes] | None = None
        task = {**_place(archive, session), "spans": spans, "file": self._file.fileno()}
        with suppress(OSError, ValueError):  # no more processes here, or none that inherit files
            self._process = _start(self._file.fileno(), json.dumps(task).encode())

    def next_piece(self) -> bytes | None:
        """What its next piece tells, once it is read; None if it never will be."""
        if self._process is None or self._process.stdout is None:
            return None
        said = self._process.stdout.readline().split()
        if len(said) != 2:
            return None
        size, start = map(int, said)
        return os.pread(self._file.fileno(), size, start)

    def end(self) -> None:
        """Let it go, whatever it does."""
        self._file.close()
        if self._process is not None:
            with self._process as process:
                process.kill()


def _place(archive: Archive, session: str) -> dict[str, object]:
    """Where a helper finds the frames of the session, as ``help_out`` takes it."""
    path = archive._opened.path
    if path is None:
        return {"archive": archive.address, "session": session}
    with archive._asking() as reader:
        session_id = reading.session_row(reader, session)
        statement, names = asked_of(reader.dialect, bounded=True)
    found = {"session_id": session_id, "statement": statement, "names": names}
    return {"sqlite": {"uri": sqlitefile.reader_uri(path.absolute()), "pragmas": sqlitefile.READER, **found}}


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
