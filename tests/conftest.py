"""For all tests: Hypothesis profiles, no silent skips where nothing may be missing, a PostgreSQL server."""

from __future__ import annotations

import gc
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
import typer.testing
from hypothesis import HealthCheck, settings

# "usual" takes the same examples in every run: a failure is of the change at hand. "deep" looks for new ones.
settings.register_profile(
    "usual",
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "deep", max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))

# CliRunner reads every signature of the command line anew for each call: more than most commands cost.
typer.testing._get_command = cache(typer.testing._get_command)  # type: ignore[attr-defined]


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Take pyproject.toml's options of pytest-xdist, without effect, where that is not loaded."""
    if not pluginmanager.has_plugin("xdist"):
        parser.addoption("--numprocesses", help="without effect: pytest-xdist is not loaded")
        parser.addoption("--dist", help="without effect: pytest-xdist is not loaded")


# Eleven thousand tests are two million objects that last: the collector has nothing to find among them, and
# it is run before every session that is recorded.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores: many tests wait for a process, a socket or the clock."""
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With RECORDER_TESTS_SKIP_NOTHING set, a skipped test has failed: something it needs is missing."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and os.environ.get("RECORDER_TESTS_SKIP_NOTHING"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and nothing may be: {report.longrepr}"


# --- a real PostgreSQL server ---------------------------------------------------------------------------

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


@pytest.fixture(scope="session")
def new_database(postgresql: Server) -> Callable[[], str]:
    """Make an empty place in that server, and tell its URL."""

    def make() -> str:
        import psycopg

        schema = f"t{uuid4().hex[:12]}"
        with psycopg.connect(postgresql.url(), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {schema}")
        return postgresql.url(schema=schema)

    return make


@pytest.fixture
def database(new_database: Callable[[], str]) -> str:
    """The URL of an empty place in that server."""
    return new_database()
