"""The README cannot drift: its commands are run, and what they print is compared with what it shows."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import recorder
from recorder import recipes
from recorder.cli.app import app
from recorder.errors import RecorderError
from recorder.recipes.endpoints import simulated_token
from recorder.replay.language.verbs import VERBS
from recorder.store.tables import metadata

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
INSTALLS = "pip install "

HOPEFUL = """\
steps:
  - open_conversation:
  - say: Anybody?
  - expect: {message: last_sent, status: read, within: 200ms}
agent:
  - on: message
    do: [{accept: {after: 10ms}}]
"""

SLIP = """\
steps:
  - say: hi
  - awiat: {as: q}
"""

PATIENT = """\
name: patient
receipts: {accept: 1s, read: 10m}
steps:
  - open_conversation:
  - await: {as: hello}
  - wait: 12h
  - expect: {message: hello, status: read, within: 1s}
  - close_conversation:
agent:
  - on: conversation
    do: [{say: "We are busy; please wait."}]
"""

# What differs from run to run, and what takes its place. Widths follow the values, so blanks count as one.
CHANGING = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"\b[0-9a-f]{12}\b", "SESSION"),
    (r"\b\d{13}\b", "MS"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "DATE"),
    (r"\d\d:\d\d:\d\d\.\d{3}", "TIME"),
    (r"\+\d+\.\d{3}s", "DELAY"),
    (r"after: \d+(\.\d+)?m?s\b", "after: DELAY"),
    (r"#\d+", "#N"),
    (r"\bframe \d+", "frame N"),
    (r"[ \t]+", " "),
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def steps(block: str) -> list[tuple[str, str]]:
    """``$ command`` and what is shown below it."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def normal(text: str) -> str:
    for pattern, word in CHANGING:
        text = re.sub(pattern, word, text)
    return text.strip()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder as a newcomer has it, after `pip install .`, and a service to talk to."""
    folder = tmp_path_factory.mktemp("newcomer")
    shutil.copytree(ROOT / "samples", folder / "samples")
    (folder / "hopeful.yaml").write_text(HOPEFUL)
    (folder / "slip.yaml").write_text(SLIP)
    (folder / "patient.yaml").write_text(PATIENT)
    (folder / "requests.jsonl").write_text('{"kind":"req","id":1,"type":"GetClock"}\n')
    command = folder / "bin" / "recorder"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m recorder "$@"\n')
    command.chmod(0o755)
    with recipes.simulator() as server:
        environment = {
            **os.environ, "PATH": f"{command.parent}:{os.environ['PATH']}", "UMS_URL": server.url,
            "UMS_JWT": simulated_token(), "PYTHONPATH": str(Path(recorder.__file__).parents[1]),
        }  # fmt: skip
        environment.pop("RECORDER_ARCHIVE", None)
        yield folder, environment


def test_the_commands_print_what_the_readme_shows(place):
    folder, environment = place
    ran = 0
    for block in blocks("console"):
        for command, shown in steps(block):
            if command.startswith(INSTALLS):
                command = command.split("&& ")[1]  # installing is what the test run itself began with
            if command == "pytest":
                continue
            expected = shown
            code = 0
            if marked := re.search(r"^\[exit (\d+)\]\n", shown, re.MULTILINE):
                code, expected = int(marked[1]), shown.replace(marked[0], "")
            done = subprocess.run(
                ["sh", "-c", command],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == code, done.stderr
            errors = re.findall(r"^(?:error|hint): .*\n", done.stderr, re.MULTILINE) if code else []
            assert normal(done.stdout + "".join(errors)) == normal(expected), command
            ran += 1
    assert ran >= 8


def test_the_python_block_runs(place, capsys, monkeypatch):
    folder, _ = place
    sample = str(folder / "samples" / "tutorial.jsonl")
    monkeypatch.chdir(folder)
    with recipes.open_archive("recorder.db", mode="write", create=True) as archive:
        recipes.import_capture(archive, Path(sample))
    for block in blocks("python"):
        exec(compile(ast.parse(block), "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_the_script_of_the_readme_plays(place, monkeypatch):
    folder, _ = place
    monkeypatch.chdir(folder)
    (script,) = blocks("yaml")
    (folder / "readme.yaml").write_text(script)
    played = recipes.replay(folder / "readme.yaml", archive=str(folder / "readme.db"))
    played.raise_if_failed()
    assert {message.status for message in played.messages[:3]} == {"read"}


def test_every_command_verb_table_and_exit_code_is_in_the_readme():
    for group in app.registered_groups:
        for command in group.typer_instance.registered_commands:
            assert f"{group.name} {command.name}" in README
    for command in app.registered_commands:
        assert f"`recorder {command.name}" in README
    for verb in VERBS:
        assert f"`{verb}:" in README
    for table in metadata.tables:
        assert f"| `{table}` |" in README

    def leaves(kind):
        yield kind
        for child in kind.__subclasses__():
            yield from leaves(child)

    for kind in leaves(RecorderError):
        assert re.search(rf"\b{kind.exit_code}\b", README)


def test_every_sample_is_in_the_readme():
    for sample in (ROOT / "samples").iterdir():
        assert sample.stem in README
