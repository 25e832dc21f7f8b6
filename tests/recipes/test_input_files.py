"""A missing sample says where the samples are."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder import recipes
from recorder.errors import BadFile
from recorder.recipes.input_files import missing_file_hint


@pytest.mark.parametrize(
    "missing", ["samples/tutorial.jsonl", "samples/parts/nothing.yaml", "./samples/x.yaml"]
)
def test_a_missing_sample_says_how_to_write_them(missing, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with recipes.open_archive("x.db", mode="write", create=True) as archive:
        for use in (recipes.check_script, recipes.script_timetable, lambda file: capture(archive, file)):
            with pytest.raises(BadFile) as refused:
                use(missing)
            assert refused.value.hint == "recorder samples --all samples writes the samples there"


def capture(archive, file: str) -> None:
    recipes.import_capture(archive, Path(file))


@pytest.mark.parametrize("other", ["tutorial.jsonl", "/samples/tutorial.jsonl", "-", "", "../samples/x.yaml"])
def test_another_missing_file_is_no_sample(other, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert missing_file_hint(other) is None


def test_a_sample_that_is_there_is_not_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "own.yaml").touch()
    assert missing_file_hint("samples/own.yaml") is None
