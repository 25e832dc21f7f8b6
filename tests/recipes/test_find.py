"""What a ticket holds leads to its session, its messages and its frames; from rows and from frames alike."""

from __future__ import annotations

import pytest
from builders.archives import where
from builders.conversations import HOUR_US, START_US, record_conversation

from recorder import recipes
from recorder.errors import BadOption, NotFound
from recorder.recipes.filters import parse_filters
from recorder.recipes.find import find_everywhere
from recorder.store.archive import Archive
from recorder.wire.records import iso_utc

__all__ = ["where"]

CONVERSATION_1 = (1, "conversation", "conversation", "message list --dialog dialog-1")
SAID = (["Where is my order?", "Die Straße ist gesperrt"], ["注文番号は何ですか", "İstanbul"], ["ORDER 4711"])


def without_session(command):
    return (*command[:2], *command[3:])


@pytest.fixture(
    scope="module", params=["sqlite-rows", "sqlite-frames", "postgresql-rows", "postgresql-frames"]
)
def filled(request, tmp_path_factory):
    """An archive with three sessions, and their ids by number; derived or not, in a file or a database."""
    kind, _, source = request.param.partition("-")
    if kind == "sqlite":
        place = str(tmp_path_factory.mktemp("found") / "x.db")
    else:
        place = request.getfixturevalue("new_database")()
    with Archive.open(place, mode="write") as archive:
        ids = [
            record_conversation(
                archive,
                number,
                texts,
                agent=f"agent-{number}",
                name=f"Night Run {number}",
                derived=source == "rows",
            )
            for number, texts in enumerate(SAID)
        ]
    return place, ids


@pytest.fixture
def look(filled):
    """What is found: the number of the session, what it is, what matched, the next command without the id."""
    place, ids = filled

    def found(text, **filters):
        said = []
        session = filters.pop("session", None)
        with recipes.open_archive(place) as archive:
            hits = find_everywhere(
                archive, text, session=session, filters=parse_filters(**filters), say=said.append
            )
            listed = [
                (
                    ids.index(hit.session.session),
                    hit.kind,
                    hit.matched,
                    " ".join(without_session(hit.command)),
                )
                for hit in hits
            ]
        found.said = said
        return listed

    return found


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("conversation-1", [CONVERSATION_1]),
        ("CONVERSATION-1", [CONVERSATION_1]),
        ("dialog-2", [(2, "conversation", "dialog", "message list --dialog dialog-2")]),
        ("ms::conv:conversation-1::msg:7", [CONVERSATION_1]),
        ("dialog-0:1", [(0, "message", "message", "message show dialog-0:1")]),
        ("agent-2", [(2, "participant", "participant", "message list --participant agent-2")]),
        ("request-1", [(1, "request", "request id", "frame show 1")]),
        ("straße", [(0, "message", "text", "message show dialog-0:1")]),
        ("STRASSE", [(0, "message", "text", "message show dialog-0:1")]),
        ("番号", [(1, "message", "text", "message show dialog-1:0")]),
        ("何", [(1, "message", "text", "message show dialog-1:0")]),
        ("order", [(n, "message", "text", f"message show dialog-{n}:0") for n in (2, 0)]),
        ("4711", [(2, "message", "text", "message show dialog-2:0")]),
        ("night run 2", [(2, "session", "name", "session show")]),
        ("UpdateConversationField", [(n, "request", "type", "frame show 1") for n in (2, 1, 0)]),
        ("404", [(n, "request", "code", "frame show 2") for n in (2, 1, 0)]),
        ("4401", [(n, "connection", "close code", "session show") for n in (2, 1, 0)]),
        ("$.code == 404", [(n, "frame", "expression", "frame show 2") for n in (2, 1, 0)]),
        ("ExConversationChange", [(n, "frame", "payload", "frame show 3") for n in (2, 1, 0)]),
        ("nobody ever said this", []),
    ],
)  # fmt: skip
def test_each_leads_to_where_it_is(look, text, hits):
    assert look(text) == hits


def test_an_id_is_found_by_its_beginning_of_four_characters_and_more(look, filled):
    _, ids = filled
    assert look(ids[1][:8]) == [(1, "session", "id", "session show")]
    assert [hit[0] for hit in look("conv")] == [2, 1, 0]
    assert {hit[:3] for hit in look("con")} == {(n, "frame", "payload") for n in (0, 1, 2)}


def test_payloads_are_searched_only_where_nothing_else_fits_and_that_is_said(look):
    look("order")
    assert look.said == []
    look("UPSERT")
    assert look.said == ["no id, name, text, type or code is like that; searching the payloads of all frames"]
    look("nobody ever said this")
    assert look.said[-1] == "nothing is like that in 3 sessions"


def test_of_more_than_the_limit_the_first_are_listed_and_that_is_said(look):
    assert [hit[0] for hit in look("404", limit=2)] == [2, 1]
    assert look.said == ["there are more than 2; --limit shows more"]
    assert len(look("404", limit=3)) == 3
    assert look.said == []


def test_only_of_a_session_or_of_a_time(look):
    assert [hit[0] for hit in look("404", session="Night Run 1")] == [1]
    second = iso_utc(START_US + HOUR_US)
    assert [hit[0] for hit in look("404", since=second)] == [2, 1]
    assert [hit[0] for hit in look("404", until=second)] == [0]
    assert [hit[0] for hit in look("conversation-", until=second)] == [1, 0]
    with pytest.raises(NotFound):
        look("404", session="nope")


@pytest.mark.parametrize(
    ("text", "filters", "option"),
    [
        ("404", {"since": "#3"}, "--since"), ("404", {"until": "+3s"}, "--until"),
        ("$.a ==", {}, "TEXT"), (" ", {}, "TEXT"),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_for_is_refused(look, text, filters, option):
    with pytest.raises(BadOption) as refused:
        look(text, **filters)
    assert refused.value.option == option


def test_a_session_that_is_being_recorded_is_looked_through_too(where):
    with Archive.open(where, mode="write") as archive:
        record_conversation(archive, 0, ["still here"], ended=False)
        with recipes.open_archive(where) as reader:
            (hit,) = find_everywhere(reader, "still here")
        assert (hit.session.state, hit.sequence, hit.frame) == ("recording", 0, 4)
