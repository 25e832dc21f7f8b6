"""One place turns errors into sentences and exit codes; bugs pass through it untouched."""

from __future__ import annotations

import errno
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from recorder.cli.error_boundary import ErrorBoundary
from recorder.errors import BadOption, RecorderError, Stopped, StorageFailed

SAMPLES = Path(__file__).parents[2] / "samples"
SAMPLE = str(SAMPLES / "tutorial-conversation.yaml")


def program(problem: BaseException) -> typer.Typer:
    app = typer.Typer(cls=ErrorBoundary, rich_markup_mode=None)
    noun = typer.Typer()
    app.add_typer(noun, name="noun")
    noun.command("other")(lambda: None)

    @app.command()
    @noun.command()
    def verb() -> None:
        raise problem

    return app


@pytest.mark.parametrize("where", [["verb"], ["noun", "verb"]])
@pytest.mark.parametrize(
    ("problem", "code", "says"),
    [
        (BadOption("--x", "no", hint="type y"), 2, "error: --x: no\nhint: type y\n"),
        (StorageFailed("a.db", "disk full"), 6, "error: cannot write a.db: disk full\n"),
        (RecorderError("evil \x1b[2J\nline"), 1, "error: evil \\x1b[2J\\nline\n"),
        (Stopped(15), 143, ""),
    ],
)
def test_an_error_is_one_sentence_on_stderr_and_its_exit_code(where, problem, code, says):
    result = CliRunner().invoke(program(problem), where)
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", says)


def test_a_bug_passes_through():
    result = CliRunner().invoke(program(ZeroDivisionError()), ["verb"])
    assert isinstance(result.exception, ZeroDivisionError)


def test_a_closed_pipe_ends_the_program_silently_with_0(start):
    """As in ``recorder frame list last | head -1``."""
    process = start("frame", "list", "played", stdin=subprocess.DEVNULL)
    process.stdout.readline()
    process.stdout.close()
    _, err = process.communicate(timeout=30)
    assert err == ""
    assert process.returncode == 0


def test_a_mistyped_command_gets_a_suggestion(run):
    result = run("sesion", "list")
    assert result.exit_code == 2
    assert "session" in result.stderr


# --- nobody takes it ------------------------------------------------------------------------------------

PRINTING = [
    ["message", "list", "played"],
    ["message", "list", "played", "--json"],
    ["message", "list", "played", "--follow", "--json"],
    ["message", "show", "played", "0"],
    ["frame", "list", "played"],
    ["frame", "show", "played", "1", "--json"],
    ["session", "list"],
    ["session", "show", "played"],
    ["session", "script", "played"],
    ["session", "export", "played"],
    ["check", "played"],
    ["check", "played", "--format", "sarif"],
    ["check", "--explain", "all"],
    ["archive", "info"],
    ["archive", "verify", "--json"],
    ["replay", "--schema"],
    ["replay", SAMPLE, "--dry-run"],
    ["replay", SAMPLE, "--clock", "virtual"],
    ["replay", SAMPLE, "--clock", "virtual", "--json"],
    ["--version"],
    ["--help"],
]


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_a_full_disk_under_stdout_exits_with_6_and_one_sentence(start, arguments):
    with Path("/dev/full").open("w") as full:
        process = start(*arguments, stdout=full)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 6, stderr
    *remarks, last = stderr.splitlines()
    assert last == "error: cannot write standard output: No space left on device"
    assert "Traceback" not in stderr
    assert not remarks or arguments[0] in ("replay", "check")


@pytest.mark.parametrize(
    "arguments", [PRINTING[0], PRINTING[-4], ["message", "list", "no such"]], ids=" ".join
)
def test_an_unwritable_stderr_changes_no_exit_code(start, arguments):
    """A full disk behind ``2>log`` is no reason to fail what was asked for, nor to succeed."""
    with Path("/dev/full").open("w") as full:
        process = start(*arguments, stderr=full)
        stdout, _ = process.communicate(timeout=60)
    assert process.returncode == (2 if "no such" in arguments else 0)
    assert bool(stdout) == (process.returncode == 0)


def test_a_closed_terminal_is_treated_as_a_closed_pipe(start):
    """As after SIGHUP: what is written there is an input/output error, on stdout and on stderr."""
    ours, theirs = pty.openpty()
    process = start("replay", SAMPLE, "--name", "hung up", stdout=theirs, stderr=theirs)
    os.close(theirs)
    while b"playing" not in os.read(ours, 4096):
        assert process.poll() is None
    os.close(ours)
    assert process.wait(timeout=60) == 0
    process = start("session", "show", "hung up", "--json")
    stdout, _ = process.communicate(timeout=60)
    assert json.loads(stdout)["state"] == "complete"


NAME = "x" * 300


@pytest.mark.parametrize(
    ("problem", "code", "says"),
    [
        (OSError(errno.ENOSPC, "no"), 6, "error: cannot write a file: the disk is full\n"),
        (
            OSError(errno.EIO, "no", "a.db"),
            6,
            "error: cannot write a.db: the disk reports",
        ),
        (OSError(errno.ENAMETOOLONG, "too long", NAME), 2, f"error: cannot use {NAME[:99]}…: too long\n"),
        (OSError(errno.EMFILE, "Too many"), 2, "error: Too many\nhint: ulimit -n shows"),
        (PermissionError(errno.EACCES, "no", b"a"), 2, "error: cannot use a: no\n"),
        (OSError("odd"), 2, "error: odd\n"),
        (TimeoutError(), 2, "error: TimeoutError\n"),
    ],
)
def test_an_error_of_the_system_is_one_sentence_too(problem, code, says):
    result = CliRunner().invoke(program(problem), ["verb"])
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(says)


@pytest.mark.parametrize(
    "arguments",
    [
        ["session", "list", "--archive", NAME],
        ["session", "list", "--archive", f"{NAME}/y"],
        ["import", NAME],
        ["import", str(SAMPLES / "tutorial.jsonl"), "--archive", NAME],
        ["record", "ws://127.0.0.1:9", "--archive", NAME],
        ["replay", SAMPLE, "--clock", "virtual", "--junit", NAME],
        ["session", "export", "played", "--output", NAME],
        ["replay", NAME],
        ["simulate", "--agent", NAME],
    ],
    ids=lambda arguments: " ".join(arguments).replace(NAME, "NAME"),
)
def test_a_name_that_is_too_long_is_said(run, arguments):
    result = run(*arguments)
    assert result.exit_code == 2, result.stderr
    assert "name too long" in result.stderr.lower()


DESCRIPTORS = "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (MOST, MOST))\n"
RUN = "sys.argv = ['recorder', *sys.argv[1:]]; from recorder.cli import main; main()"


@pytest.mark.parametrize(
    ("limit", "arguments", "code"),
    [
        pytest.param(5, ["session", "list"], 2, id="imports"),
        pytest.param(7, ["record", "ws://127.0.0.1:9"], 6, id="archive"),
        pytest.param(10, ["record", "ws://127.0.0.1:9"], 2, id="connection"),
        pytest.param(7, ["simulate", "--listen", "127.0.0.1:0"], 2, id="event loop"),
        pytest.param(8, ["simulate", "--listen", "127.0.0.1:0"], 2, id="event loop's own sockets"),
    ],
)
def test_too_few_descriptors_are_one_sentence(tmp_path, limit, arguments, code):
    program = DESCRIPTORS.replace("MOST", str(limit)) + RUN
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("error: ")]) == 1
