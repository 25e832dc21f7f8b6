"""Every query of the README runs as it stands, in plain sqlite3, and the tables it names are documented."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from recorder import recipes
from recorder.store.derived_tables import DERIVED

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """Two sessions, one imported and one replayed."""
    path = tmp_path_factory.mktemp("sql") / "recorder.db"
    with recipes.open_archive(str(path), mode="write", create=True) as opened:
        recipes.import_capture(opened, ROOT / "samples" / "tutorial.jsonl")
    recipes.replay(ROOT / "samples" / "slow-reader.yaml", archive=str(path))
    return path


def test_there_are_queries():
    assert QUERIES


@pytest.mark.parametrize("query", QUERIES)
def test_the_query_runs_on_a_file_opened_read_only(archive, query):
    with sqlite3.connect(f"file:{archive}?mode=ro", uri=True) as handle:
        for statement in filter(str.strip, query.split(";\n")):
            handle.execute(statement).fetchall()
    handle.close()


def test_every_derived_column_is_in_the_readme():
    for table in DERIVED:
        for column in table.columns:
            assert f"`{column.name}`" in README, f"{table.name}.{column.name}"
