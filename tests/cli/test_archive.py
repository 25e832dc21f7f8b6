"""``recorder archive``: what it is, whether it is whole, bring it up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import orjson


def test_info_shows_path_kind_and_revision(run, archive):
    info = orjson.loads(run("archive", "info", "--json").stdout)
    assert (info["path"], info["kind"], info["sessions"]) == (str(archive), "sqlite", 2)
    assert info["revision"] == info["head_revision"]
    assert "revision" in run("archive", "info").stdout


def test_verify_of_a_whole_archive_is_0(run):
    result = run("archive", "verify")
    assert result.exit_code == 0
    assert result.stdout.count("complete") == 2


def test_verify_of_a_changed_payload_is_7_and_names_the_frame(run, archive):
    with sqlite3.connect(archive) as file:
        file.execute(
            "UPDATE frame SET payload = CAST(replace(payload, 'agent text', 'agent test') AS BLOB)"
            " WHERE session_id = 1 AND number = 3"
        )
    file.close()
    result = run("archive", "verify")
    assert result.exit_code == 7
    assert "frame 3 is not as it was recorded" in result.stdout
    lines = [orjson.loads(line) for line in run("archive", "verify", "--json").stdout.splitlines()]
    assert [line["state"] for line in lines] == ["damaged", "complete"]
    assert lines[0]["first_bad"] == 3


def test_verify_of_a_session_without_an_end_is_5(run, archive):
    def change(*statements: str) -> None:
        with closing(sqlite3.connect(archive)) as file, file:
            for statement in statements:
                file.execute(statement)

    change("UPDATE session SET end_state = NULL, frames = NULL, ended_at_us = NULL WHERE id = 2")
    result = run("archive", "verify", "--json")
    (_, changed) = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, changed["state"]) == (7, "damaged")
    assert "its row (name, source, times, state): not as recorded" in changed["problems"]
    change(  # as a recorder leaves it that dies
        "UPDATE session SET row_digest = NULL WHERE id = 2",
        "UPDATE connection SET row_digest = NULL WHERE session_id = 2",
    )
    result = run("archive", "verify")
    assert result.exit_code == 5
    assert "interrupted" in result.stdout
    assert "not covered: the rows of 1 session; without an end record, or" in result.stdout


def test_upgrade_of_a_current_archive_says_so(run):
    result = run("archive", "upgrade")
    assert result.exit_code == 0
    assert "revision" in result.stderr


def test_a_file_that_is_no_archive_exits_with_7_and_is_untouched(run, tmp_path):
    other = tmp_path / "other.db"
    other.write_text("not a database at all\n" * 100)
    before = other.read_bytes()
    for command in (("archive", "info"), ("archive", "verify"), ("archive", "upgrade"), ("session", "list")):
        result = run(*command, "--archive", str(other))
        assert result.exit_code == 7
        assert result.stderr.count("\n") <= 2
    assert other.read_bytes() == before
