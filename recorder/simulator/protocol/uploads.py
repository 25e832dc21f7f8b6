"""Uploaded files, in memory while the simulator runs, and the signed URLs that lead to them.

A URL is valid for a minute, and only exactly as it was generated. The signature protects no secret: it
shows a client that it mixed up its URLs, or came too late.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

PATH = "/v1/AUTH_async-images/"
MAX_STORED_BYTES = 64 * 1024 * 1024
"""Bytes of all files together; the oldest are dropped first."""


class UploadedFile(NamedTuple):
    """The bytes of an upload and the Content-Type they were sent with."""

    data: bytes
    content_type: str


class UploadStore:
    """Uploaded files by path, at most ``MAX_STORED_BYTES`` in all."""

    def __init__(self) -> None:
        self._files: dict[str, UploadedFile] = {}
        self._size = 0

    def put(self, path: str, file: UploadedFile) -> None:
        """Store a file, replacing an earlier one at that path."""
        self._drop(path)
        self._files[path] = file
        self._size += len(file.data)
        while self._size > MAX_STORED_BYTES:
            self._drop(next(iter(self._files)))

    def get(self, path: str) -> UploadedFile | None:
        """The file at that path; None if there was none or it was dropped."""
        return self._files.get(path)

    def _drop(self, path: str) -> None:
        old = self._files.pop(path, None)
        self._size -= 0 if old is None else len(old.data)


def url_signature(path: str, expires: str) -> str:
    """``temp_url_sig`` for that path and ``temp_url_expires``: 40 hex digits."""
    return hashlib.sha256(f"{path}\n{expires}".encode(errors="surrogatepass")).hexdigest()[:40]


def is_valid_url(path: str, *, signature: str, expires: str, now_s: float) -> bool:
    """Whether the signature fits path and expiry, and the expiry is not over."""
    is_number = expires.isascii() and expires.isdecimal() and len(expires) <= 12
    return is_number and now_s <= int(expires) and signature == url_signature(path, expires)
