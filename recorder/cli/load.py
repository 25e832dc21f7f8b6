"""The part of ``recorder replay`` that plays many users: its options, its table, its files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recorder.errors import BadOption

from .output import StatusPrinter, ignoring_broken_pipe, write_json_lines

if TYPE_CHECKING:
    from recorder.recipes import Load, LoadResult, PlayKeywords

MANY_USERS = "Many users"

UsersOption = Annotated[
    int | None,
    typer.Option(
        "--users",
        metavar="N",
        help="Play by so many users at once, each a session.",
        min=1,
        rich_help_panel=MANY_USERS,
    ),
]
SpawnRateOption = Annotated[
    float | None,
    typer.Option(
        "--spawn-rate",
        metavar="N",
        help="With --users: so many begin each second.",
        rich_help_panel=MANY_USERS,
    ),
]
RunTimeOption = Annotated[
    str | None,
    typer.Option(
        "--run-time",
        metavar="DURATION",
        help="With --users: begin anew until it is over.",
        rich_help_panel=MANY_USERS,
    ),
]
CsvOption = Annotated[
    str | None,
    typer.Option(
        "--csv",
        metavar="PREFIX",
        help="With --users: write PREFIX_stats.csv and two more.",
        rich_help_panel=MANY_USERS,
    ),
]
HtmlOption = Annotated[
    Path | None,
    typer.Option(
        "--html",
        metavar="FILE",
        help="With --users: write a page of the numbers.",
        rich_help_panel=MANY_USERS,
    ),
]
FailIfOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-if",
        metavar="'METRIC.STAT > VALUE'",
        help="With --users: exit 3 if it is so.",
        rich_help_panel=MANY_USERS,
    ),
]


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """The values of the options above, and of ``--tolerance``."""

    users: int | None
    spawn_rate: float | None
    run_time: str | None
    csv: str | None
    html: Path | None
    fail_if: list[str] | None
    tolerance: str | None

    def check(self, *, junit: object, virtual: bool) -> None:
        """Return if the options go together.

        Raises:
            BadOption: they do not, or a file they name cannot be written.
        """
        from recorder import recipes

        load_only = {
            "--spawn-rate": self.spawn_rate,
            "--run-time": self.run_time,
            "--csv": self.csv,
            "--html": self.html,
            "--fail-if": self.fail_if,
        }
        for option, given in load_only.items():
            if self.users is None and given is not None:
                raise BadOption(option, "it is for many users", hint="add --users N")
        if self.users is None:
            return
        if virtual:
            raise BadOption("--clock virtual", "many users play in real time only")
        if junit is not None:
            raise BadOption("--junit", "it is for one session; many users have --csv and --html")
        # Now, and not once everything has been played.
        for option, file in (("--csv", _stats_file(self.csv)), ("--html", self.html)):
            if file is not None:
                recipes.check_place(option, file)

    def load(self, *, seed: int, tokens: Sequence[str], keywords: PlayKeywords) -> Load:
        """The load that was asked for; ``keywords`` are those it shares with a single replay."""
        from recorder import recipes

        late = []
        if self.tolerance is not None:
            recipes.duration_s("--tolerance", self.tolerance)
            late = [f"receipt_lateness.max > {self.tolerance}"]
        return recipes.Load(
            users=self.users or 1,
            spawn_rate=1.0 if self.spawn_rate is None else self.spawn_rate,
            run_time=self.run_time,
            fail_if=[*(self.fail_if or ()), *late],
            seed=seed,
            tokens=tokens,
            **keywords,
        )


def play_many(
    script: Path, load: Load, options: LoadOptions, *, archive: str, json: bool, quiet: bool
) -> None:
    """Play, show how it goes on stderr, print and write how it went.

    Raises:
        Stopped: a signal ended it.
        ExpectationFailed: users failed, or a threshold was violated.
    """
    from recorder import recipes
    from recorder.report.load import LoadProgress

    from .signals import stop_on_signals

    print_status = StatusPrinter(quiet=quiet)
    with stop_on_signals() as stop, ExitStack() as showing:
        progress = None if quiet else showing.enter_context(LoadProgress(sys.stderr))

        def print_result(result: LoadResult) -> None:
            showing.close()
            _print_result(result, options, json=json, print_status=print_status)

        result = recipes.swarm(
            script,
            load,
            archive=archive,
            stop=stop,
            say=print_status,
            on_sample=progress or (lambda sample: None),
            on_end=print_result,
        )
        stop.raise_if_set()
    result.raise_if_failed()


def _print_result(
    result: LoadResult, options: LoadOptions, *, json: bool, print_status: StatusPrinter
) -> None:
    from recorder.report.load import print_summary

    try:
        _write_files(result, options.csv, options.html)
    finally:  # what was played is printed even where a disk was full
        with ignoring_broken_pipe():
            if json:
                _write_lines(result)
            else:
                print_summary(sys.stdout, result.summary)
        print_status(result.verdict)


def _stats_file(prefix: str | None) -> Path | None:
    return None if prefix is None else Path(f"{prefix}_stats.csv")


def _write_lines(result: LoadResult) -> None:
    from recorder.report.load_json import count_json, duration_line, failure_json

    write_json_lines([result.target])
    write_json_lines(map(duration_line, result.summary.durations))
    write_json_lines(map(count_json, result.summary.counts))
    write_json_lines(map(failure_json, result.summary.failures))
    write_json_lines({"violated": sentence} for sentence in result.violations)


def _write_files(result: LoadResult, csv: str | None, html: Path | None) -> None:
    from recorder import recipes
    from recorder.report.load_csv import failures_csv, history_csv, stats_csv
    from recorder.report.load_html import load_html

    if csv is not None:
        history = history_csv(result.samples, began_us=result.began_us)
        written = {"stats": stats_csv(result.summary), "history": history}
        for name, rows in {**written, "failures": failures_csv(result.summary)}.items():
            recipes.save(rows, Path(f"{csv}_{name}.csv"), option="--csv", private=False)
    if html is not None:
        recipes.save(load_html(result), html, option="--html", private=False)
