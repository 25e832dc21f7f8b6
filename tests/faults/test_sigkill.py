"""Killed with SIGKILL, at any moment: what was delivered or had reached the service is in the file."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from faults.tools import LONG

from recorder.recipes import open_archive, simulator, verify
from recorder.recipes.endpoints import simulated_token
from recorder.wire.frames import Opcode, Side

KILLS, KILLS_OF_A_DATABASE = (50, 8) if LONG else (15, 5)
SEED = int(os.environ.get("RECORDER_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)


def says(number: int) -> bytes:
    """What the client says as its n-th line."""
    return b'{"client":%d,"pad":"%s"}' % (number, b"c" * (number % 61))


def payload(number: int) -> bytes:
    """What the service's n-th payload is."""
    return b'{"service":%d,"pad":"%s"}' % (number, b"s" * (number * 7 % 301))


@dataclass(frozen=True)
class Told:
    """One frame, as far as the two sides have to agree on it."""

    opcode: int
    fin: bool
    data: bytes


def story() -> Iterator[Told]:
    """The service's frames, in order: texts, of which some come in two, and pings, between halves too."""
    for number in itertools.count():
        text = payload(number)
        if number % 11 == 3:
            yield Told(Opcode.TEXT, False, text[:9])
            if number % 2:
                yield Told(Opcode.PING, True, b"%d" % number)
            yield Told(Opcode.CONTINUATION, True, text[9:])
        else:
            yield Told(Opcode.TEXT, True, text)
        if number % 17 == 5:
            yield Told(Opcode.PING, True, b"ping %d" % number)


@pytest.fixture
def flooding(service, wire):
    """A service that tells its story as fast as anybody can hear it."""

    def serve(visit):
        visit.let_in()
        wire.flood(visit, (wire.frame_of(told.opcode, told.data, fin=told.fin) for told in story()))

    return service(serve)


class Victim:
    """A recording process with its pipes in our hands: lines go in without end, what it prints is kept."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._began = threading.Event()
        self.printed = bytearray()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._feed, self._hear)]
        for thread in self._threads:
            thread.start()

    def _feed(self) -> None:
        with contextlib.suppress(BrokenPipeError, ValueError), self._process.stdin as stdin:
            for number in itertools.count():
                stdin.write(says(number) + b"\n")
                if number % 8 == 0:
                    stdin.flush()

    def _hear(self) -> None:
        while block := os.read(self._process.stdout.fileno(), 65536):
            self.printed += block
            if b"\n" in block:
                self._began.set()
        self._began.set()

    def wait_for_first_line(self) -> None:
        assert self._began.wait(60), "it printed nothing in a minute"

    def kill(self) -> None:
        """SIGKILL to its whole group; return once it is dead and everything it printed is here."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for thread in self._threads:
            thread.join()

    def stderr(self) -> str:
        return self._process.stderr.read().decode()


def frames_of(archive: Path | str, session: str) -> tuple[list[Told], list[Told]]:
    """What the file holds of each side, after a look at the numbering: no gap, no frame twice."""
    with open_archive(str(archive)) as opened:
        frames = list(opened.frames(opened.find_session(session).session))
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    assert [frame.index for frame in frames] == list(range(len(frames)))
    sides = []
    for side in (Side.SERVICE, Side.CLIENT):
        mine = [frame for frame in frames if frame.sender is side]
        sides.append([Told(frame.opcode, frame.fin, frame.payload) for frame in mine])
    return sides[0], sides[1]


def payloads_of(frames: list[Told]) -> list[bytes]:
    """Text frames joined; the halves of one that never got its end are left out."""
    whole, halves = [], b""
    for frame in frames:
        if frame.opcode in (Opcode.TEXT, Opcode.CONTINUATION):
            halves += frame.data
            if frame.fin:
                whole.append(halves)
                halves = b""
    return whole


def assert_nothing_is_missing(archive: Path | str, victim: Victim, visit) -> int:
    """Compare the file with what the service pushed and heard, and with what was printed."""
    from_service, from_client = frames_of(archive, "last")
    assert from_service == list(itertools.islice(story(), len(from_service)))
    recorded = payloads_of(from_service)
    lines = bytes(victim.printed).split(b"\n")
    assert lines[:-1] == recorded[: len(lines) - 1]
    assert lines[-1] == b"" or recorded[len(lines) - 1].startswith(lines[-1])

    heard = [Told(*frame) for frame in visit.frames()]
    assert heard == from_client[: len(heard)]
    said = [frame.data for frame in from_client if frame.opcode == Opcode.TEXT]
    assert said == [says(number) for number in range(len(said))]
    return len(from_service) + len(from_client)


@pytest.mark.timeout(300)
def test_nothing_delivered_or_sent_is_lost_by_many_kills(archive, start, run, flooding):
    """One file, many processes; each finds the file as the last one's death left it, and goes on.

    The kill comes at a random moment while both sides talk as fast as they can.
    """
    print(f"seed: RECORDER_FAULT_SEED={SEED}")  # pytest shows it when the test fails
    dice = random.Random(SEED)
    kept: list[int] = []
    for number in range(KILLS):
        victim = Victim(start("record", flooding.place))
        victim.wait_for_first_line()
        time.sleep(dice.uniform(0, 0.15))  # the fault itself
        victim.kill()
        stderr = victim.stderr()
        assert stderr.startswith("session " if kept else "recording session "), stderr
        assert "\nconnected to " in stderr
        kept.append(assert_nothing_is_missing(archive, victim, flooding.last_visit()))
        if number % 10 == 0:  # it reads all that came before, so in the end every kill is verified anyway
            assert run("archive", "verify").exit_code == 5

    assert run("archive", "verify").exit_code == 5
    verdicts = verify(str(archive))
    assert [(each.state, each.frames) for each in verdicts] == [("interrupted", count) for count in kept]


