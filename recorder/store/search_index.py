"""Which sessions may hold a text: an index of runs of three characters, by session.

It only narrows: whether a text is there, whoever reads the rows decides. So both kinds of database, and an
SQLite without FTS5, give the same answers. A session that the index does not know may hold anything.

SQLite keeps the texts in ``search_text`` and their runs in ``search_runs`` (FTS5, trigrams); the newest, and
without FTS5 all, wait in ``search_waiting`` and are searched one by one. PostgreSQL keeps the runs alone, as
a ``tsvector`` with a GIN index.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .reader import Reader

if TYPE_CHECKING:
    from sqlalchemy import Connection

MAX_CHARACTERS = 1 << 18
"""Sessions with longer texts are not indexed: they hold most runs, and are read through in any case."""

_MAX_VECTOR_BYTES = 1_000_000
"""A little less than a ``tsvector`` may hold."""

WAITING = 64
"""So many texts are taken into FTS5 at once: one by one they would make recording a short session a fifth
slower. Until then they are searched one by one."""

_RUN = 3
_SEPARATORS = re.compile("[\0\n\ud800-\udfff]")
"""What no database holds, and what stands between two texts: no run crosses it."""

_FTS_FROM = (3, 34)
"""The first SQLite whose FTS5 cuts texts into trigrams."""

_MAKE_SQLITE = """
CREATE TABLE search_text (
 session_id INTEGER NOT NULL PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
 text TEXT NOT NULL
)
"""
_MAKE_WAITING = """
CREATE TABLE search_waiting (
 session_id INTEGER NOT NULL PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE
)
"""
_MAKE_RUNS = """
CREATE VIRTUAL TABLE search_runs USING fts5(
 text, content='search_text', content_rowid='session_id', tokenize='trigram case_sensitive 1', detail='none',
 columnsize=0
)
"""
_MAKE_POSTGRESQL = (
    "CREATE TABLE search_text ("
    "session_id BIGINT PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE, runs TSVECTOR NOT NULL)",
    "CREATE INDEX ix_search_text_runs ON search_text USING gin (runs)",
)
_OF_INDEX = ("search_text", "search_waiting", "search_runs")
_HAS_RUNS = "SELECT count(*) FROM sqlite_master WHERE name = 'search_runs'"
_HAS_FTS = "SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'"
# Rows by our rules, of sessions that have ended: others may hold more by now.
_INDEXED = """
SELECT s.session FROM search_text t JOIN session s ON s.id = t.session_id
JOIN projection p ON p.session_id = t.session_id WHERE p.version = ? AND s.end_state IS NOT NULL AND
"""
_WITHOUT_RUNS = f"""{_INDEXED} CASE WHEN t.session_id IN (SELECT session_id FROM search_waiting)
 THEN instr(t.text, ?) = 0
 ELSE t.session_id NOT IN (SELECT rowid FROM search_runs WHERE search_runs MATCH ?) END
