"""PostgreSQL archives: URLs, connections, and the advisory locks of sessions being written."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from recorder.errors import ArchiveUnusable, BadOption, StorageFailed

from .db_errors import diagnose
from .reader import Reader, Rows
from .write_errors import DATABASE_ERRORS

# An advisory lock has 64 bits: here the number of our table ``frame``, which tells archives in one
# database apart, and the row number of the session.
_KEY = "('frame'::regclass::oid::bigint << 32) | %s"
_SCHEMA_LOCK = 0x554D5352
_CONNECT_TIMEOUT_S = 5


class ServerReader(Reader):
    """SQLAlchemy's connection to a server: it notices when that is lost."""

    dialect = "postgresql"
    errors = DATABASE_ERRORS

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, sql: str, *parameters: object, stream: bool = False) -> Rows:
        """As ``Reader.run``."""
        result = self._connection.exec_driver_sql(
            sql.replace("?", "%s"), parameters, execution_options={"stream_results": stream}
        )
        # SQLAlchemy's rows cost as much again as those of the driver, which by now are all here.
        return result if stream or not result.returns_rows else cast(Rows, result.cursor)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def read_url(where: str) -> URL:
    """The URL, with the driver we use.

    Raises:
        BadOption: it does not read as a URL.
    """
    try:
        return make_url(where).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError) as error:
        raise BadOption("--archive", "this PostgreSQL URL does not read as one") from error


def display(url: URL) -> str:
    """The URL for people: without its password, and without a password among its options."""
    shown = url.set(drivername="postgresql", query={})
    return shown.render_as_string(hide_password=True)


def open_connection(url: URL, *, writing: bool) -> Connection:
    """A connection in autocommit mode: BEGIN and COMMIT are executed explicitly.

    Raises:
        StorageFailed: to write, and the server cannot be reached or refuses the login.
        ArchiveUnusable: to read, and the server cannot be reached or refuses the login.
        BadOption: the driver is not installed.
    """
    try:
        engine = create_engine(
            url,
            paramstyle="format",
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            connect_args={"connect_timeout": _CONNECT_TIMEOUT_S, "application_name": "recorder"},
        )
        connection = engine.connect()
    except ImportError as error:
        hint = "pip install 'ums-recorder[postgresql]'"
        raise BadOption("--archive", "PostgreSQL needs the psycopg driver", hint=hint) from error
    except DBAPIError as error:
        raise _unreachable(url, error, writing) from None  # the chain would show the arguments
    if not writing:
        connection.exec_driver_sql("SET default_transaction_read_only = on")
    return connection


def _unreachable(url: URL, error: DBAPIError, writing: bool) -> StorageFailed | ArchiveUnusable:
    problem = diagnose(error).problem
    if url.password:
        problem = problem.replace(str(url.password), "***")
    says = f"the database cannot be reached: {problem}"
    return StorageFailed(display(url), says) if writing else ArchiveUnusable(display(url), says)


def lock_session(connection: Connection, session_id: int) -> bool:
    """Lock the session as being written, until this connection ends; False if it is locked already."""
    locked = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_KEY})", (session_id,))
    return bool(locked.scalar_one())


def unlock_session(connection: Connection, session_id: int) -> None:
    """Unlock the session: it is not being written any more."""
    connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_KEY})", (session_id,))


def lock_schema(connection: Connection) -> None:
    """Wait until nobody else makes or alters the tables; ends with the transaction."""
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_SCHEMA_LOCK,))


def live_sessions(reader: Reader) -> dict[int, int]:
    """Row numbers of the sessions being written now, each with the server process that writes it."""
    rows = reader.run(
        "SELECT objid::bigint, pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
        " AND classid = 'frame'::regclass::oid"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return {int(session_id): int(pid) for session_id, pid in rows}
