"""CSV (RFC 4180) that a spreadsheet opens as data: a text that it would run as a formula is marked as text.

As OWASP's "CSV Injection" has it, an apostrophe stands before a text that begins with ``= + - @``, their
full-width forms, a tab or a carriage return, also behind blanks.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

Value = str | int | float | None

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """A heading and its rows; None is an empty cell, and a short row is filled up with them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    for row in rows:
        cells = ["" if cell is None else _harmless(cell) for cell in row]
        writer.writerow(cells + [""] * (len(head) - len(cells)))
    return text.getvalue()


def _harmless(cell: Value) -> Value:
    """Numbers as they are; a text that a spreadsheet would run as a formula, with an apostrophe before it."""
    if isinstance(cell, str) and (cell.lstrip().startswith(_FORMULA) or cell.startswith(("\t", "\r", "\n"))):
        return f"'{cell}"
    return cell
