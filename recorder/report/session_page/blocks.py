"""Columns of numbers and blocks of bytes, as a page holds them: little-endian arrays, gzip, base64."""

from __future__ import annotations

import base64
import gzip
import json
import math
import sys
from array import array
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import NamedTuple

_LIMITS = {"B": 0xFF, "H": 0xFFFF, "I": 0xFFFF_FFFF}
_UNKNOWN = {**_LIMITS, "d": math.nan}
_ALIGNED = 8
_EXACT = 2**52  # differences of such whole numbers are exact


class NumberTable:
    """Named arrays of numbers that are written one after the other.

    Args:
        types: the name of each column and its type: B, H, I or d.
    """

    def __init__(self, types: Mapping[str, str]) -> None:
        self._arrays = {name: array(code) for name, code in types.items()}

    def add(self, *row: float | None) -> None:
        """Add a row, a value for each column. None becomes NaN; in whole numbers the largest there is."""
        for column, value in zip(self._arrays.values(), row, strict=True):
            try:
                column.append(_UNKNOWN[column.typecode] if value is None else value)  # type: ignore[arg-type]
            except (TypeError, OverflowError):
                column.append(_fitting(column.typecode, value))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(next(iter(self._arrays.values())))

    def since(self, row: int) -> dict[str, list[float | None]]:
        """The columns from this row on, as JSON has them: NaN is null."""
        return {
            name: [None if value != value else value for value in column[row:]]
            for name, column in self._arrays.items()
        }

    def column(self, name: str) -> array[int] | array[float]:
        """The values of a column."""
        return self._arrays[name]


def _fitting(code: str, value: float | None) -> float | int:
    return max(0, min(int(value or 0), _LIMITS[code]))


def packed(tables: Mapping[str, NumberTable]) -> tuple[dict[str, list[object]], bytes]:
    """The columns of these tables: ``{table_column: [type, offset, length, differs]}``, and their bytes."""
    directory: dict[str, list[object]] = {}
    data = bytearray()
    for table, columns in tables.items():
        for name, column in columns._arrays.items():
            data += bytes(-len(data) % _ALIGNED)
            differs = column.typecode == "d" and all(map(_is_whole, column))
            directory[f"{table}_{name}"] = [column.typecode, len(data), len(column), int(differs)]
            data += _little_endian(_differences(column) if differs else column)
    return directory, bytes(data)


def _is_whole(value: float) -> bool:
    return math.isnan(value) or (abs(value) <= _EXACT and value == int(value))


def _differences(column: Iterable[float]) -> array[float]:
    """Each number less the last that is known. They are whole, so that sums give back the same numbers."""
    last = 0.0
    found = array("d")
    for value in column:
        found.append(value - last)
        last = last if math.isnan(value) else value
    return found


def _little_endian(column: array[int] | array[float]) -> bytes:
    if sys.byteorder == "big":
        column = array(column.typecode, column)
        column.byteswap()
    return column.tobytes()


class Block(NamedTuple):
    """Bytes with a name, compressed by gzip."""

    name: str
    data: bytes

    @property
    def element(self) -> str:
        """The element that holds them. Base64 holds nothing that could end it early."""
        text = base64.b64encode(self.data).decode("ascii")
        return f'<script type="application/octet-stream;base64" id="{self.name}">{text}</script>\n'


def block(name: str, data: bytes) -> Block:
    """A block of these bytes."""
    return Block(name, gzip.compress(data, 8, mtime=0))


def json_block(name: str, data: object) -> Block:
    """A block of this as JSON; half a surrogate pair survives as an escape."""
    return block(name, compact_json(data))


def compact_json(data: object) -> bytes:
    """This as JSON, in ASCII."""
    return json.dumps(data, ensure_ascii=True, separators=(",", ":")).encode()


class Places:
    """Gives each of many values a place in a list, in the order in which they come."""

    def __init__(self, values: Iterable[object] = ()) -> None:
        self._places: dict[object, int] = {}
        for value in values:
            self.of(value)

    def of(self, value: object) -> int:
        """The place of this value, which is added if it is new."""
        return self._places.setdefault(value, len(self._places))

    def __len__(self) -> int:
        return len(self._places)

    def since(self, place: int) -> list[object]:
        """The values from this place on."""
        return list(islice(self._places, place, None))

    @property
    def values(self) -> list[object]:
        """All values, each at its place."""
        return list(self._places)
