"""Export sessions as JSONL, HAR or a log of wscat: to a file, there whole or not at all, or to stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

from recorder.errors import BadOption
from recorder.formats import har_writer, jsonl, terminal_writer
from recorder.formats.capture_format import SessionHeader
from recorder.store.archive import Archive

from .output_files import save_lines
from .progress import with_progress
from .queries import Notify, silent

ExportFormat = Literal["jsonl", "har", "wscat"]
"""jsonl: all that is known; har: messages and requests, for other programs; wscat: messages, for people."""


def exported(
    archive: Archive, session: str, *, form: ExportFormat = "jsonl", say: Notify = silent
) -> Iterator[bytes]:
    """A session in this format, piece by piece. ``say`` is told what the format has lost.

    Raises ``NotFound`` or ``BadOption`` at the first piece.
    """
    if form not in get_args(ExportFormat):
        raise BadOption(
            "--format", f"there is no format {form}", hint=f"one of {', '.join(get_args(ExportFormat))}"
        )
    found = archive.find_session(session)
    connections = archive.connections(found)
    if form == "har":
        yield from har_writer.write(
            connections,
            lambda number: archive.frames(found, connection=number),
            exchanges=list(archive.exchanges(found)),
            version=found.recorder_version,
        )
    elif form == "wscat":
        yield from terminal_writer.write(
            connections, lambda number: archive.frames(found, connection=number), say=say
        )
    else:
        header = SessionHeader(*(getattr(found, name) for name in SessionHeader._fields))
        yield from jsonl.write(
            header,
            connections,
            archive.frames(found),
            exchanges=archive.exchanges(found),
            forwarded=archive.forwarded(found),
        )


def export_to_stdout(
    archive: Archive, session: str, *, form: ExportFormat = "jsonl", say: Notify = silent
) -> None:
    """Write a session to stdout."""
    for piece in exported(archive, session, form=form, say=say):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def export_to_file(
    archive: Archive, session: str, file: Path, *, form: ExportFormat = "jsonl", say: Notify = silent
) -> None:
    """Write a session to a file (mode 0600), which is there whole or not at all.

    Raises:
        NotFound: no such session.
        BadOption: the file cannot be there, or there is no such format.
        OutputFailed: the disk did not take it.
    """
    pieces = exported(archive, session, form=form, say=say)
    save_lines(with_progress(pieces, f"writing {file}", say), file)
