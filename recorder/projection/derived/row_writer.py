"""Writes the derived rows of a session in one transaction: those that changed, or all of them in bulk.

Readers see all rows of before or all of after, and a kill leaves those of before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy import Dialect, Table, bindparam, select

from recorder.store.driver_values import PYTHON_VALUES, SQLITE_VALUES, Row
from recorder.store.row_digests import TableDigest
from recorder.store.statements import insert_rows, insert_statement
from recorder.store.tables import DERIVED, projection
from recorder.store.writer import ArchiveWriter

# A rebuild touches each page once if all fit, and sorts an index in memory if its entries do.
_CACHE_KIB = 32 * 1024
_BULK_PRAGMAS = {"foreign_keys": 0, "cache_size": -_CACHE_KIB}


@contextmanager
def derived_rows(writer: ArchiveWriter, session_id: int) -> Iterator[DerivedRows]:
    """A transaction that writes derived rows of a session, and commits them if nothing is raised."""
    with _bulk_pragmas(writer):
        writer.connection.exec_driver_sql(writer.begin)
        yield DerivedRows(writer, session_id)
        writer.connection.exec_driver_sql("COMMIT")


@contextmanager
def _bulk_pragmas(writer: ArchiveWriter) -> Iterator[None]:
    """Turn SQLite's foreign keys off: the session of the rows was checked already.

    With them it looks at each row that it deletes, instead of dropping pages. SQLite ignores this pragma
    while a transaction is open, so the transaction has to be over before it is set back.
    """
    usual = {} if writer.sqlite is None else _set_pragmas(writer.sqlite, _BULK_PRAGMAS)
    try:
        yield
    except BaseException:
        writer.rollback()
        raise
    finally:
        if writer.sqlite is not None:
            _set_pragmas(writer.sqlite, usual)


def _set_pragmas(handle: sqlite3.Connection, pragmas: Mapping[str, int]) -> dict[str, int]:
    """Set these pragmas; returns what they were."""
    before = {name: int(handle.execute(f"PRAGMA {name}").fetchone()[0]) for name in pragmas}
    for name, value in pragmas.items():
        handle.execute(f"PRAGMA {name}={value}")
    return before


class DerivedRows:
    """Writes derived rows of one session, within a transaction.

    Attributes:
        values: NULL, true and false as this driver inserts them fastest.
    """

    def __init__(self, writer: ArchiveWriter, session_id: int) -> None:
        self._connection = writer.connection
        self._session_id = session_id
        self._sqlite = writer.sqlite
        self._dialect = writer.connection.dialect
        self._only_session = False
        self._digests: dict[str, TableDigest] = {}
        self.values = PYTHON_VALUES if self._sqlite is None else SQLITE_VALUES

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """Remove all rows of the session, and let the block insert new ones.

        Where an SQLite file holds derived rows of no other session, the indices are made afterwards: rows
        come in the order of their keys, not in that of the indices.
        """
        only_session = self._sqlite is not None and not self._has_other_sessions()
        indices = [index for table in DERIVED for index in table.indexes] if only_session else []
        for index in indices:
            index.drop(self._connection)
        self._only_session = only_session
        self.clear(*DERIVED)
        yield
        for index in indices:
            index.create(self._connection)

    def clear(self, *tables: Table) -> None:
        """Remove all rows of the session from these tables; only in bulk."""
        for table in tables:
            # Without a condition SQLite drops whole pages instead of looking at rows.
            self._delete(table, () if self._only_session else (self._session_id,))
            self._digests[table.name] = TableDigest()

    def _has_other_sessions(self) -> bool:
        other = select(projection.c.session_id).where(projection.c.session_id != self._session_id).limit(1)
        return self._connection.execute(other).first() is not None

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows, in the order of the key."""
        statement = insert_statement(self._dialect, table, tuple(table.columns.keys()))
        if self._sqlite is not None:
            insert_rows(self._sqlite, statement, rows)
        elif rows:
            self._connection.exec_driver_sql(statement.sql, list(rows))
        digest = self._digests.get(table.name)
        if digest is not None:
            digest.add(rows)

    def digests(self) -> dict[str, bytes]:
        """The digests of tables that hold only what was inserted since they were cleared, by name.

        To read the rows again for them would take as long as to write them (tests/benchmarks/rebuild.py).
        ``verify`` does read them, and ``tests/projection/derived/test_refresh.py`` holds the two equal.
        """
        return {name: digest.value() for name, digest in self._digests.items()}

    def replace(self, table: Table, key: Row, rows: Sequence[Row]) -> None:
        """Replace the rows whose key begins with ``key`` by these."""
        self._digests.pop(table.name, None)
        self._delete(table, key)
        self.insert(table, rows)

    def _delete(self, table: Table, key: Row) -> None:
        self._connection.exec_driver_sql(_delete_from(self._dialect, table, len(key)), key)


# Compiling a statement takes longer than writing the rows of a short session.
@lru_cache
def _delete_from(dialect: Dialect, table: Table, keys: int) -> str:
    """DELETE by the first columns of the key."""
    columns = list(table.primary_key.columns)[:keys]
    delete = table.delete().where(*(column == bindparam(column.name) for column in columns))
    return str(delete.compile(dialect=dialect))
