"""How texts are compared when they are looked for, and which of a session are indexed to be found."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from recorder.store import search_index
from recorder.store.reader import Reader

from .text_columns import decode_text


def folded(text: str) -> str:
    """The text as it is compared: upper and lower case alike, and what looks and means the same (NFKC).

    ``"STRASSE"`` and ``"straße"`` are one; so are wide and usual letters, and é in one character or two.
    """
    if text.isascii():
        return text.lower()
    # Twice, because folding the case may bring forth what can be composed, and the reverse.
    once = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", once).casefold()


# The longest first: of a long session the rest is never read.
_TEXTS = tuple(
    f"SELECT {column} FROM {table} WHERE session_id = ? AND {column} IS NOT NULL"  # noqa: S608 - our own names
    for table, column in (
        ("message", "text"),
        ("content", "text"),
        ("dialog", "dialog"),
        ("dialog", "conversation"),
        ("participant", "participant"),
        ("participant", "name"),
        ("request", "request_id"),
        ("request", "type"),
        ("request", "code"),
        ("message", "type"),
        ("message", "dialog"),
        ("connection", "close_code"),
        ("connection", "response_status"),
    )
)


def index_session(writer: Reader, session_id: int) -> None:
    """Index the derived rows of a session that were just written, within their transaction."""
    search_index.write(writer, session_id, _texts(writer, session_id))


def _texts(reader: Reader, session_id: int) -> Iterator[str]:
    for select in _TEXTS:
        for (value,) in reader.run(select, session_id):
            yield folded(decode_text(value) or "" if isinstance(value, str) else str(value))
