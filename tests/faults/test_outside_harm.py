"""Others remove, replace or cut the files of an archive while it is recorded into: noticed, and rescued."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.tools.outside_harm import HARMS

from recorder.clock import VirtualClock
from recorder.errors import StorageFailed
from recorder.store.archive import Archive
from recorder.store.archive_files import CHECK_EVERY_S
from recorder.store.intake import Intake, IntakeOptions
from recorder.store.verify import verify
from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame

PAYLOAD = b"what was delivered " * 40


def frame(number: int) -> RecordedFrame:
    """Frame ``number`` of a connection."""
    return RecordedFrame(
        number=number, connection=1, index=number - 1, sender=Side.SERVICE, at_us=number, offset_us=number,
        opcode=1, fin=True, rsv=0, payload=PAYLOAD, head=None,
    )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the archive is: in a folder that may be removed."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder / "x.db"


def begun(archive: Archive, clock: VirtualClock, session: str = "s") -> Intake:
    """A session that has got forty frames."""
    options = IntakeOptions(keep_secrets=True)
    intake = archive.begin_session(
        source="client", started_at_us=0, clock=clock, session=session, options=options
    )
    for number in range(1, 41):
        intake([frame(number)])
    return intake


def record(place: Path, go_on: Callable[[Intake], None], *, clock: VirtualClock | None = None) -> None:
    """Open the archive, begin a session, and close the archive when ``go_on`` has returned or raised."""
    with Archive.open(place, mode="write") as archive:
        go_on(begun(archive, clock or VirtualClock()))


def rescued(place: Path) -> dict[str, str]:
    """Sessions and verdicts of the file that was saved."""
    (file,) = place.parent.glob("x.db.rescued-*")
    assert file.stat().st_mode & 0o777 == 0o600
    with Archive.open(file, mode="read") as archive:
        for session in archive.sessions():
            assert [each.payload for each in archive.frames(session)] == [PAYLOAD] * 40
        return {str(verdict.session): verdict.state for verdict in verify(archive)}


@pytest.mark.parametrize("name", HARMS)
def test_it_is_noticed_within_a_second_though_nothing_comes(place: Path, name: str) -> None:
    """At the next look, due in half a second: exit 6, and what was delivered is in a file of its own."""
    clock = VirtualClock()

    def wait_idly(intake: Intake) -> None:
        clock.sleep_until(10.0)
        intake.check_if_due()
        assert intake.check_due_s is not None
        assert intake.check_due_s <= clock.now_s() + CHECK_EVERY_S <= 10.5
        HARMS[name](place)
        clock.sleep_until(intake.check_due_s)
        intake.check_if_due()

    with pytest.raises(StorageFailed) as failed:
        record(place, wait_idly, clock=clock)
    assert failed.value.exit_code == 6
    assert "while it was recorded into" in str(failed.value)
    assert "x.db.rescued-" in (failed.value.hint or "")
    assert rescued(place) == {"s": "interrupted"}


@pytest.mark.parametrize("name", ["log-cut-to-nothing", "log-cut-in-half"])
def test_a_log_cut_between_two_commits_is_noticed_at_the_next_look(place: Path, name: str) -> None:
    """The second makes the log as long as it was, with a hole in it that the last look knew nothing of."""
    clock = VirtualClock()
    log = place.with_name("x.db-wal")

    def write_on(intake: Intake) -> None:
        size = log.stat().st_size
        HARMS[name](place)
        intake([frame(41)])
        assert log.stat().st_size > size
        clock.sleep_until(10.0)
        intake.check_if_due()

    with pytest.raises(StorageFailed, match="write-ahead log was cut short or written over"):
        record(place, write_on, clock=clock)


@pytest.mark.parametrize("name", HARMS)
def test_it_is_noticed_at_the_end_at_the_latest(place: Path, name: str) -> None:
    """However soon after the harm it ends, and however much was still written: never exit 0."""

    def end(intake: Intake) -> None:
        HARMS[name](place)
        intake.finish(0)

    with pytest.raises(StorageFailed) as failed:
        record(place, end)
    assert "x.db.rescued-" in (failed.value.hint or "")
    # Half a log may be noticed only after the end record, which is then saved, too.
    assert rescued(place) in ({"s": "interrupted"}, {"s": "complete"})


@pytest.mark.parametrize("name", HARMS)
def test_it_is_noticed_after_the_end_record_too(place: Path, name: str) -> None:
    """Between the end of the session and the end of the program."""

    def end(intake: Intake) -> None:
        intake.finish(0)
        HARMS[name](place)

    with pytest.raises(StorageFailed):
        record(place, end)
    assert rescued(place) == {"s": "complete"}


@pytest.mark.parametrize("name", HARMS)
def test_what_was_put_there_instead_is_left_alone(place: Path, name: str) -> None:
    """Nothing is moved into it, and no log beside it is removed; the next run says what is right."""
    before: dict[str, bytes] = {}

    def harm_and_go_on(intake: Intake) -> None:
        HARMS[name](place)
        before.update((file.name, file.read_bytes()) for file in place.parent.glob("x.db*"))
        intake.barrier()

    with pytest.raises(StorageFailed):
        record(place, harm_and_go_on)
    for passing in ("x.db-shm", "x.db.lock", *(["x.db-wal"] if name.startswith("log-") else [])):
        before.pop(passing, None)
    assert {file: (place.parent / file).read_bytes() for file in before} == before


def test_many_sessions_are_looked_after_in_idle_time(place: Path) -> None:
    """As of many users, whose sinks write no barriers."""
    clock = VirtualClock()
    with Archive.open(place, mode="write") as archive:
        group = archive.group_commit(clock=clock)
        begun(archive, clock, "one")
        begun(archive, clock, "two")
        group.use_idle_time()
        place.unlink()
        clock.sleep_until(clock.now_s() + 0.5)
        with pytest.raises(StorageFailed, match="removed"):
            group.use_idle_time()
    assert rescued(place) == {"one": "interrupted", "two": "interrupted"}


def test_touching_or_reading_the_files_is_no_harm(place: Path) -> None:
    """Nor is a program that reads, a copy, or a backup."""
    clock = VirtualClock()
    with Archive.open(place, mode="write") as archive:
        intake = begun(archive, clock)
        place.touch()
        place.with_name("x.db-wal").touch()
        with Archive.open(place, mode="read") as reader:
            reader.info()
        archive.backup(place.with_name("copy.db"))
        place.chmod(0o640)
        clock.sleep_until(5.0)
        intake.check_if_due()
        intake.finish(0)


def test_replay_ends_with_six_when_its_archive_is_removed(archive, start, service, wire):
    """A real process that waits for a message which never comes."""

    def serve(visit):
        visit.let_in()
        visit.sock.sendall(wire.frame_of(1, b'{"kind":"notification"}'))
        archive.unlink()
        wire.flood(visit, iter(()))

    script = archive.with_name("script.yaml")
    script.write_text("name: waits\nsteps:\n- await: {message: {from: agent}, within: 60s}\n")
    place = service(serve).place
    process = start("replay", str(script), "--url", place, env={"UMS_JWT": "x"})
    _, stderr = process.communicate(b"", timeout=50)
    assert process.returncode == 6, stderr
    assert b"removed or renamed" in stderr
    (saved,) = archive.parent.glob("recorder.db.rescued-*")
    with Archive.open(saved, mode="read") as opened:
        assert [session.source for session in opened.sessions()] == ["replay"]


def test_record_ends_with_six_when_its_archive_is_removed(archive, start, service, wire, run):
    """A real process that only listens; what it printed is in the file that was saved."""

    def serve(visit):
        visit.let_in()
        visit.sock.sendall(b"".join(wire.frame_of(1, b'{"number":%d}' % number) for number in range(50)))
        wire.flood(visit, iter(()))

    process = start("record", service(serve).place, "--linger", "60s")
    printed = [process.stdout.readline() for _ in range(50)]
    archive.unlink()
    _, stderr = process.communicate(timeout=50)
    assert process.returncode == 6, stderr
    (saved,) = archive.parent.glob("recorder.db.rescued-*")
    assert str(saved) in stderr.decode()
    assert run("archive", "verify", "--archive", str(saved)).exit_code == 5
    listed = run("frame", "list", "last", "--json", "--archive", str(saved)).stdout.splitlines()
    texts = [json.loads(line)["text"] for line in listed]
    assert [line.decode().strip() for line in printed] == texts[: len(printed)]
