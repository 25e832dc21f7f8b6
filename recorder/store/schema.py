"""Makes the tables of an archive, and upgrades one of an older schema revision.

Alembic is slow to load and rarely needed: an archive with the schema of this program is recognised,
and a new one made, without it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from recorder.counted import counted
from recorder.errors import StorageFailed

from . import search_index, sqlitefile, versions
from .db_errors import diagnose
from .postgresql import lock_schema
from .revisions import head_revision
from .sqlite_writer import handle_of
from .statements import create_statements
from .tables import setting
from .write_errors import rollback

# The copy, and the growth of a file whose tables are copied inside it.
_ROOM_FOR_AN_UPGRADE = 2.2

_REVISION_TABLE = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


def current_revision(connection: Connection) -> str | None:
    """The revision this database has; None if it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    rows = connection.exec_driver_sql("SELECT version_num FROM alembic_version").all()
    return str(rows[0][0]) if len(rows) == 1 else None


def make_tables(connection: Connection) -> None:
    """Make all tables in an empty database, in one transaction."""
    on_sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if on_sqlite else "BEGIN")
    try:
        if not on_sqlite:
            lock_schema(connection)
        if current_revision(connection) is None:
            _make_all(connection)
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        rollback(connection)
        raise


def _make_all(connection: Connection) -> None:
    # Without IF NOT EXISTS: a table of that name would be another program's.
    for statement in create_statements(connection.dialect):
        connection.exec_driver_sql(statement)
    search_index.make(connection)
    connection.exec_driver_sql(_REVISION_TABLE)
    connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{versions.SCHEMA_REVISION}')")  # noqa: S608
    connection.execute(setting.insert(), {"name": "redaction_key", "value": os.urandom(32)})
    give_id(connection)


def give_id(connection: Connection) -> None:
    """Give an archive an id, 16 random bytes, that was made before there were ids."""
    insert = text("INSERT INTO setting (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING")
    connection.execute(insert, {"name": "archive_id", "value": os.urandom(16)})


def migrate(connection: Connection, scripts: Path) -> None:
    """Upgrade this database to the head of ``scripts``, whole or not at all.

    Raises:
        DBAPIError: it did not work; the database is as it was.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def upgrade_file(
    path: Path, connection: Connection, revision: str, *, say: Callable[[str], None], scripts: Path
) -> None:
    """Upgrade an archive file, after a copy of it as ``<file>.bak-<revision>``. Needs the lock.

    Raises:
        StorageFailed: no room, or the upgrade failed; the archive is as it was.
    """
    _check_room(path)
    copy = path.with_name(f"{path.name}.bak-{revision}")
    try:
        sqlitefile.backup(handle_of(connection), copy)
    except FileExistsError:
        say(f"{copy} is there already from an earlier try; it is kept")
    except (OSError, sqlite3.Error) as error:
        raise StorageFailed(str(path), f"no copy of it could be made before the upgrade ({error})") from error
    head = head_revision(scripts)
    say(f"upgrading {path} from schema {revision} to {head}; a copy of the old file is {copy}")
    try:
        migrate(connection, scripts)
    except DBAPIError as error:
        failure = diagnose(error)
        says = f"the upgrade did not work: {failure.problem}"
        raise StorageFailed(str(path), says, hint=failure.hint) from error


def _check_room(path: Path) -> None:
    needed = int(path.stat().st_size * _ROOM_FOR_AN_UPGRADE)
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        says = f"the upgrade needs {counted(needed, 'byte')} of free space, {free} are there"
        raise StorageFailed(str(path), says, hint="free some space")
