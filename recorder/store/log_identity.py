"""Whether the write-ahead log beside an archive file belongs to it; and what makes that known.

SQLite believes a ``x.db-wal`` that lies beside ``x.db``: whose pages they are it cannot tell. So whoever
removes the file and not the log, or copies a backup over the file while a killed run has left a log, gets a
mixture of two files. Therefore both carry a stamp, a random number in the first page (SQLite's
``user_version``), and the log is looked into before SQLite may see it.

What is decisive: SQLite begins its log anew (with the same name) only once all of it was moved into the file.
A log is right for the file as it was at that moment, and as it was later, while pages of this very log were
moved into it; for no other state, be it of the same archive. An id of the archive would not tell a backup of
it from the file it has become; the salts of the log change each time that it begins, and nothing in the file
says which of them it knows. Hence:

* a log begins with a first page that has the stamp of the file at that moment;
* the stamp is drawn anew before all of the log is moved into the file, and whenever the archive is opened to
  be written: a copy taken before differs from the file, whoever goes on writing which of them;
* so the stamp of a file, read without the log, is in the log that belongs to it, and in no other.

For that, SQLite may never move the log by itself: ``StampedLog`` does, and is the only one who does.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from .sqlite_connect import connect

WAL, JOURNAL = "-wal", "-journal"

_LOG_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}  # and in which byte order the checksums are computed
_LOG_HEADER, _FRAME_HEADER = 32, 24
_JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
_STAMP_AT = 60  # in the first page: "user version", https://sqlite.org/fileformat2.html#user_version_number
_LOOKS = 10


class SideFile(Enum):
    """What the log or the rollback journal beside an archive file is."""

    NONE = auto()
    """There is none, or nothing in it."""
    SAME = auto()
    """It belongs to the file."""
    OTHER = auto()
    """It belongs to another file, or to another state of this one."""
    UNREADABLE = auto()
    """It is no log or journal: SQLite would take no notice of it, and write over it."""


def side_path(path: Path, suffix: str) -> Path:
    """The side file of this archive file."""
    return path.with_name(path.name + suffix)


def log_state(path: Path) -> SideFile:
    """What the write-ahead log beside this file is. Changes nothing; works beside a writer.

    Raises:
        OSError: the log cannot be read.
        sqlite3.Error: the file is no database.
    """
    seen: list[tuple[int, LogHeader | None]] = []
    for _ in range(_LOOKS):
        with _LogFile(side_path(path, WAL)) as log:
            if not log.is_log:
                return SideFile.UNREADABLE if log.size else SideFile.NONE
            look = read_stamp(path), log.header
            stamps = list(log.stamps(until=look[0]))
            if not log.frames:
                return SideFile.NONE
        # Made before there were stamps: such a file has 0, and its log may hold no first page.
        if look[0] in stamps or (look[0] == 0 and not stamps):
            return SideFile.SAME
        if look in seen:
            return SideFile.OTHER
        seen.append(look)  # somebody may have begun a new log between the two looks
    return SideFile.SAME


def journal_state(path: Path) -> SideFile:
    """What the rollback journal beside this file is; an archive has one while a copy becomes one, only.

    Raises:
        sqlite3.Error: the file is no database.
    """
    try:
        data = side_path(path, JOURNAL).read_bytes()
    except OSError:
        return SideFile.NONE
    if not data.startswith(_JOURNAL_MAGIC) or len(data) < 28:
        return SideFile.UNREADABLE if data.strip(b"\0") else SideFile.NONE
    sector, page_size = struct.unpack(">II", data[20:28])
    if not sector or not page_size:
        return SideFile.OTHER
    for start in range(sector, len(data), page_size + 8):
        (number,) = struct.unpack(">I", data[start : start + 4].ljust(4, b"\0"))
        if number == 1:
            page = data[start + 4 : start + 4 + page_size]
            return SideFile.SAME if _stamp_in(page) == read_stamp(path) else SideFile.OTHER
    return SideFile.OTHER


def read_stamp(path: Path) -> int:
    """The stamp of the file alone, as if there were no log. Raises ``sqlite3.Error``."""
    with closing(connect(path, "ro", immutable=True)) as handle:
        # Killed while it was moved into the file, the log may have pages that the file is too short for.
        handle.execute("PRAGMA writable_schema=1")
        return int(handle.execute("PRAGMA user_version").fetchone()[0])


class LogHeader(NamedTuple):
    """Beginning of a write-ahead log: ``salts`` are others each time that it begins anew."""

    page_size: int
    salts: bytes


def read_log_header(path: Path) -> LogHeader | None:
    """The header of the log beside this archive file; None if there is no log. Raises ``OSError``."""
    with _LogFile(side_path(path, WAL)) as log:
        return log.header


class _LogFile:
    """A write-ahead log, read without SQLite (https://sqlite.org/fileformat2.html#walformat).

    SQLite keeps no locks on it, so that closing it takes none away.
    """

    def __init__(self, path: Path) -> None:
        self._handle = -1
        self.header: LogHeader | None = None
        self.size = 0
        self.frames = 0
        """How many frames ``stamps`` has seen."""
        try:
            self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            self.size = os.fstat(self._handle).st_size
            self.header = _log_header(os.pread(self._handle, _LOG_HEADER, 0))
        except FileNotFoundError:
            return

    def __enter__(self) -> _LogFile:
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle >= 0:
            os.close(self._handle)

    @property
    def is_log(self) -> bool:
        return self.header is not None

    def stamps(self, *, until: int) -> Iterator[int]:
        """The stamps of the first pages in it, to the first that is ``until``.

        A log whose first frame was cut short has none: who is killed while the log begins anew leaves the
        head of a new frame before the page of an old one.
        """
        assert self.header is not None  # noqa: S101 - tells mypy; the caller has checked
        page_size, salts = self.header
        at = _LOG_HEADER
        while at + _FRAME_HEADER + page_size <= self.size:
            head = os.pread(self._handle, _FRAME_HEADER, at)
            if head[8:16] != salts:  # left from before it began anew
                return
            if at == _LOG_HEADER and not self._is_whole(head, page_size):
                return
            self.frames += 1
            if head[:4] == b"\0\0\0\1":
                stamp = _stamp_in(os.pread(self._handle, 100, at + _FRAME_HEADER))
                yield stamp
                if stamp == until:
                    return
            at += _FRAME_HEADER + page_size

    def _is_whole(self, head: bytes, page_size: int) -> bool:
        """Whether the first frame has the checksum that is in its head."""
        header = os.pread(self._handle, _LOG_HEADER, 0)
        order = _LOG_MAGIC[struct.unpack(">I", header[:4])[0]]
        page = os.pread(self._handle, page_size, _LOG_HEADER + _FRAME_HEADER)
        before = struct.unpack(">II", header[24:32])
        return _checksum(head[:8] + page, order, before) == struct.unpack(">II", head[16:24])


def _log_header(data: bytes) -> LogHeader | None:
    if len(data) < _LOG_HEADER:
        return None
    magic, _, page_size = struct.unpack(">III", data[:12])
    order = _LOG_MAGIC.get(magic)
    if order is None or _checksum(data[:24], order) != struct.unpack(">II", data[24:32]):
        return None
    return LogHeader(page_size, data[16:24])


def _checksum(data: bytes, order: str, before: tuple[int, int] = (0, 0)) -> tuple[int, int]:
    """SQLite's checksum of this, behind what has the checksum ``before``."""
    first, second = before
    for one, two in struct.iter_unpack(f"{order}II", data):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + two + first) & 0xFFFFFFFF
    return first, second


