"""The quick way and the long way tell the same."""

from __future__ import annotations

from pathlib import Path

from recorder import recipes

SAMPLE = Path(__file__).parents[2] / "samples" / "tutorial.jsonl"
DIALOG = "940f401e-dc4c-49a9-bff2-2bbb5bd0df64"


def test_it_tells_what_messages_tells(tmp_path):
    path = str(tmp_path / "x.db")
    with recipes.open_archive(path, mode="write", create=True) as archive:
        recipes.import_capture(archive, SAMPLE)
        assert recipes.quick_messages(path, "last", DIALOG) == recipes.messages(
            archive, "last", dialog=DIALOG
        )
    assert recipes.quick_messages(path, "last", "nowhere") is None
