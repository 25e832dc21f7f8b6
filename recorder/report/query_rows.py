"""The rows of a query as a table, as CSV, or as one JSON object per line."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import IO, Any

from .layout import Column
from .tables import print_table
from .terminal import safe_text


def plain_rows(rows: Iterable[Sequence[Any]]) -> Iterator[list[str | int | float | None]]:
    """The rows with values that JSON has: bytes as hexadecimal digits after ``0x``, other things as text."""
    for row in rows:
        yield [_plain(value) for value in row]


def _plain(value: Any) -> str | int | float | None:
    if isinstance(value, Decimal):
        if not value.is_finite():
            return str(value)
        return (
            int(value)
            if value == value.to_integral_value() and value.as_tuple().exponent == 0
            else float(value)
        )
    if isinstance(value, bytes | bytearray | memoryview):
        return f"0x{bytes(value).hex()}"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if value is None or isinstance(value, str | int) else str(value)


def print_query_table(stream: IO[str], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table, printed while the rows come; what is null is ``null``."""
    shown = (["null" if value is None else str(value) for value in row] for row in plain_rows(rows))
    print_table(stream, [Column(safe_text(name), least=12, whole=True) for name in columns], shown)


def print_query_csv(stream: IO[str], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """CSV as RFC 4180 has it, a heading first; what is null is an empty cell. Values stay as they are, but
    on a terminal, where they are escaped."""
    writer = csv.writer(stream)
    for row in chain([columns], plain_rows(rows)):
        writer.writerow([_on_terminal(value) for value in row] if stream.isatty() else row)


def _on_terminal(value: str | int | float | None) -> str | int | float | None:
    return safe_text(value) if isinstance(value, str) else value


def query_json(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[dict[str, object]]:
    """An object for each row. Of columns with the same name each after the first has its place behind it."""
    names = list(_distinct(columns))
    for row in plain_rows(rows):
        yield dict(zip(names, row, strict=True))


def _distinct(columns: Sequence[str]) -> Iterator[str]:
    taken = set[str](columns)
    seen = set[str]()
    for place, name in enumerate(columns, 1):
        distinct = name
        while distinct in seen or (distinct != name and distinct in taken):
            distinct = f"{distinct}_{place}"
        yield distinct
        seen.add(distinct)
