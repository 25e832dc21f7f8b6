"""SQL on an archive: somebody's own, or a query of the guide by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from recorder.clock import RealClock
from recorder.errors import NotFound
from recorder.store.sql_reading import QueryAnswer, QueryOver, query_answer

from .message_argument import close_names
from .option_values import duration_s
from .stop import NeverStop, Stop

_PAGE: Final = Path(__file__).parents[1] / "guide" / "archive.md"
_QUERY: Final = re.compile(r"^### `([a-z-]+)`\n\n(.*?)\n\n```sql\n(.*?)^```$", re.DOTALL | re.MULTILINE)

TIME_LIMIT = "60s"


class SavedQuery(NamedTuple):
    """A query of the guide's page about the archive.

    Attributes:
        name: what ``recorder sql`` knows it by.
        about: what it answers, on one line.
        sql: runs on SQLite and on PostgreSQL.
    """

    name: str
    about: str
    sql: str


_FORMER_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {"slowest-reads": {"delay_s": "seconds"}}


@cache
def saved_queries() -> tuple[SavedQuery, ...]:
    """The queries of the guide, in its order."""
    found = _QUERY.findall(_PAGE.read_text("utf-8"))
    return tuple(SavedQuery(name, _plain(about), sql.strip()) for name, about, sql in found)


def _plain(about: str) -> str:
    """The first sentence, without Markdown and the colon at its end."""
    sentence = re.split(r"[.:](?:\s|$)| \(", " ".join(about.split()))[0]
    return sentence.replace("`", "")


def former_columns(query: str) -> Mapping[str, str]:
    """Of a saved query: column → the name that it had. For one release, JSON has its value under both."""
    return _FORMER_COLUMNS.get(query, {})


@contextmanager
def sql_answer(
    archive: str, query: str, *, time_limit: str = TIME_LIMIT, stop: Stop | None = None
) -> Iterator[QueryAnswer]:
    """The answer of a query by its name, or of SQL, within the block; nothing can be written.

    Raises:
        NotFound: no query has this name, or there is no archive.
        ArchiveUnusable: this program cannot read it.
        BadOption: the SQL is none, or would do more than read; or the limit is no duration.
        QueryOver: it took longer than ``time_limit`` ("60s"). Where ``stop`` is set, the answer ends early.
    """
    stopped, clock = stop or NeverStop(), RealClock()
    limit_s = duration_s("--time-limit", time_limit)
    ends_s = clock.now_s() + limit_s
    sql = _sql_of(query)

    def is_over() -> bool:
        return stopped.is_set() or clock.now_s() > ends_s

    answered = False
    try:
        with query_answer(
            archive, sql, time_limit_s=limit_s, is_over=is_over, on_stop=stopped.on_stop
        ) as answer:
            answered = True
            yield answer
    except QueryOver:
        if not stopped.is_set():
            hint = "--time-limit 10m gives it longer"
            raise QueryOver(f"the query takes longer than {time_limit}; it was stopped", hint=hint) from None
        if not answered:  # stopped before its first row
            yield QueryAnswer((), iter(()))


def _sql_of(query: str) -> str:
    known = {each.name: each.sql for each in saved_queries()}
    if query in known:
        return known[query]
    if re.fullmatch(r"[\w-]+", query.strip()):
        raise NotFound("query", query, close=close_names(query, known), hint="recorder sql lists them")
    return query
