"""JSON Schema of the script language, for completion and validation in editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from recorder.messaging.requests import Json

from .script import MOST_CONSUMERS, Consumer, Sections
from .verb_model import NAME_SCHEMA, accepts, has_none_of
from .verbs import EXPANDED_VERBS, VERBS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Names under "$defs" are published; classes may be renamed. Verbs are there without "Verb" at the end.
_PUBLISHED = {"MessageFilter": "Wanted"}

VARIABLE: Json = {
    "type": "string",
    "pattern": r"\$\{",
    "description": "Filled in before it is looked at: ${NAME}, ${NAME:-default}, ${name.path}.",
}


def script_schema(*, agent: Mapping[str, Any], simulator: Mapping[str, Any], others: Json) -> Json:
    """JSON Schema (draft 2020-12) of a whole script.

    It accepts what ``script.load`` accepts, as far as each value can be checked by itself: keys and their
    values, not whether names are given before they are used.

    Args:
        agent, simulator: schemas of these sections; they may refer to ``#/$defs/…`` in ``others``.
    """
    models: list[type[BaseModel]] = [*VERBS.values(), *EXPANDED_VERBS.values(), Consumer, Sections]
    _, made = models_json_schema(
        [(model, "validation") for model in models],
        ref_template="#/$defs/{model}",
        schema_generator=_WithPublishedNames,
    )
    defs: Json = {**others, **made["$defs"], "Step": _step(), "Variable": VARIABLE}
    script = defs.pop("Sections")
    _complete(script, defs, agent, simulator)
    schema = _adapted({**script, "$defs": defs}, variables=True)
    schema["$defs"]["Variable"] = VARIABLE
    return {"$schema": DIALECT, "title": "A script for recorder replay", **schema}


class _WithPublishedNames(GenerateJsonSchema):
    def normalize_name(self, name: str) -> str:
        return super().normalize_name(_published(name))


def _published(model: str) -> str:
    return _PUBLISHED.get(model, model.removesuffix("Verb"))


def _complete(script: Json, defs: Json, agent: Mapping[str, Any], simulator: Mapping[str, Any]) -> None:
    steps = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Step"}}
    null: Json = {"type": "null"}
    one_consumer = {"anyOf": [{"$ref": "#/$defs/Consumer"}, null]}
    consumers = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": MOST_CONSUMERS,
        "propertyNames": NAME_SCHEMA,
        "additionalProperties": one_consumer,
    }
    script["properties"] |= {
        "consumer": {**one_consumer, "description": "Where to connect, and as whom."},
        "consumers": {
            "anyOf": [consumers, null],
            "description": "Several of them by name; the first one acts where a step does not say who.",
        },
        "steps": {**steps, "description": "What is done, one after the other."},
        "agent": {"anyOf": [dict(agent), null], "description": "The other side, in the simulator."},
        "simulator": {"anyOf": [dict(simulator), null], "description": "Moods of the simulator."},
    }
    script["anyOf"] = [has_none_of("consumer"), has_none_of("consumers")]
    defs["Repeat"]["anyOf"][0]["properties"]["steps"] = steps


def _step() -> Json:
    verbs = {**VERBS, **EXPANDED_VERBS}
    return {
        "anyOf": [
            {"enum": [verb for verb, model in verbs.items() if accepts(model, None)]},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
                "properties": {
                    verb: {"$ref": f"#/$defs/{_published(model.__name__)}"} for verb, model in verbs.items()
                },
            },
        ]
    }


_RESTRICTING = ("pattern", "enum", "const", "minLength", "maxLength", "format")
_ANNOTATIONS = ("description", "default", "examples")
_LITERAL = ("enum", "const", "default", "examples", "required")
# Their schemas are about keys, or are conditions, which hold for a variable as well.
_WITHOUT_VARIABLES = ("propertyNames", "not", "if")


def _adapted(schema: Any, *, variables: bool) -> Any:
    """The schema with ``${NAME}`` allowed for restricted texts, and without what editors need not show.

    Titles go, which repeat the keys, and defaults that are no plain values.
    """
    if isinstance(schema, list):
        return [_adapted(item, variables=variables) for item in schema]
    if not isinstance(schema, dict):
        return schema
    adapted = {
        key: _adapted_keyword(key, value, variables=variables)
        for key, value in schema.items()
        if key != "title" and (key != "default" or isinstance(value, str | int))
    }
    if not variables or not _restricts_text(schema):
        return adapted
    annotations = {key: value for key, value in adapted.items() if key in _ANNOTATIONS}
    rest = {key: value for key, value in adapted.items() if key not in _ANNOTATIONS}
    return {"anyOf": [rest, {"$ref": "#/$defs/Variable"}], **annotations}


def _adapted_keyword(key: str, value: Any, *, variables: bool) -> Any:
    if key in ("properties", "$defs"):
        return {name: _adapted(one, variables=variables) for name, one in value.items()}
    return (
        value if key in _LITERAL else _adapted(value, variables=variables and key not in _WITHOUT_VARIABLES)
    )


def _restricts_text(schema: Json) -> bool:
    if schema.get("type") == "string":
        return any(key in schema for key in _RESTRICTING)
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return "type" not in schema and any(isinstance(one, str) for one in allowed)
