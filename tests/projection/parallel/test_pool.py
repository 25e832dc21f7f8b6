"""However many processes read a session, and whatever becomes of them, the same is folded from it."""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from recorder.cli.app import app
from recorder.errors import ArchiveUnusable
from recorder.projection import session
from recorder.projection.events.reader import EventReader
from recorder.projection.incremental import IncrementalTranscript
from recorder.projection.parallel.pool import events_with_workers
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.entities import SessionEntities
from recorder.receipts.state import Transcript
from recorder.store.archive import Archive
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionOpened

FRAMES = 2_000


def payload(number):
    """What number it has decides what it is: a message, receipts, typing, a publish, its answer."""
    dialog = f"dialog-{number % 7}"
    change = {"dialogId": dialog, "originatorId": f"who-{number % 3}", "sequence": number // 7}
    change |= {
        "serverTimestamp": 1_700_000_000_000 + number,
        "originatorMetadata": {"role": f"R{number % 4}"},
    }
    told = {"kind": "notification", "type": "ms.MessagingEventNotification"}
    said = {"type": "ContentEvent", "contentType": "text/plain", "message": f"text {number}"}
    if number % 10 < 4:
        raw = {**told, "body": {"changes": [{**change, "event": said}]}}
    elif number % 10 < 8:
        given = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [number // 7, number // 9]}
        raw = {**told, "body": {"changes": [{**change, "event": given}]}}
    elif number % 10 == 8:
        body = {"dialogId": dialog, "event": said}
        raw = {"kind": "req", "id": str(number % 100), "type": "ms.PublishEvent", "body": body}
    else:
        answer = {"sequence": 1_000 + number}
        raw = {"kind": "resp", "reqId": str((number - 1) % 100), "code": 200, "body": answer}
        raw["type"] = "ms.PublishEventResponse"
    return json.dumps(raw).encode()


def recording(frames):
    for number in range(1, FRAMES + 1):
        sender = Side.CLIENT if number % 10 == 8 else Side.SERVICE
        one = frames.one(number, payload(number), sender=sender)
        if number in (
            700,
            1_400,
        ):  # payloads in two parts, the second in another piece, or only in the one after
            yield one._replace(fin=False, payload=one.payload[:50])
        elif number in (701, 1_460):
            yield one._replace(opcode=0)
        else:
            yield one


@pytest.fixture
def recorded(where, begin, frames):
    with Archive.open(where, mode="write") as archive:
        begin(archive, session="s")([ConnectionOpened(1, None, 0, 0), *recording(frames)])
        yield archive


def folded(events):
    entities = SessionEntities()
    return fold_batches(events, Transcript(), entities=entities), entities


def alone(archive):
    event_reader = EventReader()
    return folded(event_reader.read(archive.scan_frames("s")))


def with_workers(archive, *, jobs=2, range_frames=170):
    event_reader = EventReader()
    result = folded(
        events_with_workers(
            archive, "s", event_reader, last=FRAMES, own_frames=400, jobs=jobs, range_frames=range_frames
        )
    )
    assert event_reader.last == FRAMES
    return result


@pytest.mark.parametrize("jobs", [2, 3])
def test_several_processes_fold_what_one_does(recorded, jobs):
    """Also where a payload came in two parts, one of them in another piece."""
    assert with_workers(recorded, jobs=jobs) == alone(recorded)
    assert with_workers(recorded, jobs=jobs, range_frames=50) == alone(recorded)


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false", "/bin/cat"])
def test_workers_that_fail_cost_only_time(recorded, monkeypatch, python):
    expected = alone(recorded)
    monkeypatch.setattr(sys, "executable", python)
    assert with_workers(recorded) == expected


def test_invalid_content_is_refused_with_workers_too(path, begin, frames):
    with Archive.open(path, mode="write") as archive:
        begin(archive, session="s")([ConnectionOpened(1, None, 0, 0), *recording(frames)])
        with archive.writer() as writer:
            writer.connection.exec_driver_sql("UPDATE frame SET opcode = 77 WHERE number = 1500")
        with pytest.raises(ArchiveUnusable):
            with_workers(archive)


def test_a_short_session_is_read_without_workers(recorded, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    kept = IncrementalTranscript(recorded, "s")
    kept.update(jobs=2)
    assert (kept.transcript, kept.entities) == alone(recorded)


def test_a_long_session_is_read_with_workers_to_the_same_transcript(recorded, monkeypatch):
    monkeypatch.setattr(session, "_FEWEST_FRAMES", 100)
    monkeypatch.setattr(session, "_STARTED_FRAMES", 100)
    kept = IncrementalTranscript(recorded, "s")
    assert kept.update(jobs=2) is None
    assert (kept.transcript, kept.entities) == alone(recorded)
    assert kept.last == FRAMES


def test_an_interleaved_fragmented_payload_is_read_with_workers_too(path, begin, frames):
    """Frame 12 begins one, 13 to 30 stand whole between, and 31 would end it."""
    told = [frames.one(number, payload(10 * number), sender=Side.SERVICE) for number in range(1, 61)]
    told[11] = told[11]._replace(fin=False, payload=payload(1)[:50])
    told[30] = told[30]._replace(opcode=0, payload=payload(1)[50:])
    with Archive.open(path, mode="write") as archive:
        begin(archive, session="s")([ConnectionOpened(1, None, 0, 0), *told])
        helped = events_with_workers(
            archive, "s", EventReader(), last=60, own_frames=12, jobs=2, range_frames=6
        )
        assert folded(helped) == alone(archive)


usual = st.tuples(st.integers(0, 99), st.sampled_from([(1, True)] * 9 + [(9, True), (1, False), (0, True)]))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(usual, min_size=1, max_size=40), st.integers(0, 10), st.integers(3, 20))
def test_any_archive_is_folded_the_same_with_a_worker(begin, frames, drawn, own_frames, range_frames):
    """Whatever frames stand in it, and wherever it is cut."""
    told = [
        frames.one(number, payload(kind), sender=Side.CLIENT if kind % 10 == 8 else Side.SERVICE)._replace(
            opcode=opcode, fin=fin
        )
        for number, (kind, (opcode, fin)) in enumerate(drawn, 1)
    ]
    with tempfile.TemporaryDirectory() as folder, Archive.open(f"{folder}/a.db", mode="write") as archive:
        begin(archive, session="s")([ConnectionOpened(1, None, 0, 0), *told])
        helped = events_with_workers(
            archive,
            "s",
            EventReader(),
            last=len(told),
            own_frames=own_frames,
            jobs=2,
            range_frames=range_frames,
        )
        assert folded(helped) == alone(archive)


def test_rebuilding_with_two_jobs_from_the_command_line_derives_the_same(path, begin, frames, monkeypatch):
    """A real helper reads most of it; only the number of frames that are worth one is lowered."""
    monkeypatch.setattr(session, "_FEWEST_FRAMES", 100)
    monkeypatch.setattr(session, "_STARTED_FRAMES", 100)
    with Archive.open(path, mode="write") as archive:
        begin(archive, session="s")([ConnectionOpened(1, None, 0, 0), *recording(frames)])
    derived = {}
    for jobs in (1, 2):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        done = CliRunner().invoke(app, ["archive", "rebuild", "--jobs", str(jobs), "--archive", str(path)])
        assert done.exit_code == 0, done.output
        assert (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime > before) is (jobs == 2)
        derived[jobs] = rows_of(path)
    assert derived[1] == derived[2]
    assert sum(map(len, derived[1].values())) > FRAMES


def rows_of(path):
    """Everything in the archive, table by table."""
    with sqlite3.connect(path) as archive:
        names = [name for (name,) in archive.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: sorted(map(repr, archive.execute(f'SELECT * FROM "{name}"'))) for name in names}
    archive.close()
    return found
