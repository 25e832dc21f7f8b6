"""A file to import, opened: its first bytes, its content from the start, and what lies beside it.

What is compressed is read as what is inside: by gzip, and a zip that holds one file, one HAR or a bundled
session. Pipes and standard input are spooled into a temporary file first.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import stat
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, cast

from recorder.counted import counted
from recorder.errors import BadCapture

BEGINNING = 1 << 16
"""How many bytes of a file tell what it is."""

BUNDLED_SESSION, BUNDLED_VERSIONS = "session.jsonl", "versions.json"
"""The two files by which a zip file is known as a bundle: its session, and what made it."""

_BLOCK = 1 << 20
_INFLATED_LIMIT = 1 << 30
_INFLATED_RATIO = 100
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FILE_NAME = re.compile(r"[^/\\\0]{1,255}")
_OF_THE_SYSTEM = re.compile(r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")
"""What macOS and Windows add to a zip file of their own."""


class FilePosition(NamedTuple):
    """How far a file has been read, in bytes of ``size``."""

    read: int
    size: int


class CaptureFile:
    """One file to import. ``opened`` makes it.

    Attributes:
        name: what to call it in errors.
    """

    def __init__(self, name: str, stream: BinaryIO, folder: Path | None = None) -> None:
        self.name = name
        self._stream = stream
        self._folder = folder
        self._size = stream.seek(0, os.SEEK_END)
        self._current: _Unpacked | None = None

    @cached_property
    def beginning(self) -> bytes:
        """The first ``BEGINNING`` bytes of the content, without a byte order mark."""
        return self.open().read(BEGINNING).removeprefix(_BYTE_ORDER_MARK)

    @cached_property
    def members(self) -> tuple[str, ...]:
        """The names in a zip file; () if it is none."""
        return tuple(self._zip.namelist()) if self._zip is not None else ()

    @property
    def others(self) -> tuple[str, ...]:
        """The files of a zip file beside the HAR that is read for it, which may name them; else ()."""
        content = self._content_member
        is_har = content is not None and content != BUNDLED_SESSION
        return tuple(name for name in self._packed_files if name != content) if is_har else ()

    @property
    def path(self) -> Path | None:
        """Where it is, for a program that reads it; None if it came by a pipe or is packed."""
        packed = self._is_gzip or self._content_member is not None
        return None if self._folder is None or packed else Path(self.name)

    def digest(self) -> str:
        """SHA-256 of the content, in hex. Of a zip file with several members it is that of the file."""
        digest = hashlib.sha256()
        content = self.open()
        while block := content.read(_BLOCK):
            digest.update(block)
        return digest.hexdigest()

    def open(self) -> BinaryIO:
        """The content from its start, unpacked. One at a time: it ends what an earlier call gave.

        Reading raises ``BadCapture`` where the compression is broken.
        """
        self._current = None
        if self._content_member is not None:
            return self.open_member(self._content_member)
        compressed = self._is_gzip
        self._stream.seek(0)
        if not compressed:
            return self._stream
        unpacked = gzip.GzipFile(fileobj=self._stream, mode="rb")
        return _buffered(_Unpacked(self.name, unpacked, packed_size=self._size))

    def open_member(self, name: str) -> BinaryIO:
        """One file of a zip file. Raises ``BadCapture`` if it is damaged, encrypted, several or not
        there."""
        whole = cast(zipfile.ZipFile, self._zip)
        if self.members.count(name) > 1:
            raise BadCapture(self.name, f"{name} is in the zip file {self.members.count(name)} times")
        try:
            member = whole.open(name)
        except (KeyError, *_FAULTS) as fault:
            raise BadCapture(self.name, f"{name} in the zip file cannot be read ({_words(fault)})") from None
        size = whole.getinfo(name).compress_size
        unpacked = _Unpacked(f"{self.name}, {name}", member, packed_size=size)
        if name == self._content_member:
            self._current = unpacked
        return _buffered(unpacked)

    @contextmanager
    def open_external(self, name: str) -> Iterator[BinaryIO | None]:
        """A file named by this one, in its folder or zip file and nowhere else; None if there is none."""
        if self._zip is not None:
            found = self._external_member(name)
            yield self.open_member(found) if found is not None else None
            return
        path = None if self._folder is None else self._folder / name
        if path is None or not _FILE_NAME.fullmatch(name) or name in (".", "..") or not path.is_file():
            yield None
            return
        with path.open("rb") as stream:
            yield stream

    def position(self) -> FilePosition:
        """How far the stream given by ``open`` was read."""
        if self._current is None or self._zip is None or self._content_member is None:
            return FilePosition(self._stream.tell(), self._size)
        return FilePosition(self._current.count, self._zip.getinfo(self._content_member).file_size)

    def _external_member(self, name: str) -> str | None:
        folder = (self._content_member or "").rpartition("/")[0]
        path = f"{folder}/{name}" if folder else name
        return path if path in self.members else None

    @cached_property
    def _is_gzip(self) -> bool:
        self._stream.seek(0)
        return self._stream.read(2) == b"\x1f\x8b"

    @cached_property
    def _zip(self) -> zipfile.ZipFile | None:
        self._stream.seek(0)
        if self._stream.read(4) != b"PK\x03\x04":
            return None
        try:
            return zipfile.ZipFile(self._stream)
        except _FAULTS as fault:
            raise BadCapture(self.name, f"the zip file is damaged ({_words(fault)})") from None

    @cached_property
    def _packed_files(self) -> list[str]:
        """What was packed into a zip file, without what the system of whoever packed it has added."""
        return [name for name in self.members if not name.endswith("/") and not _OF_THE_SYSTEM.search(name)]

    @cached_property
    def _content_member(self) -> str | None:
        """The member that is read for the zip file: the only one, a bundle's session, or the only HAR."""
        files = self._packed_files
        hars = [name for name in files if name.lower().endswith(".har")]
        bundled = [BUNDLED_SESSION] if {BUNDLED_SESSION, BUNDLED_VERSIONS} <= set(files) else []
        return next((names[0] for names in (files, bundled, hars) if len(names) == 1), None)


