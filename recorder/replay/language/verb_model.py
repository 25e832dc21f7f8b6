"""Base models of the verbs, and the field types that several of them share."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal, TypeGuard

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

from recorder.documents import DEFERRED_REFERENCE, DelayDistribution, Duration
from recorder.documents.patterns import MAX_PATTERN, check_pattern

ANSWER_WITHIN = Duration(10.0)
"""Default of ``within``: how long a step waits for an answer or a message."""

LAST_SENT, LAST_RECEIVED = "last_sent", "last_received"
RESERVED_NAMES = (LAST_SENT, LAST_RECEIVED)

BUILT_IN_NAMES = ("conversation", "dialog", "consumer", "round")
"""Names that ``${name.path}`` can use without an ``as:``."""

_NAME = re.compile(r"[^\W\d][\w-]*")
# ``_NAME`` for JSON Schema, whose patterns have no Unicode classes: excludes ASCII that no name contains.
_NAME_JSON_PATTERN = r"^[^\x00-@\[-^`{-\x7f][^\x00-,./:-@\[-^`{-\x7f]*$"


class ScriptModel(BaseModel):
    """Base of all models of a script: unknown keys are errors, nothing is converted, instances are frozen."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True, use_attribute_docstrings=True
    )


def is_name(given: object) -> TypeGuard[str]:
    """Whether this is a valid name for a message, an answer or a consumer."""
    return isinstance(given, str) and _NAME.fullmatch(given) is not None


def _new_message_name(given: object) -> str:
    if not is_name(given):
        raise ValueError("a name is letters, digits, - and _, and begins with a letter")
    if given in RESERVED_NAMES:
        raise ValueError(f'"{given}" names a message already; take another name')
    if given in BUILT_IN_NAMES:
        raise ValueError(f'"{given}" has a meaning in ${{{given}.…}} already; take another name')
    return given


def _consumer_name(given: object) -> str:
    if not is_name(given):
        raise ValueError("a consumer's name is letters, digits, - and _, and begins with a letter")
    return given


def is_sequence(given: object) -> TypeGuard[int]:
    """Whether this is a sequence number of a message: an integer from 0."""
    return isinstance(given, int) and not isinstance(given, bool) and given >= 0


def _message_reference(given: Any) -> str | int:
    if is_sequence(given) or is_name(given):
        return given
    raise ValueError(f"a message is a name given with as:, {LAST_SENT}, {LAST_RECEIVED}, or its sequence")


def _message_references(given: Any) -> str | int | tuple[str | int, ...]:
    if not isinstance(given, list | tuple):
        return _message_reference(given)
    if not given:
        raise ValueError("the list of messages is empty")
    twice = next((one for index, one in enumerate(given) if one in given[:index]), None)
    if twice is not None:
        raise ValueError(f'"{twice}" is in the list twice')
    return tuple(_message_reference(one) for one in given)


def _delay_or_never(given: Any) -> DelayDistribution | Literal["never"]:
    return "never" if given == "never" else DelayDistribution.read(given)


def _first_sequence(given: Any) -> int | Literal["last"]:
    if is_sequence(given):
        return given
    if given == "last":
        return "last"
    raise ValueError("history begins at a sequence (0 is all of it) or at last, the last one received")


def _pattern(given: str) -> str:
    """Check a pattern; a reference in it may become any text."""
    check_pattern(DEFERRED_REFERENCE.sub("x", given))
    return given


def upper(given: object) -> object:
    """Upper case for texts; other values are left to the next validator."""
    return given.upper() if isinstance(given, str) else given


def is_status(given: str) -> bool:
    """Whether this can be the status of a receipt in a script."""
    return re.fullmatch(r"[A-Z][A-Z_]{0,39}", given) is not None


def _status(given: str) -> str:
    if not is_status(given):
        raise ValueError("a receipt's status is a word like ACCEPT, READ, ACCESS, NACK or ACTION")
    return given


NAME_SCHEMA = {"type": "string", "pattern": _NAME_JSON_PATTERN}
_REFERENCE_SCHEMA: dict[str, Any] = {
    "anyOf": [{**NAME_SCHEMA, "examples": [LAST_SENT, LAST_RECEIVED]}, {"type": "integer", "minimum": 0}]
}

