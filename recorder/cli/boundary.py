"""The one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer._click import Context  # typer brings its own click since 0.26, and types its hooks with it

from recorder.errors import RecorderError, Stopped

from .output import drop_stdout


class ErrorBoundary(TyperGroup):
    """A command group that prints our own errors and exits with their code. Bugs pass through."""

    def invoke(self, ctx: Context) -> Any:
        """Run the command; see the module's docstring."""
        try:
            return super().invoke(ctx)
        except Stopped as stopped:
            raise typer.Exit(stopped.exit_code) from None
        except RecorderError as error:
            _print_error(error)
            raise typer.Exit(error.exit_code) from None
        except BrokenPipeError:
            drop_stdout()
            raise typer.Exit(0) from None


def _print_error(error: RecorderError) -> None:
    from recorder.report.terminal import safe_text

    sys.stderr.write(f"error: {safe_text(error.says)}\n")
    if error.hint is not None:
        sys.stderr.write(f"hint: {safe_text(error.hint)}\n")
