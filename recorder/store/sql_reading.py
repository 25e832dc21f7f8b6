"""Somebody's own SQL on an archive, which may read and nothing else, for a limited time.

The connection is one of its own: nothing that a query does to it is there afterwards.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from recorder.errors import ArchiveUnusable, BadOption, InputUnusable

from .archive import Archive
from .sqlitefile import open_reader

if TYPE_CHECKING:
    import psycopg

IsOver = Callable[[], bool]
"""Whether a query is to end: its time is over, or somebody stopped it."""

OnStop = Callable[[Callable[[], None]], None]
"""Takes what is to be called when somebody stops it."""

_STEPS = 20_000
"""Steps of SQLite's machine between two looks at the clock: some milliseconds."""

_LONGEST = 64 << 20
"""Bytes of the longest value: SQLite looks at no clock while it makes one, nor we while we print it."""

_READS = {
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE,
}  # fmt: skip
_PRAGMAS = {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "foreign_key_list"}
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_FORBIDDEN_FUNCTIONS = {"load_extension", "fts3_tokenizer", "writefile", "edit"}
_BEGINNINGS = ("select", "with", "values", "table")
_CANCELLED, _READ_ONLY = "57014", "25006"  # SQLSTATE

_WORD = re.compile(r"[^\W\d][\w$]*")
"""What may be the name of a function in a query, also where it stands in a text or a comment."""

_SPELT_IN_CODES = re.compile(r'\bu&"', re.IGNORECASE)
"""A name whose letters are written as numbers: nobody can see what it calls."""

_VOLATILE = (
    "SELECT proname FROM pg_catalog.pg_proc WHERE provolatile = 'v' AND prokind <> 'a'"
    " AND proname = ANY(%s) ORDER BY proname LIMIT 1"
)
_HARMLESS = ("random", "clock_timestamp", "timeofday", "gen_random_uuid", "pg_sleep")


class QueryOver(InputUnusable):
    """A query was ended before it was done."""


class QueryAnswer(NamedTuple):
    """The columns of a query, and its rows, read while they are iterated over.

    ``rows`` raises ``BadOption`` where the query fails, ``QueryOver`` where it is ended.
    """

    columns: Sequence[str]
    rows: Iterator[Sequence[Any]]


def query_answer(
    where: str, sql: str, *, time_limit_s: float, is_over: IsOver, on_stop: OnStop
) -> AbstractContextManager[QueryAnswer]:
    """Run a query on an archive, within the block.

    Raises:
        NotFound, ArchiveUnusable: there is no archive that this program can read.
        BadOption: the query is none, is several, fails, or would do more than read.
        QueryOver: it was ended.
    """
    with Archive.open(where, mode="read") as archive:
        path, address = archive.path, archive.address
    if path is not None:
        return _on_file(path, sql, is_over)
    return _on_server(address, sql, time_limit_s, is_over, on_stop)


def _failed(problem: str) -> BadOption:
    hint = "recorder guide archive shows the tables; recorder sql lists queries that are there"
    return BadOption("QUERY", problem.strip().splitlines()[0].rstrip("."), hint=hint)


def _no_rows() -> BadOption:
    return _failed("it asks for nothing")


def _encoded(sql: str) -> bytes:
    try:
        return sql.encode()
    except UnicodeEncodeError:
        raise _failed("it is not UTF-8") from None


# --- SQLite ---------------------------------------------------------------------------------------------


@contextmanager
def _on_file(path: Path, sql: str, is_over: IsOver) -> Iterator[QueryAnswer]:
    with closing(open_reader(path)) as reader:
        handle = reader.handle
        handle.text_factory = lambda data: data.decode("utf-8", "replace")
        handle.set_authorizer(_allows)
        handle.set_progress_handler(is_over, _STEPS)
        handle.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        _encoded(sql)
        with _sqlite_errors(path, is_over):
            cursor = handle.execute(sql)
        if cursor.description is None:
            raise _no_rows()
        with closing(_rows_of(cursor, path, is_over)) as rows:
            yield QueryAnswer([each[0] for each in cursor.description], rows)


def _rows_of(cursor: sqlite3.Cursor, path: Path, is_over: IsOver) -> Generator[Sequence[Any], None, None]:
    with _sqlite_errors(path, is_over):
        yield from cursor


@contextmanager
def _sqlite_errors(path: Path, is_over: IsOver) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_INTERRUPT and is_over():
            raise QueryOver("the query was ended") from None
        if code == sqlite3.SQLITE_AUTH:
            raise _failed("it may only read") from None
        if code is not None and code & 0xFF in _DAMAGED:
            raise ArchiveUnusable(str(path), "the file is damaged") from None
        if code == sqlite3.SQLITE_TOOBIG:
            raise _failed(f"a value in it is longer than {_LONGEST >> 20} MiB") from None
        raise _failed(str(error)) from None


def _allows(action: int, first: str | None, second: str | None, _: str | None, __: str | None) -> int:
    """Whether SQLite may do this while it runs the query; called when it is compiled."""
    if action == sqlite3.SQLITE_FUNCTION and second in _FORBIDDEN_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    if action in _READS or (action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


# --- PostgreSQL -----------------------------------------------------------------------------------------


@contextmanager
def _on_server(
    address: str, sql: str, time_limit_s: float, is_over: IsOver, on_stop: OnStop
) -> Iterator[QueryAnswer]:
    import psycopg

    if not sql.lstrip(" \t\r\n(").lower().startswith(_BEGINNINGS):
        raise _failed(f"it has to begin with {', '.join(_BEGINNINGS).upper()}")
    server = address.replace("postgresql+psycopg://", "postgresql://", 1)
    with closing(psycopg.connect(server, autocommit=True, application_name="recorder")) as connection:
        on_stop(connection.cancel)
        connection.execute("BEGIN")
        connection.execute("SET TRANSACTION READ ONLY")
        connection.execute(f"SET LOCAL statement_timeout = {max(1, round(time_limit_s * 1000))}")
        _refuse_side_effects(connection, sql)
        # Its protocol takes no more than one statement, and sends rows as they are asked for.
        with connection.cursor("query") as cursor:
            with _server_errors():
                cursor.execute(_encoded(sql))
            columns = [each.name for each in cursor.description or ()]
            with closing(_rows_of_server(cursor, is_over)) as rows:
                yield QueryAnswer(columns, rows)


def _refuse_side_effects(connection: psycopg.Connection[Any], sql: str) -> None:
    """Refuse functions that a transaction that only reads may call, and that do more: they write files of
    the server, end its processes, change its settings."""
    called = {word.lower() for word in _WORD.findall(sql)}
    found = connection.execute(_VOLATILE, [sorted(called.difference(_HARMLESS))]).fetchone()
    if found is not None:
        raise _failed(f"it may only read, and {found[0]} can do more")
    if _SPELT_IN_CODES.search(sql):
        raise _failed('it may only read, and what a name in U&"" stands for cannot be seen')


def _rows_of_server(
    cursor: psycopg.ServerCursor[Any], is_over: IsOver
) -> Generator[Sequence[Any], None, None]:
    with _server_errors():
        for row in cursor:
            if is_over():  # the server's limit is for each part of the rows anew
                raise QueryOver("the query was ended")
            yield row


@contextmanager
def _server_errors() -> Iterator[None]:
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate == _CANCELLED:
            raise QueryOver("the query was ended") from None
        if error.sqlstate == _READ_ONLY:
            raise _failed("it may only read") from None
        raise _failed(str(error)) from None
