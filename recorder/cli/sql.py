"""``recorder sql``: SQL on the archive, one's own or a query of the guide by its name; it reads only."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from .options import DEFAULT_ARCHIVE, ArchiveOption, JsonOption, QuietOption
from .output import write_json_lines
from .signals import stop_on_signals


def _names(incomplete: str) -> list[tuple[str, str]]:
    """The names of saved queries that begin so, each with what it answers."""
    from recorder import recipes

    return [(each.name, each.about) for each in recipes.saved_queries() if each.name.startswith(incomplete)]


def sql(
    query: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|QUERY]",
            autocompletion=_names,
            help="SQL, or the name of a query of the guide; without it, their names are listed.",
        ),
    ] = None,
    form: Annotated[
        Literal["table", "csv", "json"],
        typer.Option("--format", help="json is one object per line; csv is RFC 4180, values as they are."),
    ] = "table",
    time_limit: Annotated[
        str, typer.Option("--time-limit", metavar="DURATION", help="How long the query may take.")
    ] = "60s",
    archive: ArchiveOption = DEFAULT_ARCHIVE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Ask the archive in SQL; nothing can be written. Tables and queries: recorder guide archive.

    Example:

        recorder sql "SELECT status, count(*) FROM message GROUP BY status"
    """
    from recorder import recipes
    from recorder.report.query_rows import print_query_csv, print_query_table, query_json

    if query is None:
        _list_queries(json=json or form == "json")
        return
    with stop_on_signals() as stop:
        with recipes.sql_answer(archive, query, time_limit=time_limit, stop=stop) as (columns, rows):
            stop.raise_if_set()
            if json or form == "json":
                former = recipes.former_columns(query)
                write_json_lines(query_json(columns, rows, former))
            elif form == "csv":
                print_query_csv(sys.stdout, columns, rows)
            else:
                print_query_table(sys.stdout, columns, rows)
        stop.raise_if_set()


def _list_queries(*, json: bool) -> None:
    from recorder import recipes
    from recorder.report.tables import print_table

    queries = recipes.saved_queries()
    if json:
        write_json_lines(each._asdict() for each in queries)
        return
    print_table(sys.stdout, ("NAME", "ANSWERS+30"), [(each.name, each.about) for each in queries])
