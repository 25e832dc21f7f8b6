"""``recorder samples`` lists, prints and writes the samples, and overwrites nobody's edits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "samples"
NAMES = {
    file.relative_to(SAMPLES).as_posix()
    for file in SAMPLES.rglob("*")
    if file.is_file() and file.parent.name != "pictures"
}


def samples(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recorder", "samples", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_every_sample_is_listed_with_one_sentence():
    lines = samples().stdout.splitlines()
    assert {line.split()[0] for line in lines} == NAMES
    assert all(line.endswith(".") and len(line) <= 120 for line in lines)
    assert {json.loads(line)["sample"] for line in samples("--json").stdout.splitlines()} == NAMES


@pytest.mark.parametrize("name", ["tutorial.jsonl", "slow-reader.yaml", "slow-reader"])
def test_one_is_printed_as_it_is_with_or_without_its_suffix(name):
    (file,) = SAMPLES.glob(f"{name.partition('.')[0]}.*")
    assert samples(name).stdout == file.read_text("utf-8")


def test_one_is_written_to_a_file(tmp_path):
    done = samples("tutorial.jsonl", "-o", "mine.jsonl", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "mine.jsonl").read_bytes() == (SAMPLES / "tutorial.jsonl").read_bytes()


def test_all_are_written_and_writing_them_again_changes_nothing(tmp_path):
    for _ in range(2):
        assert samples("--all", "samples", cwd=tmp_path).returncode == 0
    written = {file.relative_to(tmp_path / "samples").as_posix() for file in tmp_path.rglob("*.*")}
    assert written == NAMES


def test_a_file_of_that_name_that_is_another_is_not_overwritten(tmp_path):
    (tmp_path / "slow-reader.yaml").write_text("mine")
    done = samples("--all", str(tmp_path))
    assert done.returncode == 2
    assert "slow-reader.yaml is there already" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["slow-reader.yaml"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["slow-reeder.yaml"], "(did you mean slow-reader.yaml?)", id="near miss"),
        pytest.param(["-o", "x"], "say which sample", id="output without a name"),
        pytest.param(["tutorial.jsonl", "--all", "x"], "neither a name nor --output", id="one and all"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_2(arguments, says, tmp_path):
    done = samples(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
