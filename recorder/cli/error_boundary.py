"""The one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer._click import Context  # typer brings its own click since 0.26, and types its hooks with it

from recorder.errors import RecorderError, Stopped

from .output import drop_stdout, say_on_stderr


class ErrorBoundary(TyperGroup):
    """A command group that prints our own errors and exits with their code. Bugs pass through."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program; what is printed before there is a command (``--help``) may fail as well."""
        with _told(sys.exit):
            return super().main(*args, **kwargs)

    def invoke(self, ctx: Context) -> Any:
        """Run the command; see the module's docstring."""
        with _told(_exit):
            done = super().invoke(ctx)
            sys.stdout.flush()  # not at the exit of the interpreter, who would not know what to say
            return done


@contextmanager
def _told(leave: Callable[[int], NoReturn]) -> Iterator[None]:
    try:
        yield
    except Stopped as stopped:
        leave(stopped.exit_code)
    except RecorderError as error:
        _print_error(error)
        leave(error.exit_code)
    except BrokenPipeError:
        drop_stdout()
        leave(0)


def _exit(code: int) -> NoReturn:
    raise typer.Exit(code) from None


def _print_error(error: RecorderError) -> None:
    say_on_stderr(f"error: {error.says}")
    if error.hint is not None:
        say_on_stderr(f"hint: {error.hint}")
