"""If anything is missing or changed, verify says so, and names the first frame."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from recorder.clock import VirtualClock
from recorder.store.archive import Archive
from recorder.store.reading import ChainedFrame
from recorder.store.verify import SessionVerdict, verify
from recorder.wire.frames import CompressedPayload

Begin = Callable[..., Any]


@pytest.fixture(params=["complete", "interrupted"])
def recorded(request: pytest.FixtureRequest, path: Path, begin: Begin, frames: Any) -> Path:
    """An archive with a session of 30 frames, barriers at frames 1 and 20, ended or not."""
    clock = VirtualClock()
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, session="s", clock=clock)
        intake([frames.opened, frames.one(1)])
        intake(frames.some(18, after=1))
        clock.sleep_until(1.0)
        intake(frames.some(1, after=19))
        intake(frames.some(10, after=20))
        if request.param == "complete":
            intake([frames.closed])
            intake.finish(0)
    return path


def harm(path: Path, *statements: str) -> None:
    """RowChange the file behind our back."""
    with sqlite3.connect(path) as handle:
        for statement in statements:
            handle.execute(statement)
    handle.close()


def only(path: Path) -> SessionVerdict:
    """The verdict on the one session."""
    with Archive.open(path, mode="read") as archive:
        (verdict,) = [each for each in verify(archive) if each.session]
        return verdict


def test_an_undamaged_archive_is_not_called_damaged(recorded: Path) -> None:
    """Complete or interrupted, as it is."""
    with Archive.open(recorded, mode="read") as archive:
        state = archive.sessions()[0].state
    not_covered = () if state == "complete" else ("rows",)
    assert only(recorded) == SessionVerdict("s", None, state, 30, not_covered=not_covered)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE compressed SET length = length + 1", "frame 3 is not as it was recorded"),
        ("UPDATE compressed SET digest = x'00'", "frame 3 is not as it was recorded"),
        ("UPDATE compressed SET withheld = 'no'", "frame 3 is not as it was recorded"),
        ("UPDATE compressed SET data = x'01'", "frame 3 is not as it was recorded"),
        ("DELETE FROM compressed", "frame 3 is not as it was recorded"),
        ("UPDATE compressed SET number = 2", "frame 2 is not as it was recorded"),
        ("INSERT INTO compressed SELECT session_id, 9, length, digest, data, withheld FROM compressed",
         "1 row of compressed without a frame"),
    ],
)  # fmt: skip
def test_what_is_known_of_a_compressed_frame_is_part_of_it(
    path: Path, begin: Begin, frames: Any, change: str, says: str
) -> None:
    """Its row beside cannot be changed, moved, removed or added unnoticed."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([frames.opened, *frames.some(2), frames.one(3, compressed=CompressedPayload(5, b"d" * 32))])
        intake.finish(0)
    assert only(path).state == "complete"
    harm(path, change)
    assert (only(path).state, only(path).problems[0]) == ("damaged", says)


@pytest.mark.parametrize("number", [1, 12, 20, 30])
@pytest.mark.parametrize(
    "change",
    [
        "payload = x'00'",
        "at_us = at_us + 1",
        "sender = 1 - sender",
        "head = NULL",
        "offset_us = NULL",
        "violation = 'none'",
        "redacted = 1",
        "fin = 0",
        "opcode = 2",
        "rsv = 4",
        "chain = chain + 1",
    ],
)
def test_a_changed_frame_is_found(recorded: Path, number: int, change: str) -> None:
    """Any column of any frame, with or without an end record."""
    harm(recorded, f"UPDATE frame SET {change} WHERE number = {number}")
    verdict = only(recorded)
    assert (verdict.state, verdict.first_bad) == ("damaged", number)
    assert verdict.problems == (f"frame {number} is not as it was recorded",)


@pytest.mark.parametrize("number", [1, 12, 20, 29])
def test_a_missing_frame_is_found(recorded: Path, number: int) -> None:
    """Anywhere before the last."""
    harm(recorded, f"DELETE FROM frame WHERE number = {number}")
    verdict = only(recorded)
    assert (verdict.state, verdict.first_bad) == ("damaged", number)
    assert len(verdict.problems) <= 3  # that it is missing, where it shows, that there are fewer; once each


