"""Export sessions as JSONL: to a file, which is there whole or not at all, or to stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from recorder.formats import jsonl
from recorder.formats.capture_format import SessionHeader
from recorder.store.archive import Archive

from .output_files import save_lines
from .progress import with_progress
from .queries import Notify, silent


def exported(archive: Archive, session: str) -> Iterator[bytes]:
    """The lines of a session as JSONL. Raises ``NotFound`` at the first."""
    found = archive.find_session(session)
    header = SessionHeader(*(getattr(found, name) for name in SessionHeader._fields))
    yield from jsonl.write(
        header,
        archive.connections(found),
        archive.frames(found),
        exchanges=archive.exchanges(found),
        forwarded=archive.forwarded(found),
    )


def export_to_stdout(archive: Archive, session: str) -> None:
    """Write a session as JSONL to stdout."""
    for line in exported(archive, session):
        sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def export_to_file(archive: Archive, session: str, file: Path, *, say: Notify = silent) -> None:
    """Write a session as JSONL to a file (mode 0600), which is there whole or not at all.

    Raises:
        NotFound: no such session.
        BadOption: the file cannot be there.
        OutputFailed: the disk did not take it.
    """
    save_lines(with_progress(exported(archive, session), f"writing {file}", say), file)
