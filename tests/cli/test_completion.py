"""What shells complete, asked as they ask."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from recorder.cli.app import app


@pytest.fixture
def completed(archive):
    """The words that bash is given for a line that ends in the word to be completed."""

    def complete(line, *, archive=archive):
        words = line.split(" ")
        environment = {
            "_RECORDER_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
            "RECORDER_ARCHIVE": str(archive),
        }
        result = CliRunner(env=environment).invoke(app, [], prog_name="recorder")
        assert result.stderr == ""
        assert "Traceback" not in result.output
        return [each for each in result.stdout.split("\n") if each]

    return complete


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("recorder session show imp", {"imported"}),
        ("recorder session show la", {"last"}),
        ("recorder --json message list pl", {"played"}),
        ("recorder session diff imported pl", {"played"}),
        ("recorder archive rebuild im", {"imported"}),
        ("recorder check --rule never-s", {"never-subscribed"}),
        ("recorder check --explain never-s", {"never-subscribed"}),
        ("recorder simulate --mood close_a", {"close_after"}),
        ("recorder guide rec", {"recording", "receipts"}),
        ("recorder samples tutorial.", {"tutorial.jsonl"}),
        ("recorder message list imported --dialog 9", {"940f401e-dc4c-49a9-bff2-2bbb5bd0df64"}),
        ("recorder message list played --dialog zz", set()),
        ("recorder sess", {"session"}),
    ],
)
def test_names_are_completed(completed, line, expected):
    assert set(completed(line)) == expected


def test_ids_are_completed_as_well_as_names(completed, run):
    ids = [line[12:24] for line in run("session", "list", "--json").stdout.splitlines()]
    assert set(ids) < set(completed("recorder frame list "))


@pytest.mark.parametrize(
    "content", [None, b"", b"some other file\n" * 100, b"SQLite format 3\0" + bytes(200)]
)
def test_where_there_is_no_archive_nothing_is_completed_and_nothing_is_made(completed, tmp_path, content):
    file = tmp_path / "other" / "x.db"
    file.parent.mkdir()
    if content is not None:
        file.write_bytes(content)
    for line in ("recorder session show ", "recorder message list --dialog "):
        assert completed(line, archive=file) == []
    assert [each.name for each in file.parent.iterdir()] == ([] if content is None else ["x.db"])
