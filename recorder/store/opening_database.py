"""Opens an archive in a PostgreSQL database, for reading or writing: made or upgraded if need be."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from recorder.errors import ArchiveUnusable, NotFound

from . import postgresql, revisions, schema, versions
from .db_errors import archive_unusable, closed_on_error, storage_failed
from .opened import OpenedArchive
from .postgresql import ServerReader
from .remarks import Notify
from .write_errors import DATABASE_ERRORS


def read_database(address: str, scripts: Path) -> OpenedArchive:
    """Open a database to read; errors as for ``for_reading``."""
    url = postgresql.read_url(address)
    where = postgresql.display(url)
    connection = postgresql.open_connection(url, writing=False)
    try:
        with closed_on_error(connection):
            revision = schema.current_revision(connection)
            if revision is None:
                raise ArchiveUnusable(where, "the database holds no archive of recorder")
            revisions.check_readable(where, revision, scripts)
    except DATABASE_ERRORS as error:
        raise archive_unusable(where, error) from error
    return OpenedArchive(where, ServerReader(connection), revision, url=url)


def write_database(address: str, scripts: Path, create: bool, say: Notify) -> OpenedArchive:
    """Open a database to write; errors as for ``for_writing``."""
    url = postgresql.read_url(address)
    where = postgresql.display(url)
    connection = postgresql.open_connection(url, writing=True)
    try:
        with closed_on_error(connection):
            _prepare_database(where, connection, scripts, create, say)
    except DATABASE_ERRORS as error:
        raise storage_failed(where, error) from error
    head = revisions.head_revision(scripts)
    return OpenedArchive(where, ServerReader(connection), head, connection, url=url)


def _prepare_database(where: str, connection: Connection, scripts: Path, create: bool, say: Notify) -> None:
    revision = schema.current_revision(connection)
    if revision is None:
        if not create:
            raise NotFound("archive", where)
        schema.make_tables(connection)
        revision = versions.SCHEMA_REVISION
    revisions.check_known(where, revision, scripts)
    head = revisions.head_revision(scripts)
    if revision != head:
        say(f"upgrading {where} from schema {revision} to {head}")
        schema.migrate(connection, scripts)
