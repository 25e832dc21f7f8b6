"""What shells complete, asked as they ask."""

from __future__ import annotations

import re

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


HOSTILE = ("two words", "a:b'c", 'q"uo$te', "[/x]\nsecond line", "x" * 90)


def asked_by(shell, line, archive):
    """What Typer's script for this shell is given."""
    environment = {
        "_RECORDER_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "RECORDER_ARCHIVE": str(archive),
    }
    return CliRunner(env=environment).invoke(app, [], prog_name="recorder").stdout


@pytest.fixture
def hostile_names(run, tmp_path):
    for number, name in enumerate(HOSTILE):
        file = tmp_path / f"{number}.jsonl"
        file.write_text(f'{{"sender": "client", "text": "{number}"}}\n')
        assert run("import", str(file), "--name", name).exit_code == 0


@pytest.mark.usefixtures("hostile_names")
def test_fish_is_given_a_line_for_each_name_with_its_description(archive):
    """A name that would need quotes is offered by its id."""
    rows = [line.split("\t") for line in asked_by("fish", "recorder session show ", archive).splitlines()]
    assert {"last", "played", "imported", "x" * 90} <= {row[0] for row in rows}
    assert all(re.fullmatch(r"[\w.-]+", row[0]) for row in rows)
    assert {"two words", "a:b’c", "q”uo$te", "(/x) second line"} <= {row[-1] for row in rows}
    moods = asked_by("fish", "recorder simulate --mood ", archive).splitlines()
    assert all(len(line.split("\t")) == 2 for line in moods)


@pytest.mark.usefixtures("hostile_names")
def test_zsh_is_given_one_text_in_quotes(archive):
    """It evaluates what it gets; a quote inside would end the text."""
    given = asked_by("zsh", "recorder session show ", archive)
    assert given.startswith("_arguments '*: :((")
    assert given.rstrip().endswith("))'")
    assert given.count("'") == 2
    for expected in ('"played":"the newest of this name"', ':"two words"', ":b’c", ':"(/x) second line"'):
        assert expected in given
