"""``check --watch``: what is found while another process records."""

from __future__ import annotations

import subprocess

import pytest
from builders.preloaded import Preloaded
from typer.testing import CliRunner

from recorder.cli.app import app
from recorder.clock import VirtualClock
from recorder.store.archive import Archive
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame


@pytest.mark.parametrize(
    ("options", "found", "at_the_end"),
    [((), "error unreadable-payload: ", True), (("--json",), '{"rule":"unreadable-payload"', False)],
    ids=["text", "json"],
)
def test_a_watched_check_tells_what_it_finds_and_fails_at_the_end(tmp_path, options, found, at_the_end):
    path = tmp_path / "x.db"
    archive = Archive.open(path, mode="write")
    sink = archive.begin_session(source="client", started_at_us=0, clock=VirtualClock())
    sink(
        [ConnectionOpened(1, None, 0, 0), RecordedFrame(1, 1, 0, Side.SERVICE, 1, 1, 1, True, 0, b"no JSON")]
    )
    rule = ("--rule", "unreadable-payload", "--error", "unreadable-payload")
    watching = Preloaded(
        ["check", "last", "--watch", *rule, *options, "--archive", str(path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watching.stdout.readline().startswith(found)
    sink.finish(0)
    archive.close()
    rest, errors = watching.communicate(timeout=60)
    assert watching.returncode == 3
    assert "1 rule of severity error violated: unreadable-payload" in errors
    assert ("VIOLATED (1 error)" in rest) is at_the_end


@pytest.mark.parametrize(
    "options", [("--rule", "nope"), ("--at", "#1"), ("--accept-within", "soon"), ("--read-within", "-1s")]
)
def test_what_cannot_be_watched_is_said_before_a_session_is_waited_for(tmp_path, options):
    path = str(tmp_path / "x.db")
    Archive.open(path, mode="write").close()
    result = CliRunner().invoke(app, ["check", "--watch", *options, "--archive", path])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {options[0]}: ")
