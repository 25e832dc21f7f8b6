"""``recorder session``: list, show, export, delete."""

from __future__ import annotations

import orjson
import pytest


def listed(run):
    return [orjson.loads(line) for line in run("session", "list", "--json").stdout.splitlines()]


def test_list_has_the_contracts_keys(run):
    imported, played = listed(run)
    assert list(played) == [
        "session", "name", "source", "state", "started_at", "ended_at", "connections", "frames",
    ]  # fmt: skip
    assert (played["name"], played["source"], played["state"]) == ("played", "replay", "complete")
    assert (imported["source"], imported["frames"]) == ("jsonl", 7)
    assert imported["started_at"] == "2017-02-18T22:03:58.100000Z"


def test_a_session_answers_to_its_id_a_prefix_its_name_and_last(run):
    played = listed(run)[1]
    for name in (played["session"], played["session"][:6], "played"):
        assert orjson.loads(run("session", "show", name, "--json").stdout)["session"] == played["session"]
    assert orjson.loads(run("session", "show", "last", "--json").stdout)["session"] == played["session"]


def test_show_tells_connections_counts_and_oddities(run):
    out = run("session", "show", "played").stdout
    assert "closed by the client with 1000" in out
    assert "messages  1 read" in out
    assert "id" in run("session", "show", "imported").stdout


def test_export_then_import_gives_the_same_frames(run, tmp_path):
    file = tmp_path / "out.jsonl"
    assert run("session", "export", "played", "-o", str(file)).exit_code == 0
    assert (file.stat().st_mode & 0o777) == 0o600
    fresh = ["--archive", str(tmp_path / "fresh.db")]
    assert run("import", str(file), *fresh).exit_code == 0
    assert (
        run("frame", "list", "last", "--json", *fresh).stdout
        == run("frame", "list", "played", "--json").stdout
    )
    again = run("session", "export", "last", *fresh).stdout
    header, *rest = file.read_text().splitlines()
    assert again.splitlines()[1:] == rest
    assert orjson.loads(header)["recorder"] == 1
    assert orjson.loads(header)["session"] == listed(run)[1]["session"]


def test_export_into_a_folder_that_is_not_there_is_one_sentence(run, tmp_path):
    result = run("session", "export", "last", "-o", str(tmp_path / "no" / "x.jsonl"))
    assert result.exit_code == 2
    assert "cannot write" in result.stderr


def test_delete_asks_first_and_then_nothing_is_left(run, archive):
    result = run("session", "delete", "imported", input="n\n")
    assert result.exit_code == 2
    assert len(listed(run)) == 2
    assert run("session", "delete", "imported", "--yes").exit_code == 0
    assert [each["name"] for each in listed(run)] == ["played"]
    assert b"some agent text" not in archive.read_bytes()


def test_an_archive_that_is_not_there_is_said_to_be_missing(run, tmp_path):
    result = run("session", "list", "--archive", str(tmp_path / "none.db"))
    assert result.exit_code in (2, 7)
    assert "none.db" in result.stderr
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("command", ["list", "show", "export", "delete"])
def test_every_command_has_the_same_options(run, command):
    out = run("session", command, "--help").stdout
    for option in ("--archive", "--quiet"):
        assert option in out
