"""A conversation reads the same from every form it is written in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import (
    ConversationChanged,
    Dialog,
    Event,
    Evidence,
    MessagePublished,
    OddityNoticed,
    Participant,
    Proof,
    Stamp,
)
from recorder.messaging.interpreter import Interpreter
from recorder.messaging.snapshots import (
    LAST_CONTENT,
    conversation_of,
    conversations_taken,
    snapshot,
    updated_at,
)

EVIDENCE = Evidence(Proof.ANNOUNCED, 1, 1, None, None, 1_700_000_000_000)


def read(**details: Any) -> Any:
    return snapshot({"conversationDetails": details}, "c", left_subscription=False, evidence=EVIDENCE)


@pytest.mark.parametrize(
    "details",
    [
        pytest.param(
            {"participants": [{"id": "a", "role": "CONSUMER"}, {"id": "b", "role": "READER"}]}, id="list"
        ),
        pytest.param({"participants": {"CONSUMER": ["a"], "READER": ["b"], "MANAGER": []}}, id="map"),
        pytest.param({"participants": {"CONSUMER": "a", "READER": "b"}}, id="map-of-single-elements"),
        pytest.param({"participantsPId": {"CONSUMER": ["a"], "READER": ["b"]}}, id="public-map-alone"),
        pytest.param(
            {
                "participants": {"CONSUMER": ["a"], "READER": ["acc.77"]},
                "participantsPId": {"CONSUMER": ["a"], "READER": ["b"]},
            },
            id="public-ids-win",
        ),
        pytest.param(
            {
                "participants": [
                    {"id": "a", "role": "CONSUMER"},
                    {"id": "b", "role": "READER"},
                    7,
                    {"id": "x"},
                    None,
                ]
            },
            id="rubbish-is-left-out",
        ),
    ],
)
def test_participants_are_the_same_in_every_form(details: dict[str, Any]) -> None:
    assert read(**details).participants == (Participant("a", "CONSUMER"), Participant("b", "READER"))


def test_one_participant_is_an_array_of_one() -> None:
    assert read(participants={"id": "a", "role": "CONSUMER"}).participants == (Participant("a", "CONSUMER"),)


def test_both_ids_are_shown_where_the_public_list_is_shorter() -> None:
    """Which of the two agents has no public id is anybody's guess."""
    seen = read(participants={"MANAGER": ["acc.1", "acc.2"]}, participantsPId={"MANAGER": ["p1"]})
    assert [participant.participant for participant in seen.participants] == ["p1", "acc.1", "acc.2"]


def test_a_role_missing_from_the_public_map_keeps_its_ids() -> None:
    seen = read(participants={"CONTROLLER": ["acc.9"]}, participantsPId={"CONSUMER": ["a"]})
    assert set(seen.participants) == {Participant("acc.9", "CONTROLLER"), Participant("a", "CONSUMER")}


def test_a_suggested_agent_is_a_participant_with_that_state() -> None:
    """Offered a transfer and not in yet: only the dialog names the agent."""
    dialogs = [
        {
            "dialogId": "d",
            "participantsDetails": [{"id": "s", "role": "ASSIGNED_AGENT", "state": "SUGGESTED"}],
        }
    ]
    seen = read(participants=[{"id": "a", "role": "CONSUMER"}], dialogs=dialogs)
    assert Participant("s", "ASSIGNED_AGENT", "SUGGESTED") in seen.participants


def test_a_dialog_gives_the_state_of_a_participant_but_adds_nobody() -> None:
    dialogs = {
        "dialogId": "d",
        "participantsDetails": [
            {"id": "a", "role": "CONSUMER", "state": "ACTIVE"},
            {"id": "acc.1", "role": "MANAGER", "state": "ACTIVE"},
        ],
    }
    seen = read(participants=[{"id": "a", "role": "CONSUMER"}], dialogs=dialogs)
    assert seen.participants == (Participant("a", "CONSUMER", "ACTIVE"),)


def test_dialogs_keep_their_order_and_unknown_parts_are_none() -> None:
    dialogs = [
        {"dialogId": "s", "dialogType": "POST_SURVEY", "channelType": "MESSAGING", "state": "OPEN"},
        {"dialogId": "m", "dialogType": 7},
        {"dialogType": "MAIN"},
        "nonsense",
    ]
    assert read(dialogs=dialogs).dialogs == (
        Dialog("s", "POST_SURVEY", "MESSAGING", "OPEN"),
        Dialog("m", None, None, None),
    )


def test_state_and_stage_are_separate() -> None:
    seen = read(state="CLOSE", stage="OPEN")
    assert (seen.state, seen.stage, seen.updated_ms) == ("CLOSE", "OPEN", EVIDENCE.server_ms)


def test_the_newer_time_field_wins_and_the_older_one_serves() -> None:
    assert updated_at({"conversationDetails": {"metaDataLastUpdateTs": 2}, "lastUpdateTime": 1}) == 2
    assert updated_at({"conversationDetails": {}, "lastUpdateTime": 1}) == 1


