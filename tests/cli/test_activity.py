"""Nobody waits for more than a second without knowing for what, and quick work is silent."""

from __future__ import annotations

import io
import os
import sys

import pytest

from recorder.cli import activity
from recorder.cli.activity import Activity, opened_for
from recorder.errors import ArchiveUnusable
from recorder.store.remarks import ProgressLine

HALF = ProgressLine("counting: 50%", "counting", 0.5)


def wait_for(said):
    """An activity that has been silent for its time."""
    said._thread.join()


def test_quick_work_says_only_its_remarks(capsys):
    with Activity("reading", quiet=False) as say:
        say("a remark")
        say(HALF)
    say("done")
    assert capsys.readouterr().err == "a remark\ncounting: 50%\ndone\n"


def test_a_lasting_job_is_told_once_where_there_is_no_terminal(capsys, monkeypatch):
    monkeypatch.setattr(activity, "SILENCE_S", 0.0)
    with Activity("importing", quiet=False, lasting=True) as say:
        wait_for(say)
        say(HALF)
    assert capsys.readouterr().err == "importing …\ncounting: 50%\n"


def test_another_one_is_not_told_there_however_slow_the_machine(capsys, monkeypatch):
    monkeypatch.setattr(activity, "SILENCE_S", 0.0)
    with Activity("reading", quiet=False) as say:
        say(HALF)
    assert capsys.readouterr().err == "counting: 50%\n"


def test_quiet_says_nothing(capsys, monkeypatch):
    monkeypatch.setattr(activity, "SILENCE_S", 0.0)
    with Activity("importing", quiet=True, lasting=True) as say:
        say(HALF)
    say.end()
    assert capsys.readouterr().err == ""


def test_a_terminal_shows_a_bar_which_goes_away(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for name, value in {"TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(activity, "SILENCE_S", 0.0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Activity("reading", quiet=False) as say:
        wait_for(say)
        say(HALF)
        say("a remark")
    drawn = sys.stderr.getvalue()
    assert "reading" in drawn
    assert "a remark\n" in drawn
    assert drawn.endswith("\x1b[2K")


def test_an_archive_is_opened_and_its_errors_end_it(tmp_path, archive):
    with opened_for("reading", str(archive), quiet=False) as (opened, say):
        assert len(opened.sessions()) == 2
    assert not say._thread.is_alive()
    with pytest.raises(ArchiveUnusable), opened_for("reading", os.fspath(tmp_path), quiet=False):
        pass
