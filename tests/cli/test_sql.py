"""``recorder sql``: the archive answers, and a mistake is a sentence."""

from __future__ import annotations

import os
import signal

import orjson

from recorder.cli.sql import _names
from recorder.recipes.sql import saved_queries


def test_alone_it_lists_the_queries_of_the_guide(run):
    listed = run("sql")
    assert (listed.exit_code, listed.stderr) == (0, "")
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == [
        each.name for each in saved_queries()
    ]
    assert [orjson.loads(line)["name"] for line in run("sql", "--json").stdout.splitlines()] == [
        each.name for each in saved_queries()
    ]


def test_a_query_of_the_guide_and_one_of_ones_own_in_each_form(run):
    assert run("sql", "dialogs").stdout.split()[:3] == ["session", "dialog", "type"]
    query = "SELECT name, frames FROM session ORDER BY id LIMIT 1"
    assert run("sql", query, "--format", "csv").stdout_bytes == b"name,frames\r\nimported,7\r\n"
    assert orjson.loads(run("sql", query, "--json").stdout) == {"name": "imported", "frames": 7}
    assert run("sql", query).stdout == "name      frames\nimported       7\n"


def test_a_mistake_is_one_sentence_with_exit_2(run):
    for query in ("DELETE FROM frame", "SELECT", "nope", "SELECT 1; SELECT 2", ""):
        result = run("sql", query)
        assert (result.exit_code, result.stdout, result.stderr.splitlines()[0][:7]) == (2, "", "error: ")
        assert len(result.stderr.splitlines()) == 2


def test_names_complete():
    assert [name for name, _ in _names("un")] == ["unread", "unanswered"]


def test_ctrl_c_ends_it(start):
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
    process = start("sql", endless, "--format", "csv")
    assert process.stdout.readline() == "x\n"
    os.kill(process.pid, signal.SIGINT)
    process.stdout.read()
    assert (process.wait(), process.stderr.read()) == (130, "")
