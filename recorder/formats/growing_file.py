"""A capture that another program is still writing: its end comes when the writer has ended."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from .capture_file import CaptureFile


class GrowingFile(CaptureFile):
    """A file on disk that grows while it is read.

    Args:
        path: where it is; it has to exist.
        is_ended: whether the program that writes it has ended.
        wait: called where nothing more is there yet; returns after a while.
    """

    def __init__(self, path: Path, *, is_ended: Callable[[], bool], wait: Callable[[], None]) -> None:
        self._bytes = path.open("rb")
        super().__init__(str(path), self._bytes)
        self._is_ended = is_ended
        self._wait = wait

    def open(self) -> BinaryIO:
        """The content from its start, as far as it will ever come. One at a time."""
        self._bytes.seek(0)
        return cast(BinaryIO, _GrowingStream(self._bytes, self._is_ended, self._wait))

    def close(self) -> None:
        """Close the file."""
        self._bytes.close()


class _GrowingStream(io.RawIOBase):
    """Reads what is there; waits at the end of the file until its writer has ended."""

    def __init__(self, stream: BinaryIO, is_ended: Callable[[], bool], wait: Callable[[], None]) -> None:
        self._stream = stream
        self._is_ended = is_ended
        self._wait = wait

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """At least one byte, unless none is asked for; none at the end."""
        while size:
            ended = self._is_ended()  # asked before reading: what was written before it ended is then there
            if data := self._stream.read(size):
                return data
            if ended:
                return b""
            self._wait()
        return b""
