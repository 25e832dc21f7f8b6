"""Connections to SQLite files by their path, whatever letters are in it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

BUSY_TIMEOUT_S = 5.0


def file_uri(path: Path, mode: str, *, immutable: bool = False) -> str:
    """The URI of the file; ``mode`` is "ro" or "rw". ``immutable``: without locks, and without its log."""
    # Percent signs, question marks and hashes in a path would otherwise be read as part of the URI.
    return f"file:{quote(os.fsencode(path))}?mode={mode}{'&immutable=1' if immutable else ''}"


def connect(path: Path, mode: str, *, immutable: bool = False) -> sqlite3.Connection:
    """A connection to the file, which has to exist; see ``file_uri``. Raises ``sqlite3.Error``."""
    return sqlite3.connect(
        file_uri(path, mode, immutable=immutable),
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,  # BEGIN and COMMIT are executed explicitly
        check_same_thread=False,  # ArchiveWriter.guard lets one thread in at a time
    )
