"""JSON Schema of a script's agent and simulator sections, short forms included."""

from __future__ import annotations

from annotated_types import MinLen
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, models_json_schema
from pydantic_core import core_schema

from recorder.messaging.requests import Json
from recorder.replay.language.verb_model import accepts, has_key, has_none_of
from recorder.simulator.agent.rules import VERBS, WITH_TEXT, AgentRule, RuleAction, Trigger
from recorder.simulator.faults.conditions import (
    FALSE_AS_NONE,
    ONE_OR_MANY,
    Condition,
    DisconnectCondition,
    StrictModel,
)
from recorder.simulator.faults.config import Moods
from recorder.wire.frames import may_be_sent

_PREFIX = "Simulator"
# Names under "$defs" are published; classes may be renamed. Others are the class's, without "Agent".
_PUBLISHED = {
    "RuleAction": "Action",
    "AgentHangUp": "HangUpOn",
    "AgentStepUp": "LogIn",
    "AgentSend": "SendRaw",
    "AgentSurvey": "StartSurvey",
}
_NULL: Json = {"type": "null"}
_FALSE: Json = {"const": False}


def simulator_schemas() -> tuple[Json, Json, Json]:
    """Schemas of the agent section and of the simulator section, and the ``$defs`` both refer to."""
    _, made = models_json_schema(
        [(AgentRule, "validation"), (Moods, "validation")],
        ref_template=f"#/$defs/{_PREFIX}{{model}}",
        schema_generator=_AsWritten,
    )
    others = {f"{_PREFIX}{name}": one for name, one in made["$defs"].items()}
    moods = others[f"{_PREFIX}Moods"]["anyOf"][0]["properties"]
    moods |= {name: _mood(name, one) for name, one in moods.items()}
    agent = {"type": "array", "items": {"$ref": f"#/$defs/{_PREFIX}Rule"}}
    return agent, others.pop(f"{_PREFIX}Moods")["anyOf"][0], others


class _AsWritten(GenerateJsonSchema):
    """Adds what the models' validators accept: short forms, ``false`` for off, one value as a list."""

    def normalize_name(self, name: str) -> str:
        return super().normalize_name(_PUBLISHED.get(name, name.removeprefix("Agent")))

    def model_schema(self, schema: core_schema.ModelSchema) -> Json:
        made = super().model_schema(schema)
        model = schema["cls"]
        if not issubclass(model, StrictModel):
            return made
        made |= _constraint(model)
        for name in made.get("properties", {}):
            if ONE_OR_MANY in model.model_fields[name].metadata:
                made["properties"][name] |= _at_least(model.model_fields[name])
            elif model is RuleAction and name in VERBS:
                made["properties"][name] = _without_null(made["properties"][name])
        about: Json = {key: made.pop(key) for key in ("title", "description") if key in made}
        return {"anyOf": [made, *_short_forms(model, made)], **about}

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Json:
        made = super().function_before_schema(schema)
        function = schema["function"]["function"]
        if function is FALSE_AS_NONE.func:
            return {"anyOf": [made, _FALSE]}
        if function is ONE_OR_MANY.func:
            empty = [] if made.get("minItems") else [_NULL, _FALSE]
            return {"anyOf": [made, made["items"], *empty]}
        if getattr(function, "__name__", "") == "_one_is_a_list":
            return {"anyOf": [made, {"type": "integer"}]}
        return made

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> Json:
        made = super().function_after_schema(schema)
        if getattr(schema["function"]["function"], "__name__", "") == "_close_code":
            standard = [code for code in range(1000, 1016) if may_be_sent(code)]
            return {**made, "anyOf": [{"enum": standard}, {"minimum": 3000, "maximum": 4999}]}
        return made


def _at_least(field: FieldInfo) -> Json:
    """Forbid an empty list, null and false where the field needs at least one entry."""
    least = next((one.min_length for one in field.metadata if isinstance(one, MinLen)), 0)
    if not least:
        return {}
    return {"not": {"anyOf": [{"type": "array", "maxItems": least - 1}, _NULL, _FALSE]}}


def _short_forms(model: type[StrictModel], made: Json) -> list[Json]:
    forms: list[Json] = []
    if model is RuleAction:  # a verb alone
        return [{"enum": [name for name in VERBS if accepts(model, name)]}]
    if accepts(model, {}):
        forms += [_NULL, {"const": True}]
    if model.SHORT is not None and set(made.get("required", ())) <= {model.SHORT}:
        forms.append(_without_null(made["properties"][model.SHORT]))
    return forms


def _without_null(schema: Json) -> Json:
    if "anyOf" not in schema:
        return schema
    return {**schema, "anyOf": [_without_null(one) for one in schema["anyOf"] if one != _NULL]}


def _constraint(model: type[StrictModel]) -> Json:
    """What a model's validators require of several keys together."""
    if model is RuleAction:
        after_once = [has_none_of("after"), {"properties": {verb: has_none_of("after") for verb in VERBS}}]
        return {"oneOf": [{"required": [verb]} for verb in VERBS], "anyOf": after_once}
    if model is AgentRule:
        textless = [trigger.value for trigger in Trigger if trigger not in WITH_TEXT]
        return {"not": {"allOf": [has_key("matching"), {"properties": {"on": {"enum": textless}}}]}}
    constraint: Json = {}
    if issubclass(model, Condition):
        constraint["not"] = {"allOf": [has_key("nth"), has_key("first")]}
    if issubclass(model, DisconnectCondition):
        constraint["oneOf"] = [has_key(key) for key in model.timing_keys()]
    return constraint


def _mood(name: str, schema: Json) -> Json:
    """Allow null, which turns a mood on, where it needs no settings."""
    on_is_enough = accepts(Moods, {name: True})
    rest = _without_null(schema)
    return {"anyOf": [rest, _NULL]} if on_is_enough else rest
