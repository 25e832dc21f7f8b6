"""Values in the form in which a driver binds them fastest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Row = tuple[object, ...]


class DriverValues(NamedTuple):
    """Driver-specific NULL, true and false for bulk inserts, and what makes a blob of bytes.

    A row may still hold a plain None where that is rare.
    """

    null: Any
    true: Any
    false: Any
    blob: Callable[[bytes], Any] = bytes

    def boolean(self, value: bool | None) -> Any:
        """How this driver inserts the value fastest."""
        return self.null if value is None else self.true if value else self.false


PYTHON_VALUES = DriverValues(None, True, False)

SQLITE_VALUES = DriverValues(float("nan"), 1, 0, bytearray)
"""``None``, ``bool`` and ``bytes`` make sqlite3 look for an adapter, which takes it ten times as long as
to bind a number; SQLite stores a NaN as NULL."""
