"""Writes output files atomically, with mode 0600 where they hold what people wrote."""

from __future__ import annotations

import io
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from recorder.errors import BadOption, OutputFailed, disk_problem

_SQLITE = b"SQLite format 3\0"


def check_place(option: str, file: Path) -> None:
    """Check that a file can be written, before the work whose result goes there.

    Raises:
        BadOption: it cannot; names ``option``.
    """
    if not file.parent.is_dir():
        raise BadOption(option, f"there is no directory {file.parent}")
    if file.is_dir():
        raise BadOption(option, f"{file} is a directory")
    if not os.access(file.parent, os.W_OK) and not os.access(file, os.W_OK):
        raise BadOption(option, f"nothing can be written in {file.parent}")
    _refuse_database(option, file)


def save(text: str, file: Path, *, option: str = "--output", private: bool = True) -> None:
    """Write a text to a file, whole or not at all; ``private`` as for ``save_lines``.

    Raises:
        BadOption: it cannot be written there.
        OutputFailed: the disk did not take it.
    """
    save_lines([text.encode("utf-8", errors="backslashreplace")], file, option=option, private=private)


def save_lines(lines: Iterable[bytes], file: Path, *, option: str = "--output", private: bool = True) -> None:
    """Write lines to a file, whole or not at all; mode 0600 unless it is not ``private``.

    Raises:
        BadOption: it cannot be written there.
        OutputFailed: the disk did not take it.
    """
    _refuse_database(option, file)
    try:
        with replacing(file) as stream:
            stream.writelines(lines)
            if not private:
                _share(stream.fileno())
    except OSError as problem:
        failed = disk_problem(problem)
        if failed is not None:
            raise OutputFailed(str(file), failed) from None
        raise BadOption(option, f"cannot write {file}: {problem.strerror or problem}") from None


def _share(descriptor: int) -> None:
    """Give a new file the mode that the umask leaves to it, as any program's output has."""
    umask = os.umask(0o077)
    os.umask(umask)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, 0o666 & ~umask)


_NO_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can say: the same files give the same bytes whenever they are packed."""


def save_zip(members: Mapping[str, Path | bytes], file: Path, *, option: str = "--output") -> None:
    """Write these files or bytes to a zip file (mode 0600) under their names, whole or not at all.

    Raises:
        BadOption: it cannot be written there.
        OutputFailed: the disk did not take it.
    """
    with tempfile.TemporaryFile() as spool:
        with zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in members.items():
                info = zipfile.ZipInfo(name, _NO_DATE)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o600 << 16
                with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as source:
                    info.file_size = source.seek(0, os.SEEK_END)  # tells whether ZIP64 is wanted
                    source.seek(0)
                    with packed.open(info, "w") as member:
                        shutil.copyfileobj(source, member)
        spool.seek(0)
        save_lines(iter(partial(spool.read, 1 << 20), b""), file, option=option)


def _refuse_database(option: str, file: Path) -> None:
    """Refuse to overwrite an SQLite file: a mistyped name would destroy an archive."""
    with suppress(OSError):
        if not file.is_file():
            return
        with file.open("rb") as stream:
            if stream.read(len(_SQLITE)) == _SQLITE:
                raise BadOption(option, f"{file} is a database; it is not overwritten")


@contextmanager
def replacing(file: Path) -> Iterator[BinaryIO]:
    """A new file (mode 0600) that takes the place of ``file`` once it is whole and on disk.

    A device or a pipe, such as ``/dev/null`` or ``/dev/stdout``, is written to directly; of a symbolic link,
    what it leads to is replaced.

    Raises:
        OSError: it cannot be written. What was there before is untouched.
    """
    if _is_no_file(file):
        with file.open("wb") as stream:
            yield stream
        return
    if file.is_symlink():
        with suppress(FileNotFoundError):
            file.stat()  # refuses a link that leads to itself
        file = file.resolve()
    descriptor, path = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:50]}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(descriptor)
        Path(path).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(path).unlink()
        raise


def _is_no_file(file: Path) -> bool:
    """Whether the path is a device or a pipe, which can be written to but not replaced."""
    if file.absolute().parts[1:2] in (("dev",), ("proc",)):
        return True
    return file.exists() and not file.is_file() and not file.is_dir()
