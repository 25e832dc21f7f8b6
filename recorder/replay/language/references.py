"""``${name.path}`` in the texts of a step: filled in when it is played, from what ``as:`` named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from recorder.documents import LATER

from .verb_model import Verb

_REFERENCE = re.compile(r"([^\W\d][\w-]*)((?:\.[\w-]+)+)")

V = TypeVar("V", bound=Verb)


class Reference(NamedTuple):
    """``${question.text}``: the name, and the way from there. Parts of digits are places in lists."""

    name: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return f"${{{'.'.join((self.name, *self.path))}}}"


Find = Callable[[Reference], object]
"""The value a reference stands for: a JSON value. Raises what the caller likes where there is none."""


def parse_reference(inside: str) -> Reference | None:
    """What stands between the braces as a reference; None if it is none (it has no dot)."""
    match = _REFERENCE.fullmatch(inside)
    if match is None:
        return None
    return Reference(match.group(1), tuple(match.group(2)[1:].split(".")))


def references_in(value: object) -> Iterator[Reference]:
    """Every reference in the texts of a JSON value or of a model, in order, each as often as it is there."""
    match value:
        case str():
            yield from (part for part in _parts(value) if isinstance(part, Reference))
        case list() | tuple():
            for item in value:
                yield from references_in(item)
        case dict():
            for item in value.values():
                yield from references_in(item)
        case BaseModel():
            for name in type(value).model_fields:
                yield from references_in(getattr(value, name))
        case _:
            return


def references_too_early(model: type[Verb], given: object) -> Iterator[tuple[str, Reference]]:
    """The keys whose texts are needed before the script is played, and a reference in each."""
    try:
        long = model.long_form(given)
    except ValueError:
        return  # the model itself says so, and better
    late = {field.alias or name for name, field in model.model_fields.items() if name in model.run_time}
    for key, value in long.items() if isinstance(long, dict) else ():
        if key not in late and key != "steps":  # steps of a repeat are looked at one by one
            yield from ((key, reference) for reference in references_in(value))


def fill(says: V, find: Find) -> V:
    """The verb with every reference filled in.

    A reference that is the whole text becomes the value itself where the verb takes any JSON (``send``);
    everywhere else, the value as text: numbers as they are, mappings and lists as JSON.
    """
    changes = {name: _filled(getattr(says, name), find, whole=False) for name in says.run_time}
    return says.model_copy(update=changes)


def fill_value(value: object, find: Find) -> Any:
    """The same for a JSON value; a text that is one reference becomes what it stands for."""
    return _filled(value, find, whole=True)


def _filled(value: Any, find: Find, *, whole: bool) -> Any:
    match value:
        case str():
            return _filled_text(value, find, whole=whole)
        case list():
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


def _filled_text(text: str, find: Find, *, whole: bool) -> object:
    parts = _parts(text)
    if whole and len(parts) == 1 and isinstance(parts[0], Reference):
        return find(parts[0])
    return "".join(part if isinstance(part, str) else as_text(find(part)) for part in parts)


def as_text(value: object) -> str:
    """A value inside a text: text as it is, everything else as JSON writes it."""
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    import orjson

    return orjson.dumps(value).decode()


@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[str | Reference, ...]:
    parts: list[str | Reference] = []
    end = 0
    for mark in LATER.finditer(text):
        parts.append(text[end : mark.start()])
        parts.append(parse_reference(mark.group(1)) or mark.group())
        end = mark.end()
    parts.append(text[end:])
    return tuple(part for part in parts if part != "")
