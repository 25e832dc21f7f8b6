"""The one place where an error is printed and becomes an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from typer._click import Context  # typer brings its own click since 0.26, and types its hooks with it

from recorder.errors import RecorderError, Stopped, error_lines, error_of_system

from .common_options import CommonOptionsGroup
from .output import discard_stdout, print_to_stderr
from .usage_errors import UsageError, usage_sentence


class ErrorBoundary(CommonOptionsGroup):
    """A command group that prints our errors and the system's, and exits with their code.

    Bugs pass through.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program, including output before a command runs (``--help``)."""
        with _errors_as_exit_codes(sys.exit):
            return super().main(*args, **kwargs)

    def make_context(self, *args: Any, **kwargs: Any) -> Context:
        """Read the command line as far as the command."""
        with _errors_as_exit_codes(_exit):
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Context) -> Any:
        """Run the command; print its ``RecorderError`` and exit with that error's code."""
        with _errors_as_exit_codes(_exit):
            result = super().invoke(ctx)
            sys.stdout.flush()  # here, since the interpreter's own flush at exit prints a traceback
            return result


@contextmanager
def _errors_as_exit_codes(exit_with: Callable[[int], NoReturn]) -> Iterator[None]:
    try:
        yield
    except Stopped as stopped:
        exit_with(stopped.exit_code)
    except RecorderError as error:
        _print_error(error)
        exit_with(error.exit_code)
    except UsageError as refused:
        if type(refused).__name__ == "NoArgsIsHelpError":  # its text is the help
            raise
        _print_error(usage_sentence(refused))
        exit_with(refused.exit_code)
    except BrokenPipeError:
        discard_stdout()
        exit_with(0)
    except OSError as problem:
        refused_by_system = error_of_system(problem)
        _print_error(refused_by_system)
        exit_with(refused_by_system.exit_code)


def _exit(code: int) -> NoReturn:
    raise typer.Exit(code) from None


def _print_error(error: RecorderError) -> None:
    for line in error_lines(error):
        print_to_stderr(line)
