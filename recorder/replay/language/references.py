"""References, ``${name.path}``: found in the arguments of a step, filled in when it is played."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import orjson
from pydantic import BaseModel

from recorder.documents import DEFERRED_REFERENCE

from .verb_model import Verb

_REFERENCE = re.compile(r"([^\W\d][\w-]*)((?:\.[\w-]+)+)")

V = TypeVar("V", bound=Verb)


class Reference(NamedTuple):
    """``${question.text}``: a name given with ``as:``, and a path from there; digits are list indexes."""

    name: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return f"${{{'.'.join((self.name, *self.path))}}}"


ReferenceLookup = Callable[[Reference], object]
"""Returns the JSON value a reference stands for; raises the caller's own error where there is none."""


def parse_reference(inside: str) -> Reference | None:
    """Parse the text between ``${`` and ``}``; None if it is a variable (it has no dot)."""
    match = _REFERENCE.fullmatch(inside)
    if match is None:
        return None
    return Reference(match.group(1), tuple(match.group(2)[1:].split(".")))


def references_in(value: object) -> list[Reference]:
    """Every reference in the texts of a JSON value or a model, in order, repeated ones too."""
    found: list[Reference] = []
    _filled(value, found.append, whole=False)
    return found


def references_too_early(model: type[Verb], given: object) -> Iterator[tuple[str, Reference]]:
    """References in arguments that are needed before the step is played, each with its argument's key."""
    try:
        long = model.long_form(given)
    except ValueError:
        return  # validation reports it
    late = {field.alias or name for name, field in model.model_fields.items() if name in model.run_time}
    for key, value in long.items() if isinstance(long, dict) else ():
        if key not in late and key != "steps":  # the steps of a repeat are checked one by one
            yield from ((key, reference) for reference in references_in(value))


def fill(arguments: V, find: ReferenceLookup) -> V:
    """The arguments with every reference filled in.

    Inside a JSON value (``send``) a text that is one reference becomes the value itself; elsewhere the value
    is inserted as text: numbers as they are, mappings and lists as JSON.
    """
    changes = {name: _filled(getattr(arguments, name), find, whole=False) for name in arguments.run_time}
    return arguments.model_copy(update=changes)


def fill_value(value: object, find: ReferenceLookup) -> Any:
    """A JSON value with every reference filled in; a text that is one reference becomes the value itself."""
    return _filled(value, find, whole=True)


def _filled(value: Any, find: ReferenceLookup, *, whole: bool) -> Any:
    match value:
        case str():
            return _filled_text(value, find, whole=whole)
        case list() | tuple():
            return [_filled(item, find, whole=True) for item in value]
        case dict():
            return {key: _filled(item, find, whole=True) for key, item in value.items()}
        case BaseModel():
            names = type(value).model_fields
            return value.model_copy(
                update={name: _filled(getattr(value, name), find, whole=False) for name in names}
            )
        case _:
            return value


def _filled_text(text: str, find: ReferenceLookup, *, whole: bool) -> object:
    parts = _parts(text)
    if whole and len(parts) == 1 and isinstance(parts[0], Reference):
        return find(parts[0])
    return "".join(part if isinstance(part, str) else as_text(find(part)) for part in parts)


def as_text(value: object) -> str:
    """A value as text: strings as they are, everything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[str | Reference, ...]:
    parts: list[str | Reference] = []
    end = 0
    for mark in DEFERRED_REFERENCE.finditer(text):
        parts.append(text[end : mark.start()])
        parts.append(parse_reference(mark.group(1)) or mark.group())
        end = mark.end()
    parts.append(text[end:])
    return tuple(part for part in parts if part != "")
