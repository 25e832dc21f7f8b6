"""The index narrows and never hides: who holds a text is never among the sessions without it."""

from __future__ import annotations

import pytest
from builders.conversations import record_conversation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.projection.derived.search_texts import folded
from recorder.store import search_index
from recorder.store.archive import Archive
from recorder.store.versions import DERIVATION_VERSION

LETTERS = "abAB'\"\\ %_*&|-番号何ßﬁİé\u0301\n\ufffd😀\0"
TEXTS = st.text(st.sampled_from(LETTERS), min_size=1, max_size=8)


@pytest.fixture(params=[1, search_index.WAITING], ids=["taken in at once", "waiting"])
def archive(where, request, monkeypatch):
    """An archive with two sessions: what they hold is written by each test."""
    monkeypatch.setattr(search_index, "WAITING", request.param)
    with Archive.open(where, mode="write") as opened:
        for number in range(2):
            record_conversation(opened, number)
        yield opened


def without(archive, text):
    """Numbers of the sessions that certainly do not hold the text."""
    ids = [each.session for each in archive.sessions()]
    with archive.reader() as reader:
        found = search_index.sessions_without(reader, folded(text), version=DERIVATION_VERSION)
    return sorted(map(ids.index, found))


def index(archive, number, texts):
    with archive.writer() as writer:
        writer.connection.exec_driver_sql(writer.begin)
        search_index.write(writer.reader, number + 1, map(folded, texts))
        writer.connection.exec_driver_sql("COMMIT")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=st.lists(TEXTS, max_size=4), sought=TEXTS)
def test_whoever_holds_a_text_is_not_without_it(archive, held, sought):
    holders = [held, [*held, f"before{sought}after"]]
    for number, texts in enumerate(holders):
        index(archive, number, texts)
    missing = without(archive, sought)
    for number, texts in enumerate(holders):
        if any(folded(sought) in folded(text) for text in texts):
            assert number not in missing


def test_who_cannot_hold_it_is_left_out(archive):
    index(archive, 0, ["Where is my order?", "番号は何"])
    index(archive, 1, ["the answer"])
    assert (without(archive, "ORDER"), without(archive, "番号は")) == ([1], [1])
    assert (without(archive, "answer"), without(archive, "neither")) == ([0], [0, 1])


def test_the_last_to_come_takes_all_that_wait_in(path):
    with Archive.open(path, mode="write") as archive, archive.reader() as reader:
        for number in range(search_index.WAITING):
            taken_in = reader.value("SELECT count(*) FROM search_runs WHERE search_runs MATCH 'tex'")
            assert taken_in == 0
            record_conversation(archive, number, [f"text {number}"])
        assert reader.value("SELECT count(*) FROM search_waiting") == 0
        assert without(archive, "text 12") == [n for n in range(search_index.WAITING) if n != 12]


def test_short_texts_are_looked_for_as_well_in_a_file(path):
    with Archive.open(path, mode="write") as archive:
        for number, text in enumerate(["番号", "abc"]):
            record_conversation(archive, number, [text])
        assert (without(archive, "番"), without(archive, "bc")) == ([1], [0])


def test_a_file_without_fts5_answers_the_same(path, monkeypatch):
    monkeypatch.setattr(search_index, "WAITING", 1)
    with Archive.open(path, mode="write") as archive:
        record_conversation(archive, 0, ["Where is my order?"])
        with_runs = [without(archive, text) for text in ("order", "nobody", "whe")]
        with archive.writer() as writer:
            writer.connection.exec_driver_sql("DROP TABLE search_runs")
        assert [without(archive, text) for text in ("order", "nobody", "whe")] == with_runs == [[], [0], []]
        record_conversation(archive, 1, ["nobody"])
        assert without(archive, "nobody") == [0]


def test_a_long_session_is_not_indexed_and_so_never_left_out(archive):
    index(archive, 0, (f"{number:09}" for number in range(search_index.MAX_CHARACTERS // 9)))
    assert without(archive, "nobody says this") == [1]


def test_rows_of_other_rules_leave_nobody_out(archive):
    assert without(archive, "nobody says this") == [0, 1]
    with archive.writer() as writer:
        writer.connection.exec_driver_sql("UPDATE projection SET version = version - 1 WHERE session_id = 1")
    assert without(archive, "nobody says this") == [1]


@pytest.mark.parametrize("waiting", [1, 2, 64])
def test_nothing_of_a_deleted_session_is_left_in_the_file(path, waiting, monkeypatch):
    monkeypatch.setattr(search_index, "WAITING", waiting)
    secret = "qzxwvk jqpxzy"
    with Archive.open(path, mode="write") as archive:
        record_conversation(archive, 0, ["something else"])
        gone = record_conversation(archive, 1, [secret])
        record_conversation(archive, 2, ["something else"])
        archive.delete_session(gone)
        assert without(archive, secret) == [0, 1]
    held = path.read_bytes()
    assert not any(secret[place : place + 3].encode() in held for place in range(len(secret) - 2))
