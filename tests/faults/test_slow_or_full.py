"""The disk takes no more, or nobody reads on: it ends with one sentence, and nothing delivered is missing."""

from __future__ import annotations

import json

import pytest

from recorder.recipes import open_archive
from recorder.wire.frames import Side

# `recorder` where no file may grow beyond the first argument, in bytes: writes fail as on a full disk.
LIMITED = """
import resource, sys
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from recorder.cli import main
main()
"""


PUSHED = 10_000
"""Payloads: fifty times more than a pipe can hold, and three times more than the full disk."""


def payload(number: int) -> bytes:
    """What the service's n-th payload is."""
    return b'{"service":%d,"pad":"%s"}' % (number, b"s" * 300)


@pytest.fixture
def flooding(service, wire):
    """A service that pushes numbered payloads as fast as they are taken."""

    def serve(visit):
        visit.let_in()
        wire.flood(visit, (wire.frame_of(1, payload(number)) for number in range(PUSHED)))

    return service(serve)


def recorded(archive) -> list[bytes]:
    """The payloads of the service in the archive's last session."""
    with open_archive(str(archive)) as opened:
        frames = list(opened.frames(opened.find_session("last").session))
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    return [frame.payload for frame in frames if frame.sender is Side.SERVICE and frame.opcode == 1]


def test_a_disk_that_takes_no_more_ends_in_one_sentence_and_loses_nothing_delivered(
    archive, start, run, flooding
):
    """It waits a while for room, tells the service 1011, and exits with 6; the next run goes on."""
    process = start("1000000", "record", flooding.place, program=("-c", LIMITED))
    stdout, stderr = process.communicate(b"", timeout=90)
    assert process.returncode == 6, stderr
    errors = [line for line in stderr.decode().splitlines() if line.startswith(("error:", "hint:"))]
    assert len(errors) == 2, stderr
    assert "recorder.db" in errors[0]
    assert "the disk refuses to write more" in errors[0]
    assert b"Traceback" not in stderr

    delivered = stdout.splitlines()
    assert len(delivered) > 500
    kept = recorded(archive)
    assert kept == [payload(number) for number in range(len(kept))]
    assert delivered == kept[: len(delivered)]
    assert flooding.last_visit().frames()[-1][::2] == (8, b"\x03\xf3")
    assert run("archive", "verify").exit_code == 5

    again = start("record", flooding.place)
    assert again.stdout.readline() == payload(0) + b"\n"


def test_a_reader_that_has_seen_enough_ends_the_recording_quietly(archive, start, run, flooding):
    """As in ``recorder record … | head -1``: no complaint, exit 0, and a session that is complete."""
    process = start("record", flooding.place, "--quiet")
    assert process.stdout.readline() == payload(0) + b"\n"
    process.stdout.close()
    stderr = process.stderr.read()
    process.stdin.close()
    assert process.wait(60) == 0
    assert stderr == b""
    session = json.loads(run("session", "show", "last", "--json").stdout)
    assert session["state"] == "complete"
    assert session["connection_details"][0]["closed_by"] == "client"
    assert recorded(archive)[0] == payload(0)
    assert run("archive", "verify").exit_code == 0


def test_a_reader_that_does_not_read_stops_the_service_and_not_the_clock(archive, start, run, flooding):
    """Nobody empties the pipe: frames wait in the file and on the wire, not in memory, and none is lost."""
    process = start("record", flooding.place)
    first = process.stdout.readline()
    visit = flooding.visits[-1]
    assert not visit.over.wait(1.0)  # the fault: one second of not reading
    process.terminate()
    printed = first + process.stdout.read()
    assert process.wait(60) == 143
    kept = recorded(archive)
    assert printed.splitlines() == kept
    assert kept == [payload(number) for number in range(len(kept))]
    assert json.loads(run("session", "show", "last", "--json").stdout)["state"] == "complete"
