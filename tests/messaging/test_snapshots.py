"""A conversation reads the same from every form it is written in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import Dialog, Evidence, Participant, Proof
from recorder.messaging.snapshots import conversation_of, snapshot, updated_at

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


WORDS = st.sampled_from(["a", "b", "CONSUMER", "MANAGER", "", None, 7])
ENTRIES = st.lists(
    st.dictionaries(st.sampled_from(["id", "role", "state"]), WORDS, max_size=3) | WORDS, max_size=4
)


@given(ENTRIES | WORDS | st.none())
def test_a_plain_list_of_people_is_read_as_any_other_form(listed):
    """An empty map of public ids says nothing, but it makes the form one of the unusual ones."""
    assert read(participants=listed) == read(participants=listed, participantsPId={})
