"""Text as every database can hold it."""

from __future__ import annotations


def storable(text: str) -> str:
    """Text that every database can store: NULs and lone surrogates become backslash escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
