"""Import captures from JSONL files and export sessions to them. A file is imported whole or not at all."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from recorder.clock import RealClock
from recorder.errors import BadCapture, StorageFailed
from recorder.formats import jsonl
from recorder.formats.lines import read_lines
from recorder.projection.derived.refresh import refresh_or_say
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.wire.records import Record, RecordedFrame, SessionInfo

from .input_files import missing_file_hint
from .output_files import save_lines
from .progress import with_progress
from .queries import Notify, silent

_BATCH = 1_000
"""Records in one commit of an import."""


# --- import ---------------------------------------------------------------------------------------------


class _Contents(NamedTuple):
    """What reading a capture to its end has found; the header has the times of its first and last frame."""

    header: jsonl.SessionHeader
    digest: str
    frames: int


def import_capture(
    archive: Archive,
    file: Path,
    *,
    name: str | None = None,
    keep_secrets: bool = False,
    secret_names: Iterable[str] = (),
    say: Notify = silent,
) -> SessionInfo:
    """Add a JSONL capture (``-`` for stdin) as a session, and return it.

    It is read to its end before anything is stored. A file that was imported before is not imported
    again: the session it gave then is returned. What stands under one of ``secret_names`` is blanked too.

    Raises:
        BadCapture: it does not read as its format says; with the line.
        StorageFailed: the archive cannot take it.
    """
    with _opened(file) as stream:
        contents = _read_through(stream, str(file), say)
        known = archive.find_import(contents.digest)
        if known is not None and known.frames == contents.frames:
            say(f"{file} was imported before, as session {known.session}; nothing added")
            return known
        if known is not None:  # an import that was cut short
            archive.delete_session(known)
        stream.seek(0)
        records = with_progress(_records(stream, str(file)), f"importing {file}", say)
        storage = IntakeOptions(keep_secrets=keep_secrets, secret_names=tuple(secret_names))
        return _store(archive, contents, records, name=name, options=storage, say=say)


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        with tempfile.TemporaryFile() as spool:
            while block := sys.stdin.buffer.read(1 << 20):
                spool.write(block)
            spool.seek(0)
            yield cast(BinaryIO, spool)
        return
    if not file.is_file():
        problem = "it is no regular file" if file.exists() else "there is no such file"
        raise BadCapture(str(file), problem, hint=missing_file_hint(file))
    try:
        stream = file.open("rb")
    except OSError as error:
        raise BadCapture(str(file), f"it cannot be read ({error.strerror})") from None
    with stream:
        yield stream


def _read_through(stream: BinaryIO, file: str, say: Notify) -> _Contents:
    header, frames, digest = jsonl.SessionHeader(), 0, hashlib.sha256()
    first_us = last_us = None
    records = jsonl.read(_noting(read_lines(stream, file=file), digest.update), file=file)
    for each in with_progress(records, f"reading {file}", say):
        if isinstance(each, jsonl.SessionHeader):
            header = each
        elif isinstance(each, RecordedFrame):
            frames += 1
            first_us = each.at_us if first_us is None else first_us
            last_us = last_us if each.at_us is None else each.at_us
    header = header._replace(
        started_at_us=first_us if header.started_at_us is None else header.started_at_us,
        ended_at_us=last_us if header.ended_at_us is None else header.ended_at_us,
    )
    return _Contents(header, digest.hexdigest(), frames)


def _noting(lines: Iterable[bytes], note: Callable[[bytes], None]) -> Iterator[bytes]:
    for line in lines:
        note(line)
        yield line


def _records(stream: BinaryIO, file: str) -> Iterator[Record]:
    for record in jsonl.read(read_lines(stream, file=file), file=file):
        if not isinstance(record, jsonl.SessionHeader):
            yield record


def _store(
    archive: Archive,
    contents: _Contents,
    records: Iterator[Record],
    *,
    name: str | None,
    options: IntakeOptions,
    say: Notify,
) -> SessionInfo:
    header = contents.header
    taken = {session.session for session in archive.sessions()}
    intake = archive.begin_session(
        source="jsonl",
        started_at_us=header.started_at_us,
        clock=RealClock(),
        session=None if header.session in taken else header.session,
        name=name or header.name,
        source_digest=contents.digest,
        options=options,
    )
    try:
        while batch := list(islice(records, _BATCH)):
            intake(batch)
    except StorageFailed:
        raise
    except BaseException:
        intake.finish(None, complete=False, detail="the import was cut short")
        raise
    whole = header.state in (None, "complete", "refused")
    detail = None if whole else f"the session was {header.state} when it was exported"
    intake.finish(header.ended_at_us, complete=whole, detail=detail)
    refresh_or_say(archive, intake.session, say=say)
    return archive.find_session(intake.session)


# --- export ---------------------------------------------------------------------------------------------


def exported(archive: Archive, session: str) -> Iterator[bytes]:
    """The lines of a session as JSONL. Raises ``NotFound`` at the first."""
    found = archive.find_session(session)
    header = jsonl.SessionHeader(*(getattr(found, name) for name in jsonl.SessionHeader._fields))
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
