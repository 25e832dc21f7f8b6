"""What an editor underlines is what the loader refuses, as far as one value tells."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from recorder.errors import BadScript
from recorder.replay.language.schema import DIALECT, script_schema
from recorder.replay.language.script import load
from recorder.replay.language.verbs import EXPANDED_VERBS, VERBS

SCHEMA = script_schema(agent={"type": "array"}, simulator={"type": "object"}, others={})
WHOLE = Draft202012Validator(SCHEMA)
STEP = Draft202012Validator({"$ref": "#/$defs/Step", "$defs": SCHEMA["$defs"]})


def test_it_is_a_schema_of_draft_2020_12():
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == DIALECT
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_every_verb_and_section_has_a_description():
    verbs = SCHEMA["$defs"]["Step"]["anyOf"][1]["properties"]
    assert set(verbs) == {*VERBS, *EXPANDED_VERBS}
    for ref in verbs.values():
        assert SCHEMA["$defs"][ref["$ref"].rpartition("/")[2]]["description"]
    for name, section in SCHEMA["properties"].items():
        assert section.get("description"), name


# What may stand behind each key: mostly right, so that what is refused is refused for the whole of it.
RIGHT: dict[str, list[Any]] = {
    "message": ["q", 3, "last_sent", ["a", 1], {}, {"from": "agent"}, {"matching": "x", "nth": 2}],
    "after": ["1s", 0, "1s..2s", "1s ± 2s", "never"],
    "within": ["1s", 0, "200ms"],
    "for": ["1s", 0],
    "as": ["q", "größe"],
    "with": ["r", 4],
    "consumer": ["anna"],
    "status": ["read", "READ", "pending", "NACK"],
    "receipt": [{"status": "READ"}, {"status": "ACTION", "by": "agent"}],
    "answer": [400, 100],
    "close": [4401, "any", {}, {"code": 1000, "by": "service"}, {"code": "any"}],
    "not": [{"message": {}}, {"close": "any"}, {"message": "q", "status": "read"}],
    "text": ["hi", ""],
    "dialog": ["main", "x"],
    "skill": ["1"],
    "ttr": ["URGENT"],
    "state": ["COMPOSING", "gone"],
    "from_sequence": [0, "last", 7],
    "file": ["a.png"],
    "type": ["image/png"],
    "caption": ["x"],
    "metadata": [[{}], []],
    "duration": ["2s", "1s..2s"],
    "envelope": [{"kind": "req"}, "text"],
    "opcode": ["text", "ping", 0, 15],
    "data": ["SGk=", ""],
    "hex": ["81 05", "", "0xff"],
    "bytes": ["81:05"],
    "fin": [True, False],
    "rsv": [0, 7],
    "mask": [True],
    "how": ["clean", "abort", "mid-frame"],
    "code": [1000, 4000],
    "reason": ["bye"],
    "rate": ["5/s", "off", "30 / m"],
}
WRONG = [
    None,
    True,
    -1,
    16,
    0.5,
    70_000,
    "",
    "2nd",
    "soon",
    "8",
    "x y",
    [],
    ["a", None],
    {},
    {"x": 1},
]


def keys_of(verb: str) -> list[str]:
    return [field.alias or name for name, field in VERBS[verb].model_fields.items()]


def values_for(key: str) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(RIGHT[key]), st.sampled_from(RIGHT[key]), st.sampled_from(WRONG))


@st.composite
def steps(draw: st.DrawFn) -> tuple[str, Any]:
    verb = draw(st.sampled_from(sorted(VERBS)))
    bare = st.sampled_from([*RIGHT.get(VERBS[verb].short or "", []), *WRONG])
    if draw(st.booleans()) and draw(st.booleans()):
        return verb, draw(bare)
    chosen = draw(st.lists(st.sampled_from([*keys_of(verb), *keys_of(verb), "x"]), max_size=4, unique=True))
    return verb, {key: draw(values_for(key) if key in RIGHT else st.sampled_from(WRONG)) for key in chosen}


def names_itself(value: Any) -> bool:
    """Whether a receipt is to be sent with itself, which the loader refuses: a schema compares no values."""
    if not isinstance(value, dict) or value.get("with") is None:
        return False
    message = value.get("message", "last_received")
    return value["with"] in (message if isinstance(message, list) else [message])


@settings(max_examples=400)
@given(steps())
@example(("expect", {"message": "q", "status": "read", "receipt": None}))
@example(("expect", {"not": {"message": {}}, "for": "1s", "within": None}))
@example(("read", {"after": None, "with": "r"}))
@example(("send", {"envelope": 1}))
@example(("send", {"envelope": 1, "kind": "req"}))
@example(("disconnect", {"how": "abort", "code": 1000}))
@example(("send_frame", {"bytes": "81", "fin": None}))
@example(("send_frame", {"bytes": "81", "after": "1s"}))
@example(("send", {"envelope": "x", "after": "1s"}))
def test_the_schema_takes_what_the_loader_takes_and_nothing_else(step: tuple[str, Any]):
    verb, value = step
    assume(not names_itself(value))
    try:
        VERBS[verb].model_validate(value)
        taken = True
    except ValidationError:
        taken = False
    assert STEP.is_valid({verb: value}) is taken


SCRIPTS = [
    {"steps": ["await"]},
    {"steps": ["say"]},
    {"steps": ["nonsense"]},
    {"steps": []},
    {},
    {"name": 5, "steps": ["await"]},
    {"name": None, "steps": ["await"]},
    {"steps": [{"wait": "1s", "say": "x"}]},
    {"steps": [{}]},
    {"steps": [5]},
    {"steps": {"say": "x"}},
    {"steps": [{"repeat": {"times": 2, "steps": ["await", {"say": "x"}]}}]},
    {"steps": [{"repeat": {"times": "2", "steps": ["await"]}}]},
    {"steps": [{"repeat": {"times": "two", "steps": ["await"]}}]},
    {"steps": [{"repeat": {"times": 2, "steps": []}}, "await"]},
    {"steps": [{"repeat": {"times": 2, "steps": [{"sya": 1}]}}]},
    {"steps": ["await"], "rate": "5/s", "receipts": {"read": "1s..2s", "batch": "2s", "accept": "never"}},
    {"steps": ["await"], "receipts": {"batch": "1s..2s"}},
    {"steps": ["await"], "receipts": None},
    {"steps": ["await"], "rate": "fast"},
    {"steps": ["await"], "consumer": None, "consumers": None},
    {"steps": ["await"], "consumer": {"url": "x"}, "consumers": {"a": {}}},
    {"steps": ["await"], "consumer": {}, "consumers": None},
    {"steps": ["await"], "consumers": {}},
    {
        "steps": ["await"],
        "consumers": {"a": None, "b": {"properties": {"x": [1]}, "receipts": {"read": "1s"}}},
    },
    {"steps": ["await"], "consumers": {"a b": {}}},
    {"steps": ["await"], "consumer": {"reconnect": "sometimes"}},
    {"steps": ["await"], "consumer": {"reconnect": "on_auth_close", "campaign": {"campaignId": 1}}},
    {"steps": ["await"], "agent": {}},
    {"steps": ["await"], "agent": None, "simulator": None},
    {"steps": ["await"], "simulator": []},
    {"steps": ["await"], "versoin": 1},
]


@pytest.mark.parametrize("written", SCRIPTS, ids=json.dumps)
def test_whole_scripts_are_taken_or_refused_alike(written: dict[str, Any]):
    try:
        load(json.dumps(written), file="s.yaml", variables={})
        taken = True
    except BadScript:
        taken = False
    assert WHOLE.is_valid(written) is taken, [error.message for error in WHOLE.iter_errors(written)]


@pytest.mark.parametrize(
    "step",
    [
        {"wait": "${PAUSE}"},
        {"rate": "${RATE:-5/s}"},
        {"await": {"within": "${PATIENCE}"}},
        {"type": "${STATE}"},
        {"read": {"message": "q", "after": "${DELAY}"}},
        {"disconnect": "${HOW}"},
        {"send_frame": {"opcode": "${OPCODE}", "hex": "${HEX}"}},
        {"repeat": {"times": "${N}", "steps": ["await"]}},
        {"say": "${q.text}"},
    ],
    ids=json.dumps,
)
def test_a_variable_may_stand_for_any_text(step: dict[str, Any]):
    assert STEP.is_valid(step)
