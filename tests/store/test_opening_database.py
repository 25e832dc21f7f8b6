"""A database is opened without a trace, and let go where it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recorder.errors import ArchiveUnusable, NotFound
from recorder.store import opening, revisions
from recorder.store.remarks import silent

SCRIPTS = revisions.scripts_location()


def open_existing(where: str | Path) -> Any:
    return opening.for_writing(where, SCRIPTS, create=False, say=silent)


def open_to_read(where: str | Path) -> Any:
    return opening.for_reading(where, SCRIPTS)


def connections_to(database: str) -> int:
    """How many connections of ours a server has."""
    import psycopg

    with psycopg.connect(database) as connection:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'recorder'"
        row = connection.execute(asked).fetchone()
        assert row is not None
        return int(row[0])


def test_a_database_is_opened_and_called_without_its_secrets(database: str) -> None:
    """It has no path and no lock file; a reader leaves no trace in it."""
    opened = opening.for_writing(database, SCRIPTS, create=True, say=silent)
    opened.connection.close()
    assert opened.where.startswith("postgresql://")
    assert (opened.path, opened.lock, opened.revision) == (None, None, revisions.head_revision())
    assert opened.url is not None
    assert str(opened.url.password) not in opened.where
    reader = opening.for_reading(database, SCRIPTS)
    reader.reader.close()
    assert (reader.where, reader.revision) == (opened.where, opened.revision)


@pytest.mark.parametrize(("opened", "refusal"), [(open_to_read, ArchiveUnusable), (open_existing, NotFound)])
def test_a_database_that_is_refused_is_let_go(database: str, opened: Any, refusal: Any) -> None:
    """No connection to the server is left behind, and no table."""
    before = connections_to(database)
    for _ in range(3):
        with pytest.raises(refusal) as refused:
            opened(database)
        del refused  # the traceback would keep what the frames in it hold
    # The server notices a moment after us that a connection has gone.
    assert any(connections_to(database) <= before for _ in range(1000))
    with pytest.raises(ArchiveUnusable, match="holds no archive"):
        open_to_read(database)
