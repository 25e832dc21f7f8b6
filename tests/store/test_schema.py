"""Old or new, never between: making, recognising and upgrading the tables."""

from __future__ import annotations

import ast
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, inspect

from recorder.errors import ArchiveUnusable, StorageFailed
from recorder.projection.derived import refresh
from recorder.store import postgresql, revisions, schema, sqlite_writer, versions
from recorder.store.archive import Archive
from recorder.store.search_index import is_of_index
from recorder.store.tables import metadata
from recorder.store.verify import verify

Begin = Callable[..., Any]

OLDER = revisions.known(revisions.scripts_location())[:-1]

LATER = '''
"""A column more, in a table copied for it."""

import os, signal
import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade():
    with op.batch_alter_table("frame", recreate="always") as batch:
        batch.add_column(sa.Column("later", sa.Integer))
    {then}
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
'''


def later_scripts(folder: Path, then: str = "pass") -> Path:
    """The migrations, and one that is still to come."""
    scripts = folder / "scripts"
    shutil.copytree(revisions.scripts_location(), scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "0008_later.py").write_text(LATER.format(then=then).lstrip())
    return scripts


def shape(path: Path) -> dict[str, str]:
    """Every table and index of a file, by name, in its own words without the blanks."""
    with sqlite3.connect(path) as handle:
        rows = handle.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    handle.close()
    return {name: "".join(sql.split()).replace('"', "") for name, sql in rows}


def columns_of(path: Path, table: str) -> list[tuple[Any, ...]]:
    """Name, type, whether null, and place in the primary key of every column."""
    with sqlite3.connect(path) as handle:
        rows = handle.execute(f"PRAGMA table_info({table})").fetchall()
    handle.close()
    return [(name, kind, notnull, key) for _, name, kind, notnull, _, key in rows]


def test_the_models_match_the_migrations(where: str) -> None:
    """What ``alembic check`` asks, on each kind of database: would a new migration change anything?"""
    with Archive.open(where, mode="write") as archive, archive.writer() as writer:
        context = MigrationContext.configure(writer.connection, opts=COMPARED)
        assert compare_metadata(context, metadata) == []


def known_to_models(name: str | None, *_: object) -> bool:
    """Whether the models have it: they lack the index of texts, which differs between kinds of databases."""
    return not is_of_index(name)


COMPARED = {"compare_type": True, "include_name": known_to_models}


def migrated(path: Path) -> None:
    """An SQLite file made by the migrations alone."""
    engine = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        schema.migrate(connection, revisions.scripts_location())


def test_a_file_made_at_once_equals_one_made_by_migrations(tmp_path: Path) -> None:
    """Making it from the models is only faster."""
    at_once, step_by_step = tmp_path / "a.db", tmp_path / "b.db"
    Archive.open(at_once, mode="write").close()
    migrated(step_by_step)
    assert shape(at_once).keys() == shape(step_by_step).keys()
    for table in shape(at_once).keys() & metadata.tables.keys():
        assert columns_of(at_once, table) == columns_of(step_by_step, table)
    engine = create_engine(f"sqlite:///{step_by_step}", poolclass=NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=COMPARED), metadata) == []
        assert len(connection.exec_driver_sql("SELECT value FROM setting").scalar_one()) == 32


def test_a_database_made_by_migrations_equals_the_models(database: str) -> None:
    """The same on PostgreSQL, where the kinds of columns are told apart better; comments included."""
    connection = postgresql.open_connection(postgresql.read_url(database), writing=True)
    schema.migrate(connection, revisions.scripts_location())
    context = MigrationContext.configure(connection, opts=COMPARED)
    assert compare_metadata(context, metadata) == []
    assert len(connection.exec_driver_sql("SELECT value FROM setting").scalar_one()) == 32
    connection.close()


@pytest.mark.parametrize("revision", OLDER)
def test_a_database_of_an_older_schema_is_upgraded_with_all_that_is_in_it(
    revision: str, new_database: Callable[[], str], database: str, begin: Begin, frames: Any
) -> None:
    """A recording, moved into tables as the first migrations alone make them, stays to the last digest."""
    now = new_database()
    with Archive.open(now, mode="write") as archive:
        intake = begin(archive, session="5e55")
        intake([frames.opened, *frames.some(6), frames.closed])
        intake.finish(0)
        key = archive.redaction_key()
    with_older_tables(database, revision, filled_from=now)
    if revision not in versions.READABLE_REVISIONS:
        with pytest.raises(ArchiveUnusable, match="older recorder"):
            Archive.open(database, mode="read")
    said: list[str] = []
    with Archive.open(database, mode="write", say=said.append) as archive:
        assert f"from schema {revision} to {versions.SCHEMA_REVISION}" in said[0]
        assert archive.redaction_key() == key
        assert list(archive.frames("5e55")) == frames.some(6)
        assert [verdict.state for verdict in verify(archive)] == ["complete"]
        assert refresh.refresh(archive, "5e55")
        begin(archive, session="next").finish(0)
        assert [verdict.state for verdict in verify(archive)] == ["complete", "complete"]
    with Archive.open(database, mode="write") as archive, archive.writer() as writer:
        assert archive.revision == versions.SCHEMA_REVISION
        context = MigrationContext.configure(writer.connection, opts=COMPARED)
        assert compare_metadata(context, metadata) == []


