"""Files that clients upload and fetch by the addresses the service hands out, kept for as long as it runs.

An address is good for a minute, and only as it was handed out. The signature keeps no secret: it is there
so that a client finds out that it mixed up its addresses, or took too long.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

PATH = "/v1/AUTH_async-images/"
MOST_KEPT = 64 * 1024 * 1024
"""Bytes of all files together; the oldest go first."""


class File(NamedTuple):
    """What was uploaded, and what it was said to be."""

    data: bytes
    content_type: str


class Shelf:
    """The files, by path."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}
        self._size = 0

    def put(self, path: str, file: File) -> None:
        """Keep a file, in the place of an earlier one of that path."""
        self._drop(path)
        self._files[path] = file
        self._size += len(file.data)
        while self._size > MOST_KEPT:
            self._drop(next(iter(self._files)))

    def get(self, path: str) -> File | None:
        """The file of that path, if it is still there."""
        return self._files.get(path)

    def _drop(self, path: str) -> None:
        old = self._files.pop(path, None)
        self._size -= 0 if old is None else len(old.data)


def signature_of(path: str, expires: str) -> str:
    """What ``temp_url_sig`` must be for that path and ``temp_url_expires``: 40 hex digits."""
    return hashlib.sha256(f"{path}\n{expires}".encode(errors="surrogatepass")).hexdigest()[:40]


def is_good(path: str, *, signature: str, expires: str, now_s: float) -> bool:
    """Whether an address was handed out like that, and its time is not over."""
    written = expires.isascii() and expires.isdecimal() and len(expires) <= 12
    return written and now_s <= int(expires) and signature == signature_of(path, expires)
