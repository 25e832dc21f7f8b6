"""The whole command line: every help ends with an example that runs, and starting it loads nothing heavy."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import typer.main
from builders.devtools import accept_and_end, devtools
from builders.preloaded import Preloaded, run, shell
from builders.terminal import Terminal

import recorder
from recorder.cli.app import app
from recorder.recipes import simulator
from recorder.recipes.endpoints import simulated_token

HEAVY = {
    "alembic", "psycopg", "pydantic", "regex", "rich", "sqlalchemy", "sqlite3", "ssl", "websocket",
    "websockets", "yaml",
}  # fmt: skip


def commands(
    group: typer.core.TyperGroup, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command.help or ""


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_all_documented_commands_exist():
    assert set(COMMANDS) == {
        ("record",), ("replay",), ("simulate",), ("login",), ("attach",), ("proxy",), ("import",), ("check",),
        ("find",), ("sql",), ("report",), ("view",),
        ("session", "list"), ("session", "show"), ("session", "export"), ("session", "delete"),
        ("session", "diff"), ("session", "script"),
        ("message", "list"), ("message", "show"), ("frame", "list"), ("frame", "show"),
        ("guide",), ("samples",), ("mcp",), ("bundle",), ("watch",),
        ("archive", "info"), ("archive", "verify"), ("archive", "upgrade"), ("archive", "rebuild"),
    }  # fmt: skip


SERVES = {("simulate",), ("proxy",), ("view",)}
"""Commands that serve until Ctrl-C."""


def watched(example: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The example in a terminal, ended by its key once it shows something."""
    archive = {"RECORDER_ARCHIVE": str(cwd / "recorder.db")}
    terminal = Terminal(*shlex.split(example)[1:], popen=Preloaded, columns=100, environment=archive)
    try:
        terminal.until(rb"Frames: \d\d")
        terminal.type("q", end="")
        return subprocess.CompletedProcess(example, terminal.wait(), "", "")
    finally:
        terminal.close()


def ran(
    example: str, path: tuple[str, ...], *, cwd: Path, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """The example to its end. What serves until Ctrl-C is given one once it listens; a browser ends at once.

    A proxy stands before the simulator, on any port, and keeps its authority in ``cwd``.
    """
    if example.startswith("recorder attach"):
        with devtools(accept_and_end) as address:
            return shell(example.replace("http://127.0.0.1:9222", address), cwd=cwd, env=env)
    if path == ("watch",):
        return watched(example, cwd=cwd)
    if path not in SERVES:
        return shell(example, cwd=cwd, env=env)
    if path == ("proxy",):
        upstream = "ws://" + env["UMS_BASE"].partition("://")[2]
        example = example.replace("wss://va.msg.liveperson.net", upstream).replace("~", str(cwd))
        example += " --listen 127.0.0.1:0"
    with Preloaded(shlex.split(example)[1:], cwd=cwd, env=env, stderr=subprocess.PIPE, text=True) as serving:
        first = ""
        for line in serving.stderr:
            first += line
            if "listening on" in line:
                break
        serving.send_signal(signal.SIGINT)
        _, rest = serving.communicate(timeout=60)
    return subprocess.CompletedProcess(example, serving.returncode, "", first + rest)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_help_ends_with_an_example_that_runs(path, recorded, tmp_path):
    """In a folder with an archive, after ``recorder samples --all samples``, as its reader would type it."""
    example = COMMANDS[path].split("Example:")[1].strip()
    assert f"recorder {' '.join(path)}" in example
    shutil.copy(recorded, tmp_path / "recorder.db")
    (tmp_path / "recorder").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m recorder "$@"\n')
    (tmp_path / "recorder").chmod(0o755)
    run("samples", "--all", "samples", cwd=tmp_path)
    with simulator() as server:
        environment = {
            **os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "UMS_URL": server.url,
            "UMS_BASE": server.base_url,
            "UMS_JWT": simulated_token(), "PYTHONPATH": str(Path(recorder.__file__).parents[1]),
        }  # fmt: skip
        done = ran(example, path, cwd=tmp_path, env=environment)
    assert done.returncode == (130 if path in SERVES else 0), done.stderr
    assert "Traceback" not in done.stderr


def test_starting_for_help_loads_nothing_heavy():
    code = (
        "import sys; sys.argv = ['recorder', '--help']\n"
        "import recorder.cli\n"
        "try: recorder.cli.main()\n"
        "except SystemExit: pass\n"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage: recorder" in done.stdout
    assert not HEAVY & set(done.stderr.split())


def test_python_m_and_version():
    done = subprocess.run(
        [sys.executable, "-m", "recorder", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"recorder {recorder.__version__}\n"


def test_no_color_and_a_terminal_that_cannot_show_a_character(recorded, tmp_path):
    archive = shutil.copy(recorded, tmp_path / "a.db")
    capture = tmp_path / "c.jsonl"
    capture.write_text('{"sender": "service", "text": "größe 日本 🙂"}\n', encoding="utf-8")
    plain = {**os.environ, "NO_COLOR": "1", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    # An import says that it goes on, where it takes more than a second.
    for arguments in (
        ["import", "--quiet", str(capture)],
        ["frame", "list", "last"],
        ["frame", "show", "last", "1"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "recorder", *arguments, "--archive", archive],
            env=plain, capture_output=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"\x1b" not in done.stdout
    assert b"gr\\xf6\\xdfe" in done.stdout
