"""What the operating system refuses, at the edge of the commands: one sentence, an exit code that fits."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from builders.preloaded import run

SAMPLES = Path(__file__).parents[2] / "samples"
SCRIPT, CAPTURE = str(SAMPLES / "slow-reader.yaml"), str(SAMPLES / "tutorial.jsonl")
LONG = "n" * 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive, a file, a directory, and a link to itself."""
    made = tmp_path_factory.mktemp("limits")
    (made / "directory").mkdir()
    (made / "file").touch()
    (made / "loop").symlink_to("loop")
    assert run("import", CAPTURE, "--archive", str(made / "ok.db")).returncode == 0
    return made


def refused(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode in (2, 4, 6, 7), result
    assert "Traceback" not in result.stderr
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, result.stderr


PLACES = [LONG, f"{LONG}/x", "directory", "file/x", "loop", "loop/x", "nowhere/x", "/dev/full"]
AS_ARCHIVE = [
    ("session", "list"),
    ("check", "last"),
    ("import", CAPTURE),
    ("replay", SCRIPT, "--clock", "virtual"),
]
AS_OUTPUT = [
    ("session", "export", "last", "-o"),
    ("session", "script", "last", "-o"),
    ("check", "last", "--format", "junit", "-o"),
    ("check", "last", "--format", "sarif", "-o"),
    ("samples", "slow-reader", "-o"),
]
AS_INPUT = [("import",), ("replay", "--check"), ("simulate", "--agent"), ("replay", "--clock", "virtual")]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[:12])
@pytest.mark.parametrize("command", AS_ARCHIVE, ids=" ".join)
def test_an_archive_that_cannot_be_is_one_sentence(
    folder: Path, command: tuple[str, ...], place: str
) -> None:
    refused(run(*command, "--archive", place, cwd=folder))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[:12])
@pytest.mark.parametrize("command", AS_OUTPUT, ids=" ".join)
def test_an_output_that_cannot_be_is_one_sentence(folder: Path, command: tuple[str, ...], place: str) -> None:
    archive = () if command[0] == "samples" else ("--archive", "ok.db")
    refused(run(*command, place, *archive, cwd=folder))


@pytest.mark.parametrize("place", PLACES[:-1], ids=lambda place: place[:12])
@pytest.mark.parametrize("command", AS_INPUT, ids=" ".join)
def test_an_input_that_cannot_be_is_one_sentence(folder: Path, command: tuple[str, ...], place: str) -> None:
    archive = () if command[0] == "simulate" else ("--archive", "new.db")
    refused(run(*command, place, *archive, cwd=folder))


@pytest.mark.parametrize(
    "command",
    [
        ("session", "show", LONG),
        ("message", "list", "last", "--dialog", LONG),
        ("message", "show", "last", f"{LONG}:0"),
        ("frame", "show", "last", LONG),
        ("session", "diff", LONG, LONG),
        ("guide", LONG),
        ("samples", LONG),
    ],
    ids=" ".join,
)
def test_a_name_of_300_letters_is_one_sentence(folder: Path, command: tuple[str, ...]) -> None:
    archive = () if command[0] in ("guide", "samples") else ("--archive", "ok.db")
    result = run(*command, *archive, cwd=folder)
    if command[:2] == ("message", "list"):  # no message is of that dialog
        assert (result.returncode, "Traceback" in result.stderr) in ((0, False), (2, False))
    else:
        refused(result)


def test_a_session_may_have_a_name_of_300_letters(folder: Path) -> None:
    assert run("import", CAPTURE, "--name", LONG, "--archive", "long.db", cwd=folder).returncode == 0
    assert run("session", "show", LONG, "--archive", "long.db", cwd=folder).returncode == 0


@pytest.mark.parametrize(
    "command",
    [("session", "list"), ("frame", "list", "last", "--json"), ("guide",), ("--help",)],
    ids=" ".join,
)
def test_a_full_disk_behind_stdout_is_told_once(folder: Path, command: tuple[str, ...]) -> None:
    archive = () if command[0] in ("guide", "--help") else ("--archive", "ok.db")
    with Path("/dev/full").open("w") as full:
        refused(run(*command, *archive, cwd=folder, stdout=full))


@pytest.mark.parametrize("most", [6, 8, 9, 10, 12])
@pytest.mark.parametrize(
    "command", [("session", "list"), ("replay", SCRIPT, "--clock", "virtual")], ids=["list", "replay"]
)
def test_too_few_descriptors_are_told_with_what_to_do(
    folder: Path, command: tuple[str, ...], most: int
) -> None:
    """A process of its own: limits are what starts it."""
    result = subprocess.run(
        [sys.executable, "-m", "recorder", *command, "--archive", "ok.db"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)),
    )
    if result.returncode not in (0, 3, 5):  # enough of them for this command
        refused(result)
        assert "ulimit -n" in result.stderr
    assert "fault of ours" not in result.stderr
