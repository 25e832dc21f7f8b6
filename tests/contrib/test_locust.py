"""A real Locust: a master and two workers on loopback, each with an engine of its own."""

from __future__ import annotations

import csv
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recorder.recipes import open_archive, simulator
from recorder.recipes.endpoints import simulated_token
from recorder.store.verify import verify

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("locust") is None, reason="Locust is not installed (the extra `load`)"
)

SCRIPT = """
name: short
receipts: {accept: 20ms, read: 40ms}
steps:
  - open_conversation:
  - say: Hello
  - await: {message: {from: agent}, within: 20s}
  - close_conversation:
agent:
  - on: message
    do: [{read: {after: 10ms}}, {say: Hello, after: 20ms}]
"""
LOCUSTFILE = """
import gevent
from locust import events
from locust.runners import MasterRunner
from recorder.contrib.locust import ScriptUser

class Consumer(ScriptUser):
    script = "short.yaml"
    archive = {archive!r}
    load = {{"tokens": {tokens!r}}}

@events.init.add_listener
def end_when_enough_was_seen(environment, **_):
    "A master: when two workers have reported everything; alone: at the first failure."
    reported = {{}}

    def hear_worker(client_id, data):
        reported.setdefault(client_id, set()).update(stat["name"] for stat in data["stats"])
        if sum(names >= {names!r} for names in reported.values()) == 2:
            gevent.spawn(environment.runner.quit)

    def hear_request(exception=None, **_):
        if exception is not None:
            gevent.spawn_later(1, environment.runner.quit)  # whoever goes on would be seen

    if isinstance(environment.runner, MasterRunner):
        environment.events.worker_report.add_listener(hear_worker)
    else:
        environment.events.request.add_listener(hear_request)
"""
NAMES = {
    "connect", "answer", "push", "open_conversation", "say", "await", "close_conversation",
    "ACCEPT lateness", "READ lateness",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "short.yaml").write_text(SCRIPT)
    return tmp_path


def locustfile(folder: Path, archive: str) -> None:
    tokens = [simulated_token(name) for name in ("anna", "ben", "carla", "dario")]
    (folder / "locustfile.py").write_text(LOCUSTFILE.format(archive=archive, tokens=tokens, names=NAMES))


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "locust", "-f", "locustfile.py", "--loglevel", "INFO", *arguments]
    return subprocess.Popen(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


def run_distributed(folder: Path, url: str, port: int) -> list[dict[str, str]]:
    """Master and two workers, four users, until all was seen; the rows of the master's statistics."""
    master = start(
        folder, "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(port),
        "--headless", "-u", "4", "-r", "4", "-t", "60s", "--expect-workers", "2", "--stop-timeout", "10",
        "--host", url, "--csv", "stats",
    )  # fmt: skip
    where = ("--worker", "--master-host", "127.0.0.1", "--master-port", str(port))
    workers = [start(folder, *where) for _ in range(2)]
    told = []
    for process in (master, *workers):
        try:
            output, _ = process.communicate(timeout=80)
        finally:
            process.kill()
        told.append(output)
    assert [process.returncode for process in (master, *workers)] == [0, 0, 0], "\n---\n".join(told)
    with (folder / "stats_stats.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def by_name(rows: list[dict[str, str]]) -> dict[str, int]:
    assert {row["Type"] for row in rows if row["Name"] != "Aggregated"} == {"UMS"}
    assert sum(int(row["Failure Count"]) for row in rows) == 0
    return {row["Name"]: int(row["Request Count"]) for row in rows}


@pytest.mark.timeout(150)
def test_a_master_and_two_workers_play_and_each_records_into_its_own_archive(folder, free_port):
    """Steps, answers, pushes and receipts are Locust's requests; both archives verify."""
    locustfile(folder, "load-{worker}.db")
    with simulator() as server:
        counts = by_name(run_distributed(folder, server.url, free_port()))
    assert set(counts) == NAMES | {"Aggregated"}
    archives = sorted(folder.glob("load-*.db"))
    assert [path.name for path in archives] == ["load-0.db", "load-1.db"]
    sessions = []
    for path in archives:
        with open_archive(str(path)) as archive:
            sessions.append(len(archive.sessions()))
            assert {verdict.state for verdict in verify(archive)} == {"complete"}
    assert min(sessions) >= 1
    assert sum(sessions) >= counts["close_conversation"]


@pytest.mark.timeout(150)
def test_two_workers_record_into_one_postgresql(folder, free_port, database):
    """The same archive for both: a database takes many recorders."""
    locustfile(folder, database)
    with simulator() as server:
        counts = by_name(run_distributed(folder, server.url, free_port()))
    with open_archive(database) as archive:
        assert len(archive.sessions()) >= counts["close_conversation"] >= 1
        assert {verdict.state for verdict in verify(archive)} == {"complete"}


@pytest.mark.timeout(90)
def test_what_cannot_be_played_is_a_failure_that_says_why(folder):
    """One process, a script with a slip: Locust shows the sentence, and no user goes on."""
    (folder / "short.yaml").write_text(SCRIPT.replace("- say:", "- sya:"))
    locustfile(folder, "load-{worker}.db")
    alone = start(
        folder, "--headless", "-u", "1", "-r", "1", "-t", "60s", "--host", "simulator", "--csv", "stats"
    )
    try:
        output, _ = alone.communicate(timeout=60)
    finally:
        alone.kill()
    assert alone.returncode == 1, output
    failures = (folder / "stats_failures.csv").read_text()
    assert 'did you mean ""say""' in failures
