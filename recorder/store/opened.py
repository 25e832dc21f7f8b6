"""An archive that is open, and the error where there is none to open. Loads no database library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recorder.errors import NotFound

from .lock import ArchiveLock
from .log_identity import StampedLog
from .reader import Reader

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import URL


@dataclass(frozen=True, slots=True)
class OpenedArchive:
    """An archive that is open.

    Attributes:
        where: the path, or the URL without its password.
        reader: for queries.
        revision: the schema it has.
        connection: for writes; None if it was opened for reading.
        path, lock, log: of a file; lock and log only if it was opened for writing.
        url: of a database.
    """

    where: str
    reader: Reader
    revision: str
    connection: Connection | None = None
    path: Path | None = None
    lock: ArchiveLock | None = None
    log: StampedLog | None = None
    url: URL | None = None


def no_archive(path: Path) -> NotFound:
    """The error to raise where there is no file, and none is to be made."""
    looked = "" if path.is_absolute() else f"looked in {Path.cwd()}; "
    hint = f"{looked}--archive or the variable RECORDER_ARCHIVE names another"
    return NotFound("archive", str(path), hint=hint)