def test_the_conversation_is_named_in_either_place() -> None:
    assert conversation_of({"convId": "c"}) == "c"
    assert conversation_of({"conversationDetails": {"convId": "c"}}) == "c"
    assert conversation_of({"conversationDetails": None}) is None


def last_content(**fields: Any) -> dict[str, Any]:
    """As published: an author under both ids, and what was written."""
    return {
        "sequence": 1, "originatorId": "acc.1", "originatorPId": "a", "dialogId": "d",
        "originatorMetadata": {"id": "a", "role": "ASSIGNED_AGENT"}, "serverTimestamp": 1_568_004_067_782,
        "event": {"type": "ContentEvent", "message": "hi", "contentType": "text/plain"}, **fields,
    }  # fmt: skip


def events_of(last: Any, kind: str, dialogs: Any = ()) -> list[Event]:
    result = {"convId": "c", "conversationDetails": {"dialogs": dialogs}, LAST_CONTENT: last}
    body = {"changes": [{"type": "UPSERT", "result": result}]}
    raw = {"kind": "notification", "type": kind, "body": body}
    stamp = Stamp(3, 1, 5, 6)
    return list(Interpreter().read(json.dumps(raw).encode(), stamp, from_client=False))


@pytest.mark.parametrize("prefix", ["cqm.", ".ams.aam."])
def test_a_snapshot_announces_the_last_message_as_its_own_word(prefix: str) -> None:
    """In v2, too: the author goes by the public id, as in every event."""
    changed, message = events_of(last_content(), f"{prefix}ExConversationChangeNotification")
    assert isinstance(changed, ConversationChanged)
    evidence = Evidence(Proof.ANNOUNCED, 3, 1, 5, 6, 1_568_004_067_782, snapshot=True)
    assert message == MessagePublished(
        "d", 1, None, "a", "ASSIGNED_AGENT", False, "text/plain", "hi", None, evidence
    )
    assert not changed.evidence.snapshot


@pytest.mark.parametrize(
    ("dialogs", "dialog_id"),
    [
        pytest.param([], "c", id="older frames list none: it goes by the id of the conversation"),
        pytest.param([{"dialogId": "d"}], "d", id="the only one"),
        pytest.param([{"dialogId": "d"}, {"dialogId": "e"}], None, id="any of two"),
    ],
)
def test_a_last_message_that_names_no_dialog_belongs_to_the_only_one(dialogs: Any, dialog_id: Any) -> None:
    _, found = events_of(last_content(dialogId=None), "cqm.ExConversationChangeNotification", dialogs)
    assert getattr(found, "dialog_id", None) == dialog_id
    assert getattr(found, "kind", "no-dialog") == "no-dialog"


@pytest.mark.parametrize("last", [None, "x", 7, [], {}, {"event": None}, {"event": {"type": "New"}}])
def test_any_other_last_message_is_odd_at_most(last: Any) -> None:
    _, *odd = events_of(last, "cqm.ExConversationChangeNotification")
    assert {type(event) for event in odd} <= {OddityNoticed}
    assert bool(odd) == (last is not None)


WORDS = st.sampled_from(["a", "b", "CONSUMER", "MANAGER", "", None, 7])
ENTRIES = st.lists(
    st.dictionaries(st.sampled_from(["id", "role", "state"]), WORDS, max_size=3) | WORDS, max_size=4
)


@given(ENTRIES | WORDS | st.none())
def test_a_plain_list_of_people_is_read_as_any_other_form(listed):
    """An empty map of public ids says nothing, but it makes the form one of the unusual ones."""
    assert read(participants=listed) == read(participants=listed, participantsPId={})


# --- rings ---

RUNG = Evidence(Proof.ANNOUNCED, 1, 1, None, None)
TAKEN = {"ringState": "ACCEPTED"}


@pytest.mark.parametrize(
    ("body", "conversations"),
    [
        ({"convId": "c", **TAKEN}, ["c"]),
        ({"changes": [{"result": {"conversationId": "c", "ringsDetails": [TAKEN, TAKEN]}}]}, ["c"]),
        ({"changes": {"result": {"ringsDetails": {"convId": "c", "ringState": "AUTO_ACCEPT"}}}}, ["c"]),
        ([{"convId": "a", **TAKEN}, {"convId": "b", **TAKEN}], ["a", "b"]),
        ({"convId": "c", "ringState": "WAITING"}, []),
        ({"convId": "c", "ringState": ["ACCEPTED"]}, []),
        (TAKEN, []),
        ("ACCEPTED", []),
        (None, []),
        ([[]] * 5_000 + [{"convId": "c", **TAKEN}], []),
    ],
)
def test_conversations_of_accepted_rings(body: object, conversations: list[str]) -> None:
    assert [each.conversation_id for each in conversations_taken(body, RUNG)] == conversations
