"""The tables of one session, or of all, are derived anew."""

from __future__ import annotations

from pathlib import Path

from recorder import recipes

SAMPLES = Path(__file__).parents[2] / "samples"


def test_one_session_or_all_are_rebuilt_and_quickly_without_a_word(tmp_path):
    said = []
    with recipes.open_archive(str(tmp_path / "x.db"), mode="write", create=True) as archive:
        ids = [
            recipes.import_capture(archive, SAMPLES / name).session
            for name in ("tutorial.jsonl", "step-up.jsonl")
        ]
        assert recipes.rebuild(archive, "last", say=said.append) == ids[1:]
        assert recipes.rebuild(archive, say=said.append) == ids
    assert said == []
