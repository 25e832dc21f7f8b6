"""Planned receipts: stored, changed, read, proven and deleted, in a file and in a database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recorder.errors import ArchiveUnusable
from recorder.projection.derived import refresh
from recorder.store.archive import Archive
from recorder.store.verify import verify
from recorder.wire.records import ReceiptPlan

Begin = Callable[..., Any]

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjb25zdW1lci0xIn0.c2lnbmF0dXJlLXRoYXQtbm9ib2R5LXJlYWRz"

FIRST = ReceiptPlan(1, "ben", 1, "d", 0, "READ", None, 3_000_000)
SENT = FIRST._replace(frame=2, sent_offset_us=3_000_120)
SECOND = ReceiptPlan(2, "ben", None, "d", 1, "ACCEPT", 4, None, unsent="leader unsent")


@pytest.fixture
def planned(where: str, begin: Begin, frames: Any) -> str:
    """An archive with a session of two planned receipts, of which one went out, and one without any."""
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([frames.opened, *frames.some(2)])
        intake([FIRST])
        intake([SENT, SECOND])
        intake.finish(5)
        begin(archive, session="none").finish(5)
        refresh.refresh(archive, "s")
    return where


def test_what_came_of_a_plan_takes_the_place_of_the_plan(where: str, begin: Begin, frames: Any) -> None:
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([frames.opened, *frames.some(2)])
        intake([FIRST])
        assert archive.receipt_plans("s") == [FIRST]
        intake([SENT, SECOND])
        assert archive.receipt_plans("s") == [SENT, SECOND]
        assert list(archive.frames("s")) == frames.some(2)


def test_a_plan_that_is_made_and_sent_at_once_is_one_row(where: str, begin: Begin, frames: Any) -> None:
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([FIRST, frames.opened, *frames.some(2), SENT])
        assert archive.receipt_plans("s") == [SENT]


def test_secrets_are_blanked_as_they_are_in_frames(where: str, begin: Begin) -> None:
    """So that a dialog with the id of a secret is still the dialog of its frames."""
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive, session="s", keep_secrets=False, known_secrets=["hunter2hunter2"])
        intake([FIRST._replace(consumer=f"x {TOKEN}", dialog="hunter2hunter2", status="hunter2hunter2")])
        (stored,) = archive.receipt_plans("s")
        assert stored.dialog == stored.status
        for text in (stored.consumer, stored.dialog):
            assert TOKEN.rpartition(".")[2] not in text
            assert "hunter2" not in text


def test_verify_finds_what_was_changed_added_or_removed(planned: str) -> None:
    with Archive.open(planned, mode="read") as archive:
        assert [(each.state, each.not_covered) for each in verify(archive)] == [("complete", ())] * 2
    for statement in (
        "UPDATE receipt_plan SET due_offset_us = 7 WHERE number = 1",
        "INSERT INTO receipt_plan (session_id, number, consumer, dialog, sequence, status)"
        " SELECT id, 1, 'x', 'd', 0, 'READ' FROM session WHERE session = 'none'",
        "DELETE FROM receipt_plan WHERE session_id = (SELECT id FROM session WHERE session = 's')",
    ):
        with Archive.open(planned, mode="write") as archive, archive.writer() as writer:
            writer.connection.exec_driver_sql(statement)
    with Archive.open(planned, mode="read") as archive:
        problems = ["the receipts that it planned (receipt_plan): not as recorded"]
        assert [list(each.problems) for each in verify(archive)] == [problems, problems]


def test_a_session_is_deleted_with_its_plans(planned: str) -> None:
    with Archive.open(planned, mode="write") as archive:
        archive.delete_session("s")
        with archive.reader() as reader:
            assert reader.value("SELECT count(*) FROM receipt_plan") == 0


def test_what_no_recorder_writes_is_told(planned: str) -> None:
    with Archive.open(planned, mode="write") as archive, archive.writer() as writer:
        writer.connection.exec_driver_sql("UPDATE receipt_plan SET unsent = 'out of spite'")
    with Archive.open(planned, mode="read") as archive, pytest.raises(ArchiveUnusable, match="unsent"):
        archive.receipt_plans("s")


def test_a_file_of_the_schema_before_is_read_as_it_is(path: Path, begin: Begin, frames: Any) -> None:
    """Also where nobody may write it: it has no plans, and what it has verifies."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([frames.opened, *frames.some(3)])
        intake.finish(5)
    with sqlite3.connect(path) as handle:
        handle.execute("DROP TABLE receipt_plan")
        handle.execute("UPDATE alembic_version SET version_num = '0006'")
    handle.close()
    path.chmod(0o400)
    with Archive.open(path, mode="read") as archive:
        assert archive.receipt_plans("s") == []
        assert list(archive.frames("s")) == frames.some(3)
        assert [each.state for each in verify(archive)] == ["complete"]
    path.chmod(0o600)
    said: list[str] = []
    with Archive.open(path, mode="write", say=said.append) as archive:
        assert archive.receipt_plans("s") == []
        assert [each.state for each in verify(archive)] == ["complete"]
    assert "from schema 0006" in said[0]
