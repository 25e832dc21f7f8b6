"""Sessions are derived when they end; what that cannot do is said, and harms no recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder import recipes
from recorder.errors import StorageFailed
from recorder.projection.derived.refresh import is_up_to_date
from recorder.recipes import deriving

SAMPLES = Path(__file__).parents[2] / "samples"


def test_an_import_and_a_replay_leave_rows_that_are_up_to_date(tmp_path):
    path = str(tmp_path / "x.db")
    with recipes.open_archive(path, mode="write", create=True) as archive:
        recipes.import_capture(archive, SAMPLES / "tutorial.jsonl")
    played = recipes.replay(SAMPLES / "slow-reader.yaml", archive=path)
    with recipes.open_archive(path) as archive:
        assert [is_up_to_date(archive, session) for session in archive.sessions()] == [True, True]
        found = archive.find_session(played.session)
        dialog = played.messages[0].dialog_id
        assert deriving.messages_of(archive, found, dialog) == played.messages
        assert deriving.messages_of(archive, found, None) is None


def test_a_reader_cannot_refresh_and_says_what_would(tmp_path):
    path = str(tmp_path / "x.db")
    with recipes.open_archive(path, mode="write", create=True) as archive:
        session = recipes.import_capture(archive, SAMPLES / "tutorial.jsonl").session
        with archive._writing() as ledger:
            ledger.connection.exec_driver_sql("DELETE FROM projection")
    said: list[str] = []
    with recipes.open_archive(path) as archive:
        deriving.refresh_after(archive, session, say=said.append)
        with pytest.raises(StorageFailed):
            deriving.rebuild(archive)
    assert f"recorder archive rebuild {session}" in said[0]
    with recipes.open_archive(path, mode="write") as archive:
        assert deriving.rebuild(archive, "last") == [session]
        assert is_up_to_date(archive, archive.find_session(session))
