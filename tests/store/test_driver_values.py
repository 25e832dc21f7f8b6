"""Values as a driver binds them fastest are stored as what they stand for."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from recorder.store.driver_values import PYTHON_VALUES, SQLITE_VALUES


@pytest.mark.parametrize("values", [PYTHON_VALUES, SQLITE_VALUES])
def test_sqlite_stores_null_numbers_and_blobs(values):
    with closing(sqlite3.connect(":memory:")) as handle:
        handle.execute("CREATE TABLE t (a, b, c, d BLOB, e)")
        row = (
            values.boolean(None),
            values.boolean(True),
            values.boolean(False),
            values.blob(b"\0x"),
            values.null,
        )
        handle.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)", row)
        assert handle.execute("SELECT *, typeof(d) FROM t").fetchone() == (None, 1, 0, b"\0x", None, "blob")