"""  # noqa: S608 - our own names
_WITHOUT_TEXT = f"{_INDEXED} instr(t.text, ?) = 0"
_WITHOUT_VECTOR = f"{_INDEXED} NOT t.runs @@ CAST(? AS tsquery)"


_TAKEN_IN = """
SELECT text FROM search_text t
WHERE session_id = ? AND NOT EXISTS (SELECT 1 FROM search_waiting w WHERE w.session_id = t.session_id)
"""
_TAKE_IN = """
INSERT INTO search_runs (rowid, text)
SELECT session_id, text FROM search_text WHERE session_id IN (SELECT session_id FROM search_waiting)
"""


def make(connection: Connection) -> None:
    """Make the tables of the index, empty."""
    if connection.dialect.name == "postgresql":
        for statement in _MAKE_POSTGRESQL:
            connection.exec_driver_sql(statement)
        return
    connection.exec_driver_sql(_MAKE_SQLITE)
    connection.exec_driver_sql(_MAKE_WAITING)
    if connection.exec_driver_sql(_HAS_FTS).scalar_one() and sqlite3.sqlite_version_info >= _FTS_FROM:
        connection.exec_driver_sql(_MAKE_RUNS)


def is_of_index(name: str | None) -> bool:
    """Whether a table or an index of this name is one of these, or one that FTS5 keeps for them."""
    return name is not None and name.removeprefix("ix_").startswith(_OF_INDEX)


def write(writer: Reader, session_id: int, texts: Iterable[str]) -> None:
    """Index these folded texts as all of a session, within a transaction."""
    forget(writer, session_id)
    found, size = set[str](), 0
    for text in texts:
        if text not in found:
            found.add(text)
            size += len(text) + 1
            if size > MAX_CHARACTERS:
                return
    together = _SEPARATORS.sub("\n", "\n".join(sorted(found)))
    if writer.dialect == "sqlite":
        _write_to_file(writer, session_id, together)
        return
    runs = _runs(together)
    if sum(len(run.encode()) for run in runs) <= _MAX_VECTOR_BYTES:
        insert = "INSERT INTO search_text (session_id, runs) VALUES (?, array_to_tsvector(CAST(? AS text[])))"
        writer.run(insert, session_id, runs)


def _write_to_file(writer: Reader, session_id: int, text: str) -> None:
    writer.run("INSERT INTO search_text (session_id, text) VALUES (?, ?)", session_id, text)
    writer.run("INSERT INTO search_waiting (session_id) VALUES (?)", session_id)
    if writer.value("SELECT count(*) FROM search_waiting") >= WAITING and _can_use_runs(writer):
        writer.run(_TAKE_IN)
        writer.run("DELETE FROM search_waiting")


def forget(writer: Reader, session_id: int, *, wipe: bool = False) -> None:
    """Take a session out of the index, within a transaction; ``wipe``: so that nothing of it is left."""
    if writer.dialect == "sqlite":
        taken_in = writer.run(_TAKEN_IN, session_id).fetchall()
        if taken_in and _can_use_runs(writer):
            delete = "INSERT INTO search_runs (search_runs, rowid, text) VALUES ('delete', ?, ?)"
            writer.run(delete, session_id, taken_in[0][0])
            if wipe:  # until its pages are merged, FTS5 only notes what was deleted
                writer.run("INSERT INTO search_runs (search_runs) VALUES ('optimize')")
        writer.run("DELETE FROM search_waiting WHERE session_id = ?", session_id)
    writer.run("DELETE FROM search_text WHERE session_id = ?", session_id)


def sessions_without(reader: Reader, text: str, *, version: int) -> frozenset[str]:
    """Ids of sessions that certainly do not hold this folded text; of ``version`` of the rules for rows."""
    whole = max(_SEPARATORS.split(text), key=len)  # whoever holds the text holds this part of it
    runs = _runs(whole)
    if not whole or (reader.dialect == "postgresql" and not runs):
        return frozenset()
    if reader.dialect == "postgresql":
        vector = " & ".join("'" + run.replace("\\", "\\\\").replace("'", "''") + "'" for run in runs)
        rows = reader.run(_WITHOUT_VECTOR, version, vector)
    elif runs and _can_use_runs(reader):
        match = " AND ".join('"' + run.replace('"', '""') + '"' for run in runs)
        rows = reader.run(_WITHOUT_RUNS, version, whole, match)
    else:
        rows = reader.run(_WITHOUT_TEXT, version, whole)
    return frozenset(str(session) for (session,) in rows)


def _runs(text: str) -> list[str]:
    """Every run of three characters, once, in order."""
    found = {text[place : place + _RUN] for place in range(len(text) - _RUN + 1)}
    return sorted(run for run in found if not _SEPARATORS.search(run))


def _can_use_runs(reader: Reader) -> bool:
    return bool(reader.value(_HAS_RUNS) and reader.value(_HAS_FTS))
