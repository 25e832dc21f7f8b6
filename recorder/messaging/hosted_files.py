"""A file in a dialog, as a message shows it: its caption, or what it is called and of which type it is."""

from __future__ import annotations

from typing import Any, Final

import orjson

HOSTED_FILE: Final = "hosted/file"
HOSTED_FILE_TYPES: Final = frozenset({HOSTED_FILE, "HostedFile"})
"""The content type as frames have it, and as LivePerson's schema writes it."""


def hosted_file(message: object) -> dict[str, Any] | None:
    """The file that the ``message`` of a content event describes: an object, or the JSON text of one."""
    if type(message) is str:
        try:
            message = orjson.loads(message)
        except (ValueError, RecursionError):
            return None
    return message if type(message) is dict else None


def file_caption(file: dict[str, Any]) -> str | None:
    """What was written under it; None where nothing was."""
    caption = file.get("caption")
    return caption if type(caption) is str and caption.strip() else None


def file_text(file: dict[str, Any]) -> str | None:
    """What a file shows: its caption, else "photo.png (PNG)", or what of this is known; None: nothing."""
    path, kind = file.get("relativePath"), file.get("fileType")
    name = path.partition("?")[0].rstrip("/").rpartition("/")[2] if type(path) is str else ""
    kind = kind if type(kind) is str else ""
    if name and kind:
        name = f"{name} ({kind})"
    return file_caption(file) or name or kind or None
