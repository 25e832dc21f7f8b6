"""``recorder report``: one HTML file."""

from __future__ import annotations

from pathlib import Path


def test_the_file_is_written_and_named(run, tmp_path):
    file = tmp_path / "report.html"
    result = run("report", "played", "-o", str(file))
    assert result.exit_code == 0
    assert result.stderr == f"wrote {file}\n"
    assert result.stdout == ""
    assert file.read_text().startswith("<!DOCTYPE html>")


def test_without_a_name_it_is_named_after_the_session(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("report", "played", "--redact", "text,names").exit_code == 0
    (file,) = Path.cwd().glob("*.html")
    assert len(file.stem) == 12


def test_a_place_that_cannot_be_written_is_told_before_the_work(run, tmp_path):
    result = run("report", "played", "-o", str(tmp_path / "missing" / "r.html"))
    assert result.exit_code == 2
    assert "there is no directory" in result.stderr


def test_it_can_be_shown_at_once(run, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr("typer.launch", shown.append)
    file = tmp_path / "report.html"
    assert run("report", "played", "-o", str(file), "--open", "--quiet").exit_code == 0
    assert shown == [file.as_uri()]


def test_two_sessions_stand_side_by_side(run, tmp_path):
    file = tmp_path / "report.html"
    assert run("report", "imported", "--with", "played", "-o", str(file)).exit_code == 0
    assert 'id="1-columns"' in file.read_text()
