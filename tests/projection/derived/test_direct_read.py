"""A direct read gives what a fold of the frames gives, or None."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from recorder import recipes
from recorder.projection.derived.direct_read import direct_messages
from recorder.receipts.queries import view

ROOT = Path(__file__).parents[3]
DIALOG = "940f401e-dc4c-49a9-bff2-2bbb5bd0df64"


@pytest.fixture
def imported(tmp_path):
    """An archive with one session, and its id."""
    path = tmp_path / "x.db"
    with recipes.open_archive(str(path), mode="write", create=True) as archive:
        session = recipes.import_capture(archive, ROOT / "samples" / "tutorial.jsonl")
    return path, session


def folded(path):
    with recipes.open_archive(str(path)) as archive:
        return view(recipes.transcript(archive, "last"), DIALOG)


def test_a_direct_read_equals_a_fold_however_the_session_is_named(imported):
    path, session = imported
    expected = (session.session, folded(path))
    with recipes.open_archive(str(path)) as archive:
        assert recipes.messages(archive, "last", dialog=DIALOG) == expected
    for name in ("last", session.session, session.session[:4], session.name):
        assert direct_messages(path, name, DIALOG) == expected


def test_a_direct_read_says_which_of_several_is_meant_if_it_reads_anything(imported, tmp_path):
    path, first = imported
    again = tmp_path / "again.jsonl"
    again.write_bytes((ROOT / "samples" / "tutorial.jsonl").read_bytes() + b"\n")
    with recipes.open_archive(str(path), mode="write") as archive:
        second = recipes.import_capture(archive, again)
    said = []
    for name, session in ((first.name, second), (f"{first.name}~1", first)):
        found, _ = direct_messages(path, name, DIALOG, say=said.append)
        assert found == session.session
    assert direct_messages(path, first.name, "d", say=said.append) is None
    assert said == [f"{first.name}: the newest of 2"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("DELETE FROM projection", id="never derived"),
        pytest.param("UPDATE projection SET version = 0", id="by other rules"),
        pytest.param("UPDATE projection SET frame = frame - 1", id="behind the frames"),
        pytest.param("UPDATE projection SET ended = ended + 1", id="of other connections"),
        pytest.param("UPDATE projection SET connections = 7", id="of more connections"),
        pytest.param("UPDATE session SET end_state = 'interrupted'", id="before it broke off"),
        pytest.param("UPDATE session SET end_state = NULL", id="no end record"),
        pytest.param("UPDATE alembic_version SET version_num = '9999'", id="newer"),
        pytest.param("PRAGMA application_id = 1", id="of another program"),
        pytest.param("UPDATE receipt SET frame = 'x'", id="text for a number"),
        pytest.param("UPDATE receipt SET proof = 'x'", id="a proof that is none"),
        pytest.param("DROP TABLE receipt", id="damaged"),
    ],
)
def test_rows_that_are_not_surely_current_are_not_read(imported, change):
    path, _ = imported
    assert direct_messages(path, "last", DIALOG) is not None
    with sqlite3.connect(path) as handle:
        handle.execute(change)
    handle.close()
    assert direct_messages(path, "last", DIALOG) is None


@pytest.mark.parametrize(
    ("where", "session", "dialog"),
    [
        pytest.param(None, "nobody", DIALOG, id="no such session"),
        pytest.param(None, "last", "d", id="no such dialog"),
        pytest.param("postgresql://host/x", "last", DIALOG, id="a database"),
        pytest.param("nowhere.db", "last", DIALOG, id="no such file"),
    ],
)
def test_a_direct_read_of_something_missing_is_none(imported, where, session, dialog):
    path, _ = imported
    assert direct_messages(where or path, session, dialog) is None


def test_message_list_of_a_dialog_loads_no_database_library(imported):
    path, _ = imported
    code = (
        "import sys; from recorder.cli.app import app\n"
        "try: app(['message', 'list', 'last', '--dialog', sys.argv[2], '--archive', sys.argv[1]])\n"
        "except SystemExit: print('sqlalchemy' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(path), DIALOG], capture_output=True, text=True, check=False
    )
    assert ran.stdout.splitlines()[-1] == "False", ran.stderr
    assert "some agent text" in ran.stdout
