"""Steps that stand for other steps: repeated ones, and those of another file."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from .verb_model import Verb


def _int_from_text(given: object) -> object:
    """A number in text too: a variable can give nothing else."""
    return int(given) if isinstance(given, str) and given.isascii() and given.isdigit() else given


Times = Annotated[
    int,
    BeforeValidator(_int_from_text),
    Field(ge=0, le=1_000_000),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 1_000_000},
                {"type": "string", "pattern": "^0*([0-9]{1,6}|1000000)$"},
            ]
        }
    ),
]


class RepeatVerb(Verb):
    """Steps that are played several times; names they give with ``as`` are given anew each time."""

    times: Times
    steps: Annotated[list[Any], Field(min_length=1)]


class IncludeVerb(Verb):
    """The steps of another file in the script's folder, in the place of this one."""

    short: ClassVar[str | None] = "file"
    file: Annotated[str, Field(min_length=1)]
