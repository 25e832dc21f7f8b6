"""The command line as its users see it: arguments in; exit code, stdout and stderr out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders.preloaded import Preloaded
from typer.testing import CliRunner, Result

from recorder.cli.app import app

SAMPLES = Path(__file__).parents[2] / "samples"
Run = Callable[..., Result]


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with the tutorial twice: told by hand in a file, then played against the simulator."""
    archive = tmp_path_factory.mktemp("recorded") / "recorded.db"
    for arguments in (
        ["import", str(SAMPLES / "tutorial.jsonl"), "--name", "imported"],
        ["replay", str(SAMPLES / "tutorial-conversation.yaml"), "--name", "played"],
    ):
        result = CliRunner().invoke(app, [*arguments, "--archive", str(archive)])
        assert result.exit_code == 0, result.output
    return archive


@pytest.fixture
def archive(recorded: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change. Nobody has it open, so a copy of the file is the whole of it."""
    return Path(shutil.copy(recorded, tmp_path / "archive.db"))


@pytest.fixture
def run(archive: Path) -> Run:
    """Run ``recorder`` in this process on the test's archive."""

    def invoke(*arguments: str, **more: object) -> Result:
        environment = {"RECORDER_ARCHIVE": str(archive)}
        return CliRunner(env=environment).invoke(app, list(arguments), **more)  # type: ignore[arg-type]

    return invoke


@pytest.fixture
def step_up(run: Run) -> str:
    """A capture by hand: a guest's connection is lost behind a publish, and a signed-in user goes on."""
    assert run("import", str(SAMPLES / "step-up.jsonl"), "--name", "stepped up").exit_code == 0
    return "stepped up"


@pytest.fixture
def start(archive: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start ``recorder`` as a process of its own; whatever still runs at the end is ended."""
    started: list[subprocess.Popen[str]] = []

    def popen(*arguments: str, **more: object) -> subprocess.Popen[str]:
        usual: dict[str, object] = {
            "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True,
            "cwd": tmp_path, "env": {**os.environ, "RECORDER_ARCHIVE": str(archive)},
        }  # fmt: skip
        started.append(Preloaded(list(arguments), **{**usual, **more}))
        return started[-1]

    yield popen
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
