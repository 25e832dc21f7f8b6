"""An archive is opened, verified and upgraded as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder import recipes
from recorder.errors import NotFound

SAMPLE = Path(__file__).parents[2] / "samples" / "tutorial.jsonl"


def test_what_was_imported_verifies_and_is_up_to_date(tmp_path):
    path = str(tmp_path / "x.db")
    with recipes.open_archive(path, mode="write", create=True) as archive:
        session = recipes.import_capture(archive, SAMPLE)
    (verdict,) = recipes.verify(path)
    told = recipes.verdict_json(verdict)
    assert (told["session"], told["state"], told["problems"]) == (session.session, "complete", ())
    said: list[str] = []
    recipes.upgrade(path, say=said.append)
    assert said[-1].startswith("the archive is at revision")


@pytest.mark.parametrize("mode", ["read", "write"])
def test_an_archive_that_is_not_there_is_not_made_unless_asked(tmp_path, mode):
    with pytest.raises(NotFound):
        recipes.open_archive(str(tmp_path / "x.db"), mode=mode)
    assert list(tmp_path.iterdir()) == []
