"""A PostgreSQL server of our own, and nothing of Locust's: it lives in processes of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A port that nobody listens on."""
    return _free_port


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """The URL of an empty database on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        pytest.skip("no PostgreSQL server is installed (looked in /usr/lib/postgresql)")
    folder, port = Path(tempfile.mkdtemp(prefix="recorder-pg-")), _free_port()
    names = {entry.pw_name for entry in pwd.getpwall()}
    name = None if os.geteuid() else next(name for name in ("postgres", "nobody") if name in names)
    if name is not None:
        shutil.chown(folder, name)

    def run(program: str, *arguments: str) -> None:
        with (folder.parent / f"{folder.name}.log").open("ab") as log:
            subprocess.run(
                [str(found[-1] / program), *arguments], check=True, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=folder, **({} if name is None else {"user": name}),
            )  # fmt: skip

    data, log = str(folder / "data"), str(folder / "server.log")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    try:
        run("initdb", "-D", data, "-U", "recorder", "-A", "trust", "-E", "UTF8", "--no-sync")
        run("pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start")
        try:
            yield f"postgresql://recorder@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        (folder.parent / f"{folder.name}.log").unlink(missing_ok=True)
