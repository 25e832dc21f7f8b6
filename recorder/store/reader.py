"""Connections that answer queries, of a file or of a server: one way to run SQL on both.

Loads no database library: a file is read by way of the driver in Python's standard library alone.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any, Literal, Protocol

from .db_errors import FILE_ERRORS


class Rows(Protocol):
    """The answer to a query: rows as the driver has them, taken as they are asked for."""

    def __iter__(self) -> Iterator[Any]: ...

    def fetchone(self) -> Any:
        """The next row; None if there is none."""
        ...

    def fetchmany(self, size: int = ..., /) -> Sequence[Any]:
        """Up to so many of the next rows."""
        ...

    def fetchall(self) -> Sequence[Any]:
        """All other rows."""
        ...

    def close(self) -> object:
        """Let go of the rows that were not taken."""
        ...


class Reader(ABC):
    """A connection that answers queries.

    Attributes:
        dialect: which database it is.
        errors: what a query may raise.
    """

    dialect: Literal["sqlite", "postgresql"]
    errors: tuple[type[Exception], ...]

    @abstractmethod
    def run(self, sql: str, *parameters: object, stream: bool = False) -> Rows:
        """Run SQL whose parameters are marked ``?``. Values come as the driver has them.

        ``stream``: the answer may be longer than fits in memory; only within ``one_state``.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connection."""

    def value(self, sql: str, *parameters: object) -> Any:
        """The first column of the one row that answers a query."""
        with closing(self.run(sql, *parameters)) as rows:
            return rows.fetchone()[0]

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Within the block all queries see the database as of one moment."""
        self.run("BEGIN")
        try:
            yield
        except BaseException:
            with suppress(*self.errors):
                self.run("ROLLBACK")
            raise
        self.run("COMMIT")


_HAS_PLANS = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE name = 'receipt_plan'",
    "postgresql": "SELECT count(to_regclass('receipt_plan'))",
}


def has_plans(reader: Reader) -> bool:
    """Whether there is the table of planned receipts, which an archive of schema 0006 lacks."""
    return bool(reader.value(_HAS_PLANS[reader.dialect]))


class FileReader(Reader):
    """The driver's connection to an archive file.

    Attributes:
        handle: that connection.
    """

    dialect = "sqlite"
    errors = FILE_ERRORS

    def __init__(self, handle: sqlite3.Connection) -> None:
        self.handle = handle

    def run(self, sql: str, *parameters: object, stream: bool = False) -> Rows:
        """As ``Reader.run``; every answer is streamed."""
        return self.handle.execute(sql, parameters)

    def close(self) -> None:
        """Close the connection."""
        self.handle.close()
