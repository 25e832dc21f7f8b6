"""A session is indexed with its derived rows, and is not left out while it may hold what is sought."""

from __future__ import annotations

import pytest
from builders.conversations import record_conversation

from recorder.projection.derived.refresh import Projection, rebuild
from recorder.projection.derived.search_texts import folded
from recorder.store.archive import Archive
from recorder.store.search_index import sessions_without
from recorder.store.versions import DERIVATION_VERSION


def left_out(archive, text):
    with archive.reader() as reader:
        return bool(sessions_without(reader, folded(text), version=DERIVATION_VERSION))


@pytest.mark.parametrize(
    "text",
    [
        "WHERE IS IT", "dialog-0", "conversation-0", "agent-1", "request-0", "UpdateConversationField",
        "text/plain", "404", "4401", "a \ufffd b",
    ],
)  # fmt: skip
def test_everything_that_is_compared_is_indexed(where, text):
    with Archive.open(where, mode="write") as archive:
        record_conversation(archive, 0, ["where is it?", "a \ufffd b"])
        assert not left_out(archive, text)
        assert left_out(archive, "nobody says this")


def test_a_rebuild_makes_the_index_anew(where):
    with Archive.open(where, mode="write") as archive:
        record_conversation(archive, 0, ["where is it?"])
        with archive.writer() as writer:
            writer.connection.exec_driver_sql("DELETE FROM search_text")
        assert not left_out(archive, "nobody says this")
        rebuild(archive)
        assert (left_out(archive, "where is it"), left_out(archive, "nobody says this")) == (False, True)


def test_a_session_that_goes_on_is_never_left_out(where):
    with Archive.open(where, mode="write") as archive:
        session = record_conversation(archive, 0, ["where is it?"], ended=False)
        Projection(archive, session).refresh()
        assert not left_out(archive, "nobody says this")


@pytest.mark.parametrize(
    ("one", "other"),
    [("STRASSE", "straße"), ("ＡＢＣ", "abc"), ("e\u0301", "É"), ("ΣΑΣ", "σας"), ("ﬁn", "FIN"), ("Ω", "ω")],
)
def test_texts_that_mean_the_same_are_one(one, other):
    assert folded(one) == folded(other)


def test_texts_that_differ_stay_apart():
    assert len({folded(each) for each in ("a", "ä", "b", "番", "号", "")}) == 6