def test_a_missing_frame_is_found_though_the_rest_was_renumbered(recorded: Path) -> None:
    """The digest knows."""
    renumber = "UPDATE frame SET number = number - 1, idx = idx - 1 WHERE number = "
    harm(recorded, "DELETE FROM frame WHERE number = 5", *(renumber + str(n) for n in range(6, 31)))
    verdict = only(recorded)
    assert (verdict.state, verdict.first_bad) == ("damaged", 5)


def test_missing_last_frames_are_found_back_to_the_last_barrier(recorded: Path) -> None:
    """An interrupted session may end anywhere after its last barrier, and nowhere before it."""
    with Archive.open(recorded, mode="read") as archive:
        complete = archive.sessions()[0].state == "complete"
    harm(recorded, "DELETE FROM frame WHERE number > 25")
    assert only(recorded).state == ("damaged" if complete else "interrupted")
    harm(recorded, "DELETE FROM frame WHERE number > 18")
    verdict = only(recorded)
    assert (verdict.state, verdict.first_bad) == ("damaged", 19)


def test_swapped_payloads_are_found(recorded: Path) -> None:
    """Though the counts agree."""
    harm(
        recorded,
        "CREATE TEMP TABLE old AS SELECT number, payload FROM frame",
        "UPDATE frame SET payload = (SELECT payload FROM old WHERE old.number = 15 - frame.number)"
        " WHERE number IN (7, 8)",
    )
    assert only(recorded).first_bad == 7


def test_a_missing_connection_is_found(recorded: Path) -> None:
    """Its frames belong to nothing."""
    harm(recorded, "PRAGMA foreign_keys = OFF", "DELETE FROM connection")
    with Archive.open(recorded, mode="read") as archive:
        verdicts = verify(archive)
    assert [verdict.state for verdict in verdicts] == ["damaged", "damaged"]
    assert "belongs to nothing" in verdicts[1].problems[0]


def test_a_missing_session_is_found(recorded: Path) -> None:
    """By what it left behind."""
    harm(recorded, "PRAGMA foreign_keys = OFF", "DELETE FROM session")
    with Archive.open(recorded, mode="read") as archive:
        (verdict,) = verify(archive)
    assert (verdict.session, verdict.state) == (None, "damaged")


@pytest.mark.parametrize("position", range(8))
def test_a_flipped_bit_in_a_payload_on_disk_is_found(recorded: Path, position: int) -> None:
    """As a failing disk does it, below SQLite."""
    data = bytearray(recorded.read_bytes())
    at = data.index(b'{"frame":17}') + position
    data[at] ^= 0x04
    recorded.write_bytes(data)
    verdict = only(recorded)
    assert (verdict.state, verdict.first_bad) == ("damaged", 17)


