"""Queries by name are those of the guide, and run on both kinds of archive."""

from __future__ import annotations

import signal
import threading
from contextlib import closing

import pytest
from builders.archives import where
from builders.conversations import record_conversation

from recorder.cli.signals import StopRequest
from recorder.errors import BadOption, NotFound
from recorder.recipes.sql import saved_queries, sql_answer
from recorder.store.archive import Archive
from recorder.store.sql_reading import QueryOver

__all__ = ["where"]

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


def test_every_query_has_a_name_of_its_own_and_a_sentence():
    queries = saved_queries()
    assert {"slowest-reads", "unread", "read-without-accept", "requests", "dialogs"} <= {
        each.name for each in queries
    }
    assert len({each.name for each in queries}) == len(queries)
    assert all("\n" not in each.about and each.about and each.sql.endswith(";") for each in queries)


def test_they_run_on_both_kinds_of_archive(where):
    with Archive.open(where, mode="write") as archive:
        record_conversation(archive, 0, ["one", "two"])
    answers = {}
    for query in saved_queries():
        with sql_answer(where, query.name) as answer:
            answers[query.name] = (list(answer.columns), list(answer.rows))
    assert len(answers["read-without-accept"][1]) == 1
    assert [tuple(row)[:3] for row in answers["requests"][1]] == [("cm.UpdateConversationField", 404, 1)]
    assert [tuple(row)[1:5] for row in answers["dialogs"][1]] == [("dialog-0", "MAIN", "OPEN", 2)]


def test_a_name_that_is_none_is_told_with_those_that_are_close(tmp_path):
    with pytest.raises(NotFound) as missing, sql_answer(str(tmp_path / "x.db"), "slowest-read"):
        pass
    assert "slowest-reads" in missing.value.close


def test_a_query_is_stopped_by_its_limit_or_by_a_signal(where):
    with Archive.open(where, mode="write"):
        pass
    with (
        pytest.raises(QueryOver, match="takes longer than 50ms; it was stopped"),
        sql_answer(where, ENDLESS, time_limit="50ms") as answer,
    ):
        list(answer.rows)
    with pytest.raises(BadOption, match="--time-limit"), sql_answer(where, ENDLESS, time_limit="soon"):
        pass


def test_a_stop_ends_it_without_an_error(tmp_path):
    path = str(tmp_path / "x.db")
    with Archive.open(path, mode="write"):
        pass
    endless = ENDLESS.replace("max(x)", "x")
    with closing(StopRequest()) as stop:
        with sql_answer(path, endless, stop=stop) as answer:
            for _ in answer.rows:
                if not stop.is_set():  # a second signal would be an impatient one
                    stop.handle(signal.SIGINT, None)
        assert stop.is_set()


def test_a_stop_before_the_first_row_ends_it_too(where):
    with Archive.open(where, mode="write"):
        pass

    class AlreadyStopped:
        def is_set(self) -> bool:
            return True

        def on_stop(self, wake) -> None:
            threading.Timer(0.05, wake).start()

    with sql_answer(where, ENDLESS, stop=AlreadyStopped()) as answer:
        assert list(answer.rows) == []
