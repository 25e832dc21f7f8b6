"""The script language as a JSON Schema: editors complete keys by it, and underline what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .sections import MOST_CONSUMERS, Consumer, Sections
from .verb_model import NAME_SCHEMA, none_said, stands_alone
from .verbs import FOLDED, VERBS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/{model}"

Json = dict[str, Any]

VARIABLE: Json = {
    "type": "string",
    "pattern": r"\$\{",
    "description": "Filled in before it is looked at: ${NAME}, ${NAME:-default}, ${name.path}.",
}


def script_schema(*, agent: Mapping[str, Any], simulator: Mapping[str, Any], others: Json) -> Json:
    """JSON Schema (draft 2020-12) of a whole script.

    It says what the loader says as far as that can be said of each value by itself: which keys there are,
    and what may stand behind them. Whether names are given before they are used, it cannot tell.

    Args:
        agent, simulator: schemas of these sections; they may refer to ``#/$defs/…`` in ``others``.
    """
    models: list[type[BaseModel]] = [*VERBS.values(), *FOLDED.values(), Consumer, Sections]
    _, made = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    defs: Json = {**others, **made["$defs"], "Step": _step(), "Variable": VARIABLE}
    script = defs.pop("Sections")
    _complete(script, defs, agent, simulator)
    schema = _variables_allowed({**script, "$defs": defs})
    schema["$defs"]["Variable"] = VARIABLE
    return {"$schema": DIALECT, "title": "A script for recorder replay", **_for_people(schema)}


def _complete(script: Json, defs: Json, agent: Mapping[str, Any], simulator: Mapping[str, Any]) -> None:
    steps = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Step"}}
    nothing: Json = {"type": "null"}
    one_consumer = {"anyOf": [{"$ref": "#/$defs/Consumer"}, nothing]}
    script["properties"] |= {
        "consumer": {**one_consumer, "description": "Where to connect, and as whom."},
        "consumers": {
            "anyOf": [_consumers(one_consumer), nothing],
            "description": "Several of them by name; the first one acts where a step does not say who.",
        },
        "steps": {**steps, "description": "What is done, one after the other."},
        "agent": {"anyOf": [dict(agent), nothing], "description": "The other side, in the simulator."},
        "simulator": {"anyOf": [dict(simulator), nothing], "description": "Moods of the simulator."},
    }
    script["anyOf"] = [none_said("consumer"), none_said("consumers")]
    defs["Repeat"]["anyOf"][0]["properties"]["steps"] = steps


def _consumers(one: Json) -> Json:
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": MOST_CONSUMERS,
        "propertyNames": NAME_SCHEMA,
        "additionalProperties": one,
    }


def _step() -> Json:
    verbs = {**VERBS, **FOLDED}
    return {
        "anyOf": [
            {"enum": [verb for verb, model in verbs.items() if stands_alone(model)]},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
                "properties": {
                    verb: {"$ref": _REF.format(model=model.__name__)} for verb, model in verbs.items()
                },
            },
        ]
    }


# What keeps a text from being just any text.
_NARROW = ("pattern", "enum", "const", "minLength", "maxLength", "format")
_BESIDE = ("description", "default", "examples", "title")


def _variables_allowed(schema: Any) -> Any:
    """Wherever a text of a certain form is wanted, a variable may stand for it."""
    if isinstance(schema, list):
        return [_variables_allowed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {key: _below(key, held) for key, held in schema.items()}
    if not _narrows_text(schema):
        return inside
    beside = {key: held for key, held in inside.items() if key in _BESIDE}
    rest = {key: held for key, held in inside.items() if key not in _BESIDE}
    return {"anyOf": [rest, {"$ref": "#/$defs/Variable"}], **beside}


def _below(key: str, held: Any) -> Any:
    if key in ("properties", "$defs"):
        return {name: _variables_allowed(one) for name, one in held.items()}
    # Of keys, not of values; and what is said with "not" or "if" is about what is there, variable or not.
    untouched = ("propertyNames", "not", "if", "enum", "const", "default", "examples", "required")
    return held if key in untouched else _variables_allowed(held)


def _narrows_text(schema: Json) -> bool:
    if schema.get("type") == "string":
        return any(key in schema for key in _NARROW)
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return "type" not in schema and any(isinstance(one, str) for one in allowed)


def _for_people(schema: Any) -> Any:
    """Without titles, which only say the keys again, and without defaults that nobody would write so."""
    if isinstance(schema, list):
        return [_for_people(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _kept(key, held) for key, held in schema.items() if not _is_noise(key, held)}


def _kept(key: str, held: Any) -> Any:
    if key in ("properties", "$defs"):
        return {name: _for_people(one) for name, one in held.items()}
    return held if key in ("enum", "const", "default", "examples") else _for_people(held)


def _is_noise(key: str, held: Any) -> bool:
    return key == "title" or (key == "default" and not isinstance(held, str | int))
