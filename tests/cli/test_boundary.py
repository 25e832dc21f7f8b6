"""One place turns errors into sentences and exit codes; bugs pass through it untouched."""

from __future__ import annotations

import subprocess

import pytest
import typer
from typer.testing import CliRunner

from recorder.cli.boundary import ErrorBoundary
from recorder.errors import BadOption, RecorderError, Stopped, StorageFailed


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


def test_a_reader_that_goes_away_ends_the_program_in_silence(start):
    """As in ``recorder frame list last | head -1``."""
    process = start("frame", "list", "played", stdin=subprocess.DEVNULL)
    process.stdout.readline()
    process.stdout.close()
    _, err = process.communicate(timeout=30)
    assert err == ""
    assert process.returncode == 0


def test_a_slip_in_a_command_is_met_with_a_suggestion(run):
    result = run("sesion", "list")
    assert result.exit_code == 2
    assert "session" in result.stderr