def _stamp_in(page: bytes) -> int:
    stamp: int = struct.unpack(">i", page[_STAMP_AT : _STAMP_AT + 4].ljust(4, b"\0"))[0]
    return stamp


class StampedLog:
    """The write-ahead log of the connection that writes. Made where the archive was just opened.

    Raises:
        sqlite3.Error: it cannot be written.
    """

    def __init__(self, handle: sqlite3.Connection) -> None:
        self._handle = handle
        self._begins_with: int | None = int(handle.execute("PRAGMA user_version").fetchone()[0])
        self.must_begin = True
        """Whether ``begin`` has to be called before the next write."""
        self.checkpoint()

    def begin(self) -> None:
        """Write the first page into a log that is empty: it has to come before anything else."""
        if self._begins_with is not None:
            self._set_stamp(self._begins_with)
            self._begins_with = None
            self.must_begin = False

    def checkpoint(self) -> None:
        """Move the log into the file, as far as no reader is in the way; takes milliseconds.

        Only ever from this connection: see ``has_wal_reset_bug``. Raises ``sqlite3.Error``; the log stays.
        """
        self._move("PASSIVE")
        self.begin()

    def empty(self) -> bool:
        """Move the log into the file and cut it off; False if a reader prevents that. Raises as above."""
        return self._move("TRUNCATE")

    def _move(self, how: str) -> bool:
        self.begin()
        stamp = new_stamp()
        self._set_stamp(stamp)
        busy, pages, moved = self._handle.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
        if pages == moved:  # SQLite begins anew with the next write
            self._begins_with = stamp
            self.must_begin = True
        return not busy

    def _set_stamp(self, stamp: int) -> None:
        self._handle.execute(f"PRAGMA user_version={stamp}")


def new_stamp() -> int:
    """A random stamp; never 0, which is that of a file without one."""
    return 1 + secrets.randbelow(0x7FFFFFFE)
