"""A session is exported whole or not at all."""

from __future__ import annotations

import pytest

from recorder import recipes
from recorder.errors import NotFound


def test_a_session_that_is_not_there_leaves_no_file(archive, tmp_path):
    with recipes.open_archive(archive, mode="write", create=True) as opened, pytest.raises(NotFound):
        recipes.export_to_file(opened, "last", tmp_path / "out.jsonl")
    assert not list(tmp_path.glob("*.jsonl"))


def test_a_file_and_stdout_get_the_same_lines(archive, samples, tmp_path, capfdbinary):
    file = tmp_path / "out.jsonl"
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, samples / "tutorial.jsonl")
        recipes.export_to_file(opened, "last", file)
        recipes.export_to_stdout(opened, "last")
    assert capfdbinary.readouterr().out == file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