def with_older_tables(database: str, revision: str, *, filled_from: str) -> None:
    """Make the tables of the first migrations, and move into them what another archive holds."""
    connection = postgresql.open_connection(postgresql.read_url(database), writing=True)
    migrate_to(connection, revision)
    other = filled_from.rpartition("%3D")[2]
    connection.exec_driver_sql("DELETE FROM setting")
    move_rows(connection, other)
    connection.close()


def migrate_to(connection: Connection, revision: str) -> None:
    """Run the migrations up to this one."""
    config = Config()
    config.set_main_option("script_location", str(revisions.scripts_location()))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def move_rows(connection: Connection, other: str) -> None:
    """Fill the tables of frames from those in the schema ``other``, column by column, as far as they go."""
    for table in ("setting", "session", "connection", "frame"):
        known = [column["name"] for column in inspect(connection).get_columns(table)]
        names = ", ".join(name for name in known if name != "id" or connection.dialect.name == "sqlite")
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) SELECT {names} FROM {other}.{table}")


@pytest.mark.parametrize("revision", OLDER)
def test_a_file_of_an_older_schema_is_upgraded_with_all_that_is_in_it(
    revision: str, tmp_path: Path, begin: Begin, frames: Any
) -> None:
    """Every frame verifies, what is new is unknown, and both the old and a new session can be derived."""
    now, older = tmp_path / "now.db", tmp_path / "older.db"
    with Archive.open(now, mode="write") as archive:
        intake = begin(archive, session="5e55")
        intake([frames.opened, *frames.some(6), frames.closed])
        intake.finish(0)

    def fill(connection: Connection) -> None:
        migrate_to(connection, revision)
        connection.exec_driver_sql("DELETE FROM setting")
        connection.exec_driver_sql(f"ATTACH '{now}' AS other")
        move_rows(connection, "other")

    sqlite_writer.create(older, fill)
    said: list[str] = []
    with Archive.open(older, mode="write", say=said.append) as archive:
        assert f"from schema {revision} to {versions.SCHEMA_REVISION}" in said[0]
        assert list(archive.frames("5e55")) == frames.some(6)
        [old] = archive.connections("5e55")
        assert (old.provenance, old.fidelity) == (None, None)
        assert (archive.exchanges("5e55"), list(archive.forwarded("5e55"))) == ([], [])
        assert refresh.refresh(archive, "5e55")
        begin(archive, session="next").finish(0)
        assert [verdict.state for verdict in verify(archive)] == ["complete", "complete"]
    for table in metadata.tables:
        assert sorted(columns_of(older, table)) == sorted(columns_of(now, table))


