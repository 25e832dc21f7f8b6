"""``recorder simulate``: run the simulated LivePerson service until a signal comes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from . import completion
from .options import AllowOriginOption, AsHostOption, ListenOption, QuietOption
from .output import StatusPrinter


def _list_moods(requested: bool) -> None:
    if not requested:
        return
    from recorder.report.tables import print_pairs
    from recorder.simulator.faults.config import mood_descriptions

    print_pairs(sys.stdout, mood_descriptions())
    raise typer.Exit


def simulate(
    listen: ListenOption = "127.0.0.1:8765",
    agent: Annotated[
        Path | None,
        typer.Option("--agent", metavar="FILE", help="The agent in YAML; a friendly one if not given."),
    ] = None,
    mood: Annotated[
        list[str] | None,
        typer.Option(
            "--mood",
            metavar="NAME[=VALUE]",
            autocompletion=completion.moods,
            help="Misbehave in this way; the value is YAML. Repeatable. See --list-moods.",
        ),
    ] = None,
    moods: Annotated[
        Path | None,
        typer.Option("--moods", metavar="FILE", help="Moods in YAML, as in a script's simulator section."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="N", help="Seed of all ids, and of all that moods leave to chance."),
    ] = None,
    list_moods: Annotated[
        bool,
        typer.Option(
            "--list-moods", is_eager=True, callback=_list_moods, help="Print all moods and what they do."
        ),
    ] = False,
    allow_origin: AllowOriginOption = None,
    as_host: AsHostOption = None,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", metavar="FILE", help="Speak TLS, with this certificate (PEM)."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="The key of the certificate (PEM).")
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Run a simulated LivePerson service with a scripted agent on this machine, until Ctrl-C. wscat or
    `recorder record` can connect to it.

    Example:

        recorder simulate --mood scalar_sequence_list --mood 'close_after={code: 4401, after: 10s}'
    """
    from recorder import recipes

    from .signals import stop_on_signals

    with stop_on_signals() as stop:
        recipes.simulate(
            listen=listen,
            agent=agent,
            moods=moods,
            mood=mood or (),
            seed=seed,
            allow_origins=allow_origin or (),
            as_hosts=as_host or (),
            certificate=certificate,
            key=key,
            stop=stop,
            say=StatusPrinter(quiet=quiet),
        )
        stop.raise_if_set()
