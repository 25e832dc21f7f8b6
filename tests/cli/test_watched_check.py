"""``check --watch``: what is found while another process records."""

from __future__ import annotations

import subprocess

import pytest
from builders.preloaded import Preloaded

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