def test_neither_opening_nor_making_an_archive_loads_alembic(path: Path) -> None:
    """It costs more time than all the rest."""
    code = (
        "import sys; from recorder.store.archive import Archive\n"
        "for mode in ('write', 'write', 'read'): Archive.open(sys.argv[1], mode=mode).close()\n"
        "print('alembic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("False\n", "")


def test_an_older_file_is_upgraded_after_a_copy(
    tmp_path: Path, path: Path, begin: Begin, frames: Any
) -> None:
    """The copy is private and is the old archive; what happened is said."""
    scripts = later_scripts(tmp_path)
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([frames.opened, *frames.some(5)])
        intake.finish(0)
    said: list[str] = []
    with Archive.open(path, mode="write", scripts=scripts, say=said.append) as archive:
        assert archive.revision == "0008"
        assert list(archive.frames("s")) == frames.some(5)
        with archive.reader() as connection:
            assert connection.value("PRAGMA foreign_keys") == 1
            assert connection.value("PRAGMA synchronous") == 1
    copy = path.with_name("x.db.bak-0007")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert len(said) == 1
    assert str(copy) in said[0]
    with Archive.open(copy, mode="read") as archive:
        assert list(archive.frames("s")) == frames.some(5)
    assert "later" in shape(path)
    with Archive.open(path, mode="write", scripts=scripts, say=said.append):
        assert len(said) == 1


def test_a_reader_never_upgrades(tmp_path: Path, path: Path) -> None:
    """It says what to type."""
    scripts = later_scripts(tmp_path)
    Archive.open(path, mode="write").close()
    before = path.read_bytes()
    with pytest.raises(ArchiveUnusable, match="older recorder") as refused:
        Archive.open(path, mode="read", scripts=scripts)
    assert refused.value.hint is not None
    assert "recorder archive upgrade" in refused.value.hint
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_newer_archive_is_left_alone(tmp_path: Path, path: Path, mode: Any) -> None:
    """By an older program, which says that it is one."""
    scripts = later_scripts(tmp_path)
    Archive.open(path, mode="write").close()
    Archive.open(path, mode="write", scripts=scripts).close()
    before = path.read_bytes()
    with pytest.raises(ArchiveUnusable, match="newer recorder") as refused:
        Archive.open(path, mode=mode)
    assert refused.value.exit_code == 7
    assert path.read_bytes() == before


def test_an_older_database_is_upgraded_too(tmp_path: Path, database: str) -> None:
    """PostgreSQL has no copy to make; a reader refuses in the same words."""
    scripts = later_scripts(tmp_path)
    Archive.open(database, mode="write").close()
    with pytest.raises(ArchiveUnusable, match="older recorder"):
        Archive.open(database, mode="read", scripts=scripts)
    said: list[str] = []
    with Archive.open(database, mode="write", scripts=scripts, say=said.append) as archive:
        assert archive.revision == "0008"
    assert "from schema 0007 to 0008" in said[0]
    with pytest.raises(ArchiveUnusable, match="newer recorder"):
        Archive.open(database, mode="write")


def test_an_upgrade_that_fails_leaves_the_old_archive(
    tmp_path: Path, path: Path, begin: Begin, frames: Any
) -> None:
    """With everything in it, usable by the old program."""
    scripts = later_scripts(tmp_path, then="op.execute('SELECT * FROM nowhere')")
    with Archive.open(path, mode="write") as archive:
        begin(archive, session="s")(frames.some(5))
    before = shape(path)
    with pytest.raises(StorageFailed):
        Archive.open(path, mode="write", scripts=scripts)
    assert shape(path) == before
    with Archive.open(path, mode="write") as archive:
        assert list(archive.frames("s")) == frames.some(5)


KILLED = "import sys; from pathlib import Path; from recorder.store.archive import Archive\n" + (
    "Archive.open(sys.argv[1], mode='write', scripts=Path(sys.argv[2]))"
)


def test_a_kill_in_the_middle_of_an_upgrade_leaves_the_old_archive(
    tmp_path: Path, path: Path, begin: Begin, frames: Any
) -> None:
    """No half-made table is left, and the next try succeeds."""
    scripts = later_scripts(tmp_path, then="os.kill(os.getpid(), signal.SIGKILL)")
    with Archive.open(path, mode="write") as archive:
        begin(archive, session="s")(frames.some(300))
    before = shape(path)
    ran = subprocess.run([sys.executable, "-c", KILLED, str(path), str(scripts)], capture_output=True)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    Archive.open(path, mode="read").close()
    assert shape(path) == before
    (scripts / "versions" / "0008_later.py").write_text(LATER.format(then="pass").lstrip())
    with Archive.open(path, mode="write", scripts=scripts) as archive:
        assert list(archive.frames("s")) == frames.some(300)
    assert not [name for name in shape(path) if name.startswith("_alembic")]


def test_an_upgrade_without_room_is_not_begun(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy alone would fill the disk."""
    scripts = later_scripts(tmp_path)
    Archive.open(path, mode="write").close()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 90, 10))
    with pytest.raises(StorageFailed, match=r"needs .* free space"):
        Archive.open(path, mode="write", scripts=scripts)
    assert not path.with_name("x.db.bak-0007").exists()


def test_tables_of_another_program_in_the_database_are_left_alone(database: str) -> None:
    """A table of our name that is not ours stops us, and nothing of ours is left behind."""
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE session (mine int)")
        with pytest.raises(StorageFailed):
            Archive.open(database, mode="write")
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
        ).fetchall()
    assert names == [("session",)]


def test_migrations_work_from_an_installed_package(tmp_path: Path) -> None:
    """Where ``recorder/_migrations`` stands beside the rooms, it is taken; else the checkout's."""
    package = tmp_path / "recorder"
    left_out = shutil.ignore_patterns("__pycache__", "_migrations")
    shutil.copytree(Path(schema.__file__).parent.parent, package, ignore=left_out)
    shutil.copytree(revisions.scripts_location(), package / "_migrations")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from recorder.store import revisions; print(revisions.scripts_location(), revisions.head_revision())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path
    )
    assert ran.stdout == f"{package / '_migrations'} {revisions.head_revision()}\n", ran.stderr


def test_alembic_check_runs_from_the_command_line(path: Path) -> None:
    """For developers: the models need no further migration."""
    Archive.open(path, mode="write").close()
    config = Config(cmd_opts=type("Options", (), {"x": [f"archive={path}"]})())
    config.set_main_option("script_location", str(revisions.scripts_location()))
    command.check(config)


def test_migrations_take_nothing_from_the_models() -> None:
    """A migration says what it makes by itself: the models will have moved on."""
    for file in (revisions.scripts_location() / "versions").glob("*.py"):
        imported = [
            node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        assert not [name for name in imported if name and name.startswith("recorder")], file
