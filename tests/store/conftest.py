"""A real PostgreSQL server for the session, a fresh place for every test, and frames to put there."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from recorder.clock import VirtualClock
from recorder.store.archive import Archive
from recorder.store.intake import Intake
from recorder.wire.frames import Side
from recorder.wire.records import ConnectionClosed, ConnectionOpened, RecordedFrame

USER, PASSWORD = "recorder", "pass-w0rd-canary"


@dataclass(frozen=True)
class Server:
    """A running server: where it listens, and how to stop and start it."""

    port: int
    folder: Path
    binaries: Path
    user: str | None

    def url(self, *, password: str = PASSWORD, schema: str = "public") -> str:
        options = f"?options=-csearch_path%3D{schema}"
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/postgres{options}"

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / program), *arguments]
        as_user = {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}
        # To a file: the server would keep a pipe open, and reading it would never end.
        with (self.folder / "tool.log").open("ab") as log:
            done = subprocess.run(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, **as_user
            )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{(self.folder / 'tool.log').read_text()}")

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self.folder / "server.log")
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-o", options, "-l", log, "-w", "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("pg_ctl")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: the account to run it as, or None for our own."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("no unprivileged account to run PostgreSQL as")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server of our own on a free loopback port, stopped at the end."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server is installed (looked in /usr/lib/postgresql and PATH)")
    folder = Path(tempfile.mkdtemp(prefix="recorder-pg-"))
    server = Server(_free_port(), folder, binaries, _unprivileged())
    password = folder / "password"
    password.write_text(PASSWORD)
    if server.user is not None:
        for each in (folder, password):
            shutil.chown(each, server.user)
    try:
        secure = ["-U", USER, "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--no-sync"]
        server.run("initdb", "-D", str(folder / "data"), *secure)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(postgresql: Server) -> str:
    """The URL of an empty place in that server."""
    import psycopg

    schema = f"t{uuid4().hex[:12]}"
    with psycopg.connect(postgresql.url(), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    return postgresql.url(schema=schema)


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an archive may be made; every law in a test that asks for this holds for both kinds."""
    if request.param == "sqlite":
        return str(tmp_path / "x.db")
    return str(request.getfixturevalue("database"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where an archive file may be made."""
    return tmp_path / "x.db"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


class Frames:
    """Builds frames of a session with one connection: ``frames.one(3)``, ``frames.some(5, after=3)``."""

    opened = ConnectionOpened(1, "wss://example.test/ws", 1_700_000_000_000_000, 0)
    closed = ConnectionClosed(1, 1_700_000_000_900_000, 900_000, 1000, "bye", Side.SERVICE, "closed")

    @staticmethod
    def one(number: int, payload: bytes | None = None, **told: object) -> RecordedFrame:
        """Frame ``number``."""
        plain = RecordedFrame(
            number=number,
            connection=1,
            index=number - 1,
            sender=Side.SERVICE if number % 2 else Side.CLIENT,
            at_us=1_700_000_000_000_000 + number,
            offset_us=number * 10,
            opcode=1,
            fin=True,
            rsv=0,
            payload=b'{"frame":%d}' % number if payload is None else payload,
            head=b"\x81\x0b",
        )
        return plain._replace(**told)

    def some(self, count: int, *, after: int = 0) -> list[RecordedFrame]:
        """Frames ``after`` + 1 to ``after`` + ``count``."""
        return [self.one(number) for number in range(after + 1, after + count + 1)]


@pytest.fixture
def frames() -> Frames:
    return Frames()


@pytest.fixture(scope="session")
def all_frames() -> Frames:
    """The same for a fixture that lives longer than one test."""
    return Frames()


Begin = Callable[..., Intake]


@pytest.fixture
def begin(clock: VirtualClock) -> Begin:
    """Begin a session in an archive that is open for writing, secrets kept, by the virtual clock."""

    def begin_session(archive: Archive, **told: object) -> Intake:
        usual = {"source": "client", "started_at_us": 1_700_000_000_000_000, "clock": clock}
        return archive.begin_session(**{**usual, "keep_secrets": True, **told})

    return begin_session
