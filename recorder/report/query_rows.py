"""The rows of a query as a table, as CSV, or as one JSON object per line."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain, islice
from types import MappingProxyType
from typing import IO, Any

from .layout import Column
from .tables import print_table
from .terminal import safe_text

_FIRST_ROWS = 100
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


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
    """A table, printed while the rows come; what is null is ``null``.

    Columns whose first values are numbers are aligned to the right. Bytes that are text are shown as text.
    """
    coming = iter(rows)
    first = list(islice(coming, _FIRST_ROWS))
    shown = (
        ["null" if value is None else str(value) for value in row]
        for row in plain_rows(map(_with_texts, chain(first, coming)))
    )
    numbers = [_are_numbers(values) for values in zip(*first, strict=True)] or [False] * len(columns)
    headings = [
        Column(safe_text(name), right=right, least=12, whole=True)
        for name, right in zip(columns, numbers, strict=True)
    ]
    print_table(stream, headings, shown)


def _are_numbers(values: Iterable[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in known
    )


def _with_texts(row: Sequence[Any]) -> list[Any]:
    return [_text_of(value) if isinstance(value, bytes | memoryview) else value for value in row]


def _text_of(value: bytes | memoryview) -> str | bytes:
    data = bytes(value)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    return text if data and _CONTROLS.search(text) is None else data


def print_query_csv(stream: IO[str], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """CSV as RFC 4180 has it, a heading first; what is null is an empty cell. Values stay as they are, but
    on a terminal, where they are escaped."""
    writer = csv.writer(stream)
    for row in chain([columns], plain_rows(rows)):
        writer.writerow([_on_terminal(value) for value in row] if stream.isatty() else row)


def _on_terminal(value: str | int | float | None) -> str | int | float | None:
    return safe_text(value) if isinstance(value, str) else value


def query_json(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    former: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[dict[str, object]]:
    """An object for each row. Of columns with the same name each after the first has its place behind it.

    ``former``: column → the name that it had; its value stands under that as well.
    """
    names = list(_distinct(columns))
    for row in plain_rows(rows):
        line: dict[str, object] = dict(zip(names, row, strict=True))
        yield line | {old: line[name] for name, old in former.items() if name in line}


def _distinct(columns: Sequence[str]) -> Iterator[str]:
    taken = set[str](columns)
    seen = set[str]()
    for place, name in enumerate(columns, 1):
        distinct = name
        while distinct in seen or (distinct != name and distinct in taken):
            distinct = f"{distinct}_{place}"
        yield distinct
        seen.add(distinct)
