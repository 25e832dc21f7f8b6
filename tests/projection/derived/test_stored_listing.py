"""The stored rows give what a fold of the frames gives, or None."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path

import pytest

from recorder import recipes
from recorder.errors import ArchiveUnusable
from recorder.projection.derived.stored_listing import stored_listing
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


@contextmanager
def listing_of(path, session, dialog=None, **options):
    with recipes.open_archive(str(path), **options) as archive:
        found = archive.find_session(session, connected=True)
        with stored_listing(archive, found, dialog) as listing:
            yield listing


def stored_messages(path, session, dialog=None, **options):
    """The session's id and its messages as stored, or None."""
    with listing_of(path, session, dialog, **options) as listing:
        return None if listing is None else (listing.session, list(listing.messages))


def folded(path):
    with recipes.open_archive(str(path)) as archive:
        return view(recipes.transcript(archive, "last"), DIALOG)


def test_stored_rows_equal_a_fold_however_the_session_is_named(imported):
    path, session = imported
    expected = (session.session, folded(path))
    with recipes.open_archive(str(path)) as archive:
        assert recipes.messages(archive, "last", dialog=DIALOG) == expected
    for name in ("last", session.session, session.session[:4], session.name):
        assert stored_messages(path, name, DIALOG) == expected


def test_a_listing_says_which_of_several_is_meant(imported, tmp_path):
    path, first = imported
    again = tmp_path / "again.jsonl"
    again.write_bytes((ROOT / "samples" / "tutorial.jsonl").read_bytes() + b"\n")
    with recipes.open_archive(str(path), mode="write") as archive:
        second = recipes.import_capture(archive, again)
    said = []
    for name, session in ((first.name, second), (f"{first.name}~1", first)):
        found, _ = stored_messages(path, name, DIALOG, say=said.append)
        assert found == session.session
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
    ],
)
def test_rows_that_are_not_surely_current_are_not_read(imported, change):
    path, _ = imported
    assert stored_messages(path, "last", DIALOG) is not None
    with sqlite3.connect(path) as handle:
        handle.execute(change)
    handle.close()
    assert stored_messages(path, "last", DIALOG) is None


@pytest.mark.parametrize("change", ["UPDATE receipt SET frame = 'x'", "UPDATE receipt SET proof = 'x'"])
def test_a_row_that_is_never_derived_is_damage_when_it_is_met(imported, change):
    path, session = imported
    with sqlite3.connect(path) as handle:
        handle.execute(change)
    handle.close()
    with pytest.raises(ArchiveUnusable, match="the file is damaged: a derived row holds") as raised:
        stored_messages(path, "last")
    assert f"recorder archive rebuild {session.session}" in raised.value.hint


def test_a_listing_says_that_a_consumer_may_have_two_ids(imported):
    path, session = imported
    assert stored_messages(path, "last") == (session.session, folded(path))
    with listing_of(path, "last") as listing:
        assert not listing.maybe_one_person
    with sqlite3.connect(path) as handle:
        handle.execute(
            "INSERT INTO participant VALUES"
            " (1, 'a', 'CONSUMER', 0, 1, NULL), (1, 'b', 'CONSUMER', 1, 1, NULL)"
        )
    handle.close()
    with listing_of(path, "last") as listing:
        assert listing.maybe_one_person


def test_rows_of_no_such_dialog_are_none(imported):
    assert stored_messages(imported[0], "last", "d") is None
