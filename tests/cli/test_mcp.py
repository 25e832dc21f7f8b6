"""``recorder mcp``: what keeps it from starting is one sentence."""

from __future__ import annotations

import sys


def test_without_the_extra_it_says_which_one(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    done = run("mcp")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "error: mcp: the package mcp is not installed\nhint: pip install 'ums-recorder[mcp]'\n"
    )


def test_a_missing_archive_is_told(run, tmp_path):
    done = run("mcp", "--archive", str(tmp_path / "none.db"))
    assert done.exit_code == 2
    assert "none.db" in done.stderr
