"""``recorder simulate``: run the pretend LivePerson on its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Quiet, help_with
from .output import Talk


def add_to(parent: typer.Typer) -> None:
    """Hang the command under ``recorder``."""
    parent.command(
        "simulate",
        help=help_with(
            "Run a pretend LivePerson with a scripted agent on this machine, until Ctrl-C. A real wscat, or "
            "`recorder record`, can talk to it.",
            "recorder simulate --listen 127.0.0.1:8765",
        ),
    )(simulate)


def simulate(
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where to listen; port 0 takes a free one.")
    ] = "127.0.0.1:8765",
    agent: Annotated[
        Path | None,
        typer.Option("--agent", metavar="FILE", help="The agent in YAML; a friendly one if not given."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """See the help above."""
    from recorder import recipes

    from .signals import stop_on_signals

    with stop_on_signals() as stop:
        recipes.simulate(listen=listen, agent=agent, stop=stop, say=Talk(quiet=quiet))
        stop.raise_if_set()
