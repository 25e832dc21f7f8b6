"""The schema of agent and simulator takes what their readers take, short forms included."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from recorder.documents import Document
from recorder.errors import BadScript
from recorder.recipes import script_schema
from recorder.recipes.simulator_schema import simulator_schemas
from recorder.simulator.agent.rules import VERBS, read_agent
from recorder.simulator.faults.config import Moods, read_moods

SCHEMA = Draft202012Validator(script_schema())


def takes(section: str, written: object) -> bool:
    return SCHEMA.is_valid({"steps": ["await"], section: written})


def reads(section: str, written: object) -> bool:
    reader: Any = {"agent": read_agent, "simulator": read_moods}[section]
    try:
        reader(Document("f", {section: written}, {}), at=(section,))
    except BadScript:
        return False
    return True


VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 0.5, 2, 429, 4401, "", "x", "1s", "1s ± 1s", "any", "all", "v2", "READ",
    [], [1], ["a"], {}, {"after": "1s"}, {"code": 429}, [{"code": 429}, 503], {"bytes": 5},
    {"nth": 1, "first": 1},
    {"bytes": 5, "after": "1s"}, {"text": "x"}, {"questions": "a"}, {"questions": []}, {"by": "1s"}, {"x": 1},
    {"status": "READ", "sequences": 2}, {"content": {}}, {"frame": [1]}, {"code": 4401, "after": "1s"},
]  # fmt: skip


@pytest.mark.parametrize("mood", Moods.model_fields)
def test_each_mood_takes_what_its_reader_takes(mood: str):
    for value in VALUES:
        if mood == "unanswered" and isinstance(value, str | list):
            continue  # which requests there are, a schema need not know
        assert takes("simulator", {mood: value}) is reads("simulator", {mood: value}), value


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_of_the_agent_takes_what_its_reader_takes(verb: str):
    for value in VALUES:
        for action in ({verb: value}, {verb: value, "after": "1s"}, {verb: value, "after": None}):
            rules = [{"on": "message", "do": [action]}]
            assert takes("agent", rules) is reads("agent", rules), action
    assert takes("agent", [{"on": "message", "do": [verb]}]) is reads(
        "agent", [{"on": "message", "do": [verb]}]
    )


@pytest.mark.parametrize(
    "rule",
    [
        {"on": "message", "do": ["read"]},
        {"on": "message", "do": []},
        {"on": "message", "do": "read"},
        {"on": "message", "do": [{"say": "a", "read": None}]},
        {"on": "message", "do": [{"after": "1s"}]},
        {"on": "message"},
        {"do": ["read"]},
        {"on": "mesage", "do": ["read"]},
        {"on": "message", "matching": "x", "nth": 1, "do": ["read"]},
        {"on": "message", "nth": 0, "do": ["read"]},
        {"on": "message", "consumer": "ben", "conversation": 2, "do": ["read"]},
        {"on": "message", "consumer": "", "do": ["read"]},
        {"on": "message", "conversation": 0, "do": ["read"]},
        {"on": "close", "matching": "x", "do": ["read"]},
        {"on": "close", "matching": None, "do": ["read"]},
        None,
        True,
        "message",
        [],
    ],
    ids=json.dumps,
)
def test_rules_are_taken_or_refused_alike(rule: object):
    assert takes("agent", [rule]) is reads("agent", [rule])


def test_simulator_definitions_have_their_own_prefix():
    _, _, others = simulator_schemas()
    assert all(name.startswith("Simulator") for name in others)


def test_simulator_definitions_have_the_published_names():
    _, _, others = simulator_schemas()
    verbs = {"Say", "SendFile", "Rich", "Accept", "Read", "Nack", "Access", "Receipt", "Type", "Close"}
    renamed = {"Rule", "Action", "HangUpOn", "LogIn", "SendRaw", "StartSurvey", "Transfer", "TransferMood"}
    assert {f"Simulator{name}" for name in verbs | renamed} <= others.keys()
    assert not any(name.startswith("SimulatorAgent") for name in others)


def test_names_of_definitions_are_words_and_no_paths_of_modules():
    """A module may be moved; what it defines is published all the same."""
    definitions = script_schema()["$defs"]
    assert [name for name in definitions if not name.isalnum()] == []


def test_a_variable_may_stand_for_any_text_here_too():
    assert takes("simulator", {"answer_delay": "${DELAY}"})
    assert takes("agent", [{"on": "message", "do": [{"say": {"text": "hi", "after": "${DELAY}"}}]}])