def test_a_page_of_garbage_is_found(path: Path, begin: Begin, frames: Any) -> None:
    """SQLite itself stops reading there; what was read before it counts."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([frames.one(number, b"%05d" % number + b"x" * 1000) for number in range(1, 501)])
        intake.finish(0)
    data = bytearray(path.read_bytes())
    page = data.index(b"00300xxx") // 4096 * 4096
    data[page : page + 4096] = b"\xa5" * 4096
    path.write_bytes(data)
    with Archive.open(path, mode="read") as archive:
        verdicts = verify(archive)
    assert {verdict.state for verdict in verdicts} == {"damaged"}
    assert verdicts[0].first_bad is not None
    assert 200 < verdicts[0].first_bad <= 300
    assert verdicts[-1].session is None


def test_verify_finds_damage_in_a_database_too(database: str, begin: Begin, frames: Any) -> None:
    """A changed frame, a missing one, a short end."""
    with Archive.open(database, mode="write") as archive:
        for session in ("changed", "missing", "short", "whole"):
            intake = begin(archive, session=session)
            intake(frames.some(10))
            intake.finish(0)
        with archive.writer() as writer:
            run = writer.connection.exec_driver_sql
            run("UPDATE frame SET payload = 'x' WHERE session_id = 1 AND number = 4")
            run("DELETE FROM frame WHERE session_id = 2 AND number = 6")
            run("DELETE FROM frame WHERE session_id = 3 AND number > 8")
        found = [(verdict.session, verdict.state, verdict.first_bad) for verdict in verify(archive)]
    assert found == [
        ("changed", "damaged", 4),
        ("missing", "damaged", 6),
        ("short", "damaged", 9),
        ("whole", "complete", None),
    ]


@pytest.mark.parametrize("column", ["frame_digest", "barrier_digest"])
def test_frames_that_disagree_with_a_noted_digest_are_found(recorded: Path, column: str) -> None:
    """Also where the pieces stored beside the frames were made to fit."""
    with Archive.open(recorded, mode="read") as archive:
        complete = archive.sessions()[0].state == "complete"
    harm(recorded, f"UPDATE connection SET {column} = zeroblob(16) WHERE {column} IS NOT NULL")
    # Before its end a connection has no digest of all its frames that could disagree.
    expected = "damaged" if complete or column == "barrier_digest" else "interrupted"
    assert only(recorded).state == expected


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("UPDATE session SET end_state = NULL", id="no-state"),
        pytest.param("UPDATE session SET frames = NULL", id="no-count"),
        pytest.param(
            "UPDATE connection SET frame_count = NULL, frame_digest = NULL", id="no-end-of-connection"
        ),
    ],
)
def test_half_an_end_record_is_damage(path: Path, begin: Begin, frames: Any, change: str) -> None:
    """It is written in one transaction: there is all of it or none."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([frames.opened, *frames.some(3), frames.closed])
        intake.finish(0)
    assert only(path).state == "complete"
    harm(path, change)
    assert only(path).state == "damaged"


def test_a_recorder_that_died_left_no_end_record_and_no_damage(path: Path, begin: Begin, frames: Any) -> None:
    """The next one notes that it was interrupted, which makes none."""
    with Archive.open(path, mode="write") as archive:
        begin(archive, session="s")([frames.opened, *frames.some(3)])
    Archive.open(path, mode="write").close()
    assert only(path) == SessionVerdict("s", None, "interrupted", 3)


def test_the_frames_are_read_by_way_of_what_counts_them(where: str, begin: Begin, frames: Any) -> None:
    """Once for every session, oldest first; the verdicts are the same."""
    seen: list[list[int]] = []

    def counted(told: Iterator[ChainedFrame]) -> Iterator[ChainedFrame]:
        seen.append([])
        for each in told:
            seen[-1].append(each.frame.number)
            yield each

    with Archive.open(where, mode="write") as archive:
        for count in (3, 0, 2):
            intake = begin(archive)
            intake(frames.some(count))
            intake.finish(0)
        assert verify(archive, through=counted) == verify(archive)
    assert seen == [[1, 2, 3], [], [1, 2]]


def test_a_session_deleted_meanwhile_gets_no_verdict(where: str, begin: Begin, frames: Any) -> None:
    """It is not missing: somebody removed it while the first was read."""
    with Archive.open(where, mode="write") as archive:
        for session in ("kept", "gone"):
            intake = begin(archive, session=session)
            intake(frames.some(2))
            intake.finish(0)

        def deletes(told: Iterator[ChainedFrame]) -> Iterator[ChainedFrame]:
            archive.delete_session("gone")
            yield from told

        verdicts = verify(archive, through=deletes)
    assert [(verdict.session, verdict.state) for verdict in verdicts] == [("kept", "complete")]


def test_of_many_problems_a_handful_is_told(path: Path, begin: Begin, frames: Any) -> None:
    """Of nine broken connections five; the first frame that is wrong is the first of all of them."""
    with Archive.open(path, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([frames.one(number, connection=number, index=0) for number in range(1, 10)])
        intake.finish(0)
    harm(path, "UPDATE frame SET payload = x'00'")
    verdict = only(path)
    assert verdict.problems == tuple(f"frame {number} is not as it was recorded" for number in range(1, 6))
    assert verdict.first_bad == 1