@contextmanager
def opened(file: Path, *, hint: str | None = None) -> Iterator[CaptureFile]:
    """Open a file to import; ``-`` is standard input. ``hint`` is what to try where it is missing.

    Raises:
        BadCapture: it is not there, cannot be read, or is neither a file nor a pipe.
    """
    if str(file) == "-":
        with _spooled(sys.stdin.buffer) as spool:
            yield CaptureFile("-", spool)
        return
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            raise BadCapture(str(file), "it is a directory", hint="name the files in it")
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise BadCapture(str(file), "it is no regular file")
        stream = file.open("rb")
    except FileNotFoundError:
        raise BadCapture(str(file), "there is no such file", hint=hint) from None
    except OSError as error:
        raise BadCapture(str(file), f"it cannot be read ({error.strerror})") from None
    with stream:
        if stat.S_ISFIFO(mode):
            with _spooled(stream) as spool:
                yield CaptureFile(str(file), spool)
        else:
            yield CaptureFile(str(file), stream, file.parent)


@contextmanager
def _spooled(stream: BinaryIO) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as spool:
        while block := stream.read(_BLOCK):
            spool.write(block)
        yield cast(BinaryIO, spool)


# What zipfile and gzip raise for what they cannot read.
_FAULTS = (
    zipfile.BadZipFile,
    RuntimeError,  # encrypted; compressed in a way zipfile has not (NotImplementedError is one)
    OSError,
    zlib.error,
    EOFError,
    ValueError,
)


def _buffered(unpacked: _Unpacked) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(unpacked))


def _words(fault: BaseException) -> str:
    return str(fault).strip("'\"") or type(fault).__name__


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Unpacked(io.RawIOBase):
    """What comes out of a compressed stream, counted, as far as it is no bomb."""

    def __init__(self, name: str, stream: _Readable, *, packed_size: int) -> None:
        self._name = name
        self._stream = stream
        self._limit = max(_INFLATED_LIMIT, _INFLATED_RATIO * packed_size)
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # memory, as given
        try:
            block = self._stream.read(len(buffer))
        except _FAULTS as fault:
            problem = f"its compression is broken after {counted(self.count, 'byte')} ({_words(fault)})"
            raise BadCapture(self._name, problem) from None
        self.count += len(block)
        if self.count > self._limit:
            problem = f"it unpacks to more than {self._limit >> 20} MiB, {_INFLATED_RATIO} times its size"
            raise BadCapture(self._name, problem)
        buffer[: len(block)] = block
        return len(block)