MessageName = Annotated[
    str,
    BeforeValidator(_new_message_name),
    WithJsonSchema({**NAME_SCHEMA, "not": {"enum": [*RESERVED_NAMES, *BUILT_IN_NAMES]}}),
]
ConsumerName = Annotated[str, BeforeValidator(_consumer_name), WithJsonSchema(NAME_SCHEMA)]
MessageReference = Annotated[str | int, PlainValidator(_message_reference), WithJsonSchema(_REFERENCE_SCHEMA)]
MessageReferences = Annotated[
    str | int | tuple[str | int, ...],
    PlainValidator(_message_references),
    WithJsonSchema(
        {
            "anyOf": [
                *_REFERENCE_SCHEMA["anyOf"],
                {"type": "array", "items": _REFERENCE_SCHEMA, "minItems": 1, "uniqueItems": True},
            ]
        }
    ),
]
ReceiptStatus = Annotated[
    str,
    BeforeValidator(upper),
    AfterValidator(_status),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[A-Za-z][A-Za-z_]{0,39}$",
            "examples": ["ACCEPT", "READ", "ACCESS", "NACK", "ACTION"],
        }
    ),
]
Pattern = Annotated[
    str,
    AfterValidator(_pattern),
    WithJsonSchema({"type": "string", "maxLength": MAX_PATTERN, "description": "A regular expression."}),
]
DelayOrNever = Annotated[
    DelayDistribution | Literal["never"],
    PlainValidator(_delay_or_never),
    WithJsonSchema({"anyOf": [{"const": "never"}, DelayDistribution.JSON_SCHEMA]}),
]
FirstSequence = Annotated[
    int | Literal["last"],
    PlainValidator(_first_sequence),
    WithJsonSchema({"anyOf": [{"const": "last"}, {"type": "integer", "minimum": 0}]}),
]


class Verb(ScriptModel):
    """The arguments of one step.

    ``short``: the field a bare value (``wait: 2s``) sets; None: the verb takes no bare value. ``run_time``:
    the fields that may contain references, which are filled in when the step is played.
    """

    short: ClassVar[str | None] = None
    run_time: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def long_form(cls, given: Any) -> Any:
        """The arguments as a mapping: a bare value goes into the field ``short``.

        Raises:
            ValueError: it is a bare value, and the verb takes none.
        """
        if given is None:
            return {}
        if isinstance(given, dict):
            return given
        if cls.short is None:
            keys = ", ".join(field.alias or name for name, field in cls.model_fields.items())
            raise ValueError(f"it takes a mapping here, of {keys}" if keys else "it takes no value here")
        return {cls.short: given}

    @model_validator(mode="before")
    @classmethod
    def _long_form(cls, given: Any) -> Any:
        return cls.long_form(given)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema of the long form, or of any short form."""
        made = handler(schema)
        whole = handler.resolve_ref_schema(made)
        long = {key: value for key, value in whole.items() if key not in ("title", "description")}
        for key in long:
            del whole[key]
        whole["anyOf"] = cls.forms(long)
        return made

    @classmethod
    def forms(cls, long: dict[str, Any]) -> list[dict[str, Any]]:
        """JSON Schemas of all forms of the arguments; ``long`` is the schema of the mapping."""
        forms = [long, {"type": "null"}] if accepts(cls, None) else [long]
        if cls.short is not None and set(long.get("required", ())) <= {cls.short}:
            forms.append(long["properties"][cls.model_fields[cls.short].alias or cls.short])
        return forms


def accepts(model: type[BaseModel], given: object) -> bool:
    """Whether this is valid for the model; None for a verb: it can be written without arguments."""
    try:
        model.model_validate(given)
    except ValidationError:
        return False
    return True


def has_key(key: str) -> dict[str, Any]:
    """JSON Schema of mappings with this key, its value not null."""
    return {"required": [key], "properties": {key: {"not": {"type": "null"}}}}


def has_none_of(*keys: str) -> dict[str, Any]:
    """JSON Schema of mappings in which each of these keys is missing or null."""
    return {"properties": {key: {"type": "null"} for key in keys}}


class ConsumerVerb(Verb):
    """A verb that one consumer plays: the one named by ``consumer:``, else the script's first."""

    consumer: ConsumerName | None = Field(default=None, description="Who does it, by name.")


class TimedVerb(ConsumerVerb):
    """A verb that can be delayed by ``after``, counted from the arrival of the message last awaited.

    That is the message of this consumer's last ``await``; before its first one, ``after`` counts from the
    beginning of the step. A time that has passed already means at once.
    """

    after: DelayDistribution | None = Field(
        default=None,
        description="So long from the arrival of the message last awaited; at once if not given.",
    )
