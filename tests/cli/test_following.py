"""``message list --follow``: ends with the session, or with Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recorder import recipes
from recorder.clock import VirtualClock
from recorder.store.archive import Archive
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened, RecordedFrame

ROOT = Path(__file__).parents[2]
HI = (
    b'{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":[{"sequence":0,'
    b'"dialogId":"d","originatorId":"a","event":{"type":"ContentEvent","contentType":"text/plain",'
    b'"message":"hi"}}]}}'
)


def follow(path, *options, **how):
    command = [sys.executable, "-m", "recorder", "message", "list", "last", "--follow", *options]
    return subprocess.Popen(
        [*command, "--archive", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how
    )


@pytest.fixture
def recorder(tmp_path):
    """A session that is being recorded by this process, with one message so far."""
    path = tmp_path / "x.db"
    with Archive.open(path, mode="write") as archive:
        sink = archive.begin_session(source="client", started_at_us=0, clock=VirtualClock())
        frame = RecordedFrame(1, 1, 0, Side.SERVICE, 1, 1, 1, True, 0, HI)
        sink([ConnectionOpened(1, None, 0, 0), frame])
        yield path, sink, frame


def test_another_process_tells_each_change_as_a_line_and_ends_with_the_session(recorder):
    path, sink, frame = recorder
    following = follow(path, "--json", "--interval", "20ms")
    first = json.loads(following.stdout.readline())
    assert (first["sequence"], first["status"]) == (0, "sent")
    read = HI.replace(b'"sequence":0', b'"sequence":1').replace(b'"a"', b'"b"')
    read = read.replace(
        b'"ContentEvent","contentType":"text/plain","message":"hi"',
        b'"AcceptStatusEvent","status":"READ","sequenceList":[0]',
    )
    sink([frame._replace(number=2, index=1, payload=read)])
    second = json.loads(following.stdout.readline())
    assert (second["sequence"], second["status"]) == (0, "read")
    sink.finish(0)
    rest, errors = following.communicate(timeout=60)
    assert (rest, errors, following.returncode) == ("", "", 0)


def test_ctrl_c_ends_it_with_130(recorder):
    path, _, _ = recorder
    following = follow(path, "--interval", "60s")
    assert following.stdout.readline().startswith("dialog d")
    os.kill(following.pid, signal.SIGINT)
    following.communicate(timeout=60)
    assert following.returncode == 130


@pytest.mark.parametrize("options", [("--at", "#1"), ("--interval", "soon")])
def test_what_makes_no_sense_with_it_is_said(tmp_path, options):
    path = tmp_path / "x.db"
    with recipes.open_archive(str(path), mode="write", create=True) as archive:
        recipes.import_capture(archive, ROOT / "samples" / "tutorial.jsonl")
    following = follow(path, *options)
    _, errors = following.communicate(timeout=60)
    assert following.returncode == 2
    assert options[0] in errors
