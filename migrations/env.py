"""Run the migrations, each run as one transaction: killed half way, the archive is as it was.

Called by ``recorder.store.schema`` with a connection that is in autocommit mode. For developers:
``alembic -x archive=PATH check`` and ``alembic -x archive=PATH revision --autogenerate --rev-id 0002 -m …``
"""

from pathlib import Path

from alembic import context
from sqlalchemy import Connection

from recorder.store import sqlite_writer
from recorder.store.opening import is_url
from recorder.store.postgresql import lock_schema, open_connection, read_url
from recorder.store.search_index import is_of_index
from recorder.store.tables import metadata
from recorder.store.write_errors import rollback


def run(connection: Connection) -> None:
    """Migrate within one transaction that we begin and end ourselves.

    Left alone, Python's sqlite3 commits before every DDL statement, and a kill in the middle leaves
    tables that make every later run fail.
    """
    on_sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transactional_ddl=True,
        render_as_batch=on_sqlite,
        compare_type=True,
        include_name=lambda name, kind, parents: not is_of_index(name),
    )
    if on_sqlite:  # a table copied in batch mode would take its children along; ignored inside a transaction
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("PRAGMA synchronous=FULL")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if on_sqlite else "BEGIN")
    try:
        if not on_sqlite:
            lock_schema(connection)
        context.run_migrations()
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        rollback(connection)
        raise
    finally:
        if on_sqlite:
            connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def developer_connection() -> Connection:
    """The archive named by ``-x archive=…``."""
    where = context.get_x_argument(as_dictionary=True).get("archive")
    if not where:
        raise SystemExit("name an archive: alembic -x archive=PATH …")
    if is_url(where):
        return open_connection(read_url(where), writing=True)
    return sqlite_writer.open_writer(Path(where))


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with developer_connection() as opened:
        run(opened)
