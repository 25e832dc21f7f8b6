"""Files we write for others: there whole or not at all, and for their owner's eyes only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(file: Path) -> Iterator[BinaryIO]:
    """A new file (mode 0600) that takes the place of ``file`` once it is whole and on disk.

    A device or a pipe, ``/dev/null`` or ``/dev/stdout`` say, is written to instead: nothing takes its place.

    Raises:
        OSError: it cannot be written. What was there before is untouched.
    """
    if _is_no_file(file):
        with file.open("wb") as stream:
            yield stream
        return
    descriptor, path = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # made with mode 0600
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
    """Whether something else stands there that takes what is written; a directory does not."""
    if file.absolute().parts[1:2] in (("dev",), ("proc",)):
        return True
    return file.exists() and not file.is_file() and not file.is_dir()