@pytest.mark.timeout(300)
def test_nothing_delivered_or_sent_is_lost_where_a_database_keeps_it(start, run, flooding, database):
    """The same with PostgreSQL: killed in the middle of whatever, opened by the next, whole in the end."""
    print(f"seed: RECORDER_FAULT_SEED={SEED}")
    dice = random.Random(SEED)
    there = {"RECORDER_ARCHIVE": database}
    kept: list[int] = []
    for _ in range(KILLS_OF_A_DATABASE):
        victim = Victim(start("record", flooding.place, env=there))
        victim.wait_for_first_line()
        time.sleep(dice.uniform(0, 0.15))  # the fault itself
        victim.kill()
        stderr = victim.stderr()
        assert stderr.startswith("session " if kept else "recording session "), stderr
        wait_until_the_server_knows(database)
        kept.append(assert_nothing_is_missing(database, victim, flooding.last_visit()))
    assert run("archive", "verify", "--archive", database).exit_code == 5
    with simulator() as server:
        there["UMS_JWT"] = simulated_token("me")
        whole = start("record", server.url, "--token-env", "UMS_JWT", "--linger", "100ms", env=there)
        _, said = whole.communicate(GET_CLOCK % 1, timeout=60)
        assert whole.returncode == 0, said
    verdicts = verify(database)
    assert [(each.state, each.frames) for each in verdicts[:-1]] == [("interrupted", count) for count in kept]
    assert verdicts[-1].state == "complete"


def wait_until_the_server_knows(database: str) -> None:
    """Return once the server has noticed that the last recorder is dead: its lock goes with it."""
    deadline_s = time.monotonic() + 60
    with open_archive(database) as opened:
        while opened.find_session("last").state == "recording":
            assert time.monotonic() < deadline_s, "the server still thinks that somebody records"


GET_CLOCK = b'{"kind":"req","id":%d,"type":"GetClock"}\n'


def test_what_the_simulator_answered_before_a_kill_is_there_and_the_next_run_is_whole(archive, start, run):
    """Each answer that was printed is in the file, and so is the request that it answers."""
    print(f"seed: RECORDER_FAULT_SEED={SEED}")
    dice = random.Random(SEED)
    with simulator() as server:
        token = {"UMS_JWT": simulated_token("me")}
        for _ in range(5):
            process = start("record", server.url, "--token-env", "UMS_JWT", env=token)
            asked = dice.randrange(1, 200)
            process.stdin.write(b"".join(GET_CLOCK % number for number in range(200)))
            process.stdin.flush()
            printed = [process.stdout.readline() for _ in range(asked)]
            os.killpg(process.pid, signal.SIGKILL)
            printed += process.stdout.read().splitlines(keepends=True)
            process.wait()
            from_service, from_client = frames_of(archive, "last")
            answers = [frame.data + b"\n" for frame in from_service]
            assert all(whole.startswith(line) for whole, line in zip(answers, printed, strict=False))
            assert len(from_client) >= len(answers) >= len(printed) >= asked
            assert [frame.data + b"\n" for frame in from_client] == [
                GET_CLOCK % number for number in range(len(from_client))
            ]
        whole = start("record", server.url, "--token-env", "UMS_JWT", "--linger", "100ms", env=token)
        _, stderr = whole.communicate(GET_CLOCK % 1, timeout=60)
        assert whole.returncode == 0, stderr
    states = [verdict.state for verdict in verify(str(archive))]
    assert states == ["interrupted"] * 5 + ["complete"]
    assert run("archive", "verify").exit_code == 5


# Makes archives in a folder, each in a process that is killed on the way. Arguments: a seed, the folder.
KILLED_MAKERS = """
import os, random, signal, sys, time
from pathlib import Path
from recorder.recipes import open_archive

seed, folder = int(sys.argv[1]), Path(sys.argv[2])
dice = random.Random(seed)
open_archive(str(folder / "warm-up.db"), mode="write", create=True).close()
took = time.monotonic()
open_archive(str(folder / "measured.db"), mode="write", create=True).close()
took = time.monotonic() - took
for number in range(40):
    child = os.fork()
    if child == 0:
        archive = open_archive(str(folder / f"{number}.db"), mode="write", create=True)
        print(number, flush=True)
        signal.pause()
    time.sleep(dice.uniform(0, 1.5 * took))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""


def test_an_archive_that_was_killed_in_the_making_is_there_whole_or_not_at_all(archive, start, run):
    """The next run makes it, or finds it whole; nobody has to remove anything first."""
    print(f"seed: RECORDER_FAULT_SEED={SEED}")
    folder = archive.parent
    makers = start(str(SEED), str(folder), program=("-c", KILLED_MAKERS))
    made, stderr = makers.communicate(timeout=60)
    assert makers.returncode == 0, stderr
    for number in range(40):
        file = folder / f"{number}.db"
        if file.exists():
            assert run("archive", "verify", "--archive", str(file)).exit_code == 0
        else:
            assert str(number).encode() not in made.splitlines()
        with open_archive(str(file), mode="write", create=True) as opened:
            assert opened.sessions() == []
        assert run("archive", "verify", "--archive", str(file)).exit_code == 0
    assert list(folder.glob("*.new*")) == []
