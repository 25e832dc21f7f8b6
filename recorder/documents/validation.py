"""A document against a model: one error, in words, where it stands."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from recorder.errors import BadScript

from .document import Document, Path
from .error_text import as_written, shown, unknown

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

T = TypeVar("T")


_AS_WRITTEN = object()


def validate(document: Document, model: type[T], *, at: Path = (), given: object = _AS_WRITTEN) -> T:
    """The value under ``at`` as ``model``, a pydantic model or anything pydantic can check.

    ``given`` is checked in its place where it means something else than it says.

    Raises:
        BadScript: it does not fit; one error, the first in the file, with its place and what was meant.
    """
    from pydantic import ValidationError

    try:
        value = document.at(at) if given is _AS_WRITTEN else given
        return cast(T, _adapter(cast(Any, model)).validate_python(value))
    except ValidationError as failed:
        raise _first_of(document, model, at, failed.errors(include_url=False)) from None


@lru_cache(maxsize=256)
def _adapter(model: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(model)


def _first_of(document: Document, model: Any, at: Path, errors: list[ErrorDetails]) -> BadScript:
    def place(error: ErrorDetails) -> tuple[int, int]:
        path = _existing(document, at, error["loc"])
        return (document.line(path) or 0, -len(path))

    first = min(errors, key=place)
    path = _existing(document, at, first["loc"])
    return document.error(path, _says(first, model, path), hint=_hint(first))


def _existing(document: Document, at: Path, loc: Path) -> Path:
    """``loc`` without what stands only in the model (names of union members, fields a shorthand fills)."""
    path, value = at, document.at(at)
    for part in loc:
        known = (
            part in value
            if isinstance(value, dict)
            else isinstance(value, list) and part in range(len(value))
        )
        if known:
            path, value = (*path, part), value[part]
    return path


_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "float_type": "a number",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


_BOUNDS = {"greater_than_equal": ("ge", "or more"), "less_than_equal": ("le", "or less")}


def _says(error: ErrorDetails, model: Any, path: Path) -> str:
    kind, loc, given = error["type"], error["loc"], error["input"]
    context = error.get("ctx", {})
    name = next((f'"{part}"' for part in reversed(path) if isinstance(part, str)), "this")
    if kind == "extra_forbidden":
        return unknown("key", str(loc[-1]), sorted(_keys_at(model, loc[:-1])))
    if kind == "missing":
        return f'"{loc[-1]}" is missing'
    if kind in _KINDS:
        return f"{name} must be {_KINDS[kind]}, not {shown(given)}"
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"{name} must be {context[bound]} {words}, not {shown(given)}"
    if kind == "literal_error":
        return unknown(f"value of {name}:", str(given), _choices(error))
    says = str(context.get("error") or error["msg"])
    return says if kind == "value_error" and not loc else f"{name}: {says}"


def _hint(error: ErrorDetails) -> str | None:
    given = error["input"]
    if error["type"] == "string_type" and isinstance(given, int | float | bool):
        return f'put it in quotes: "{as_written(given)}"'
    return None


def _choices(error: ErrorDetails) -> list[str]:
    return re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))


def _keys_at(model: Any, loc: Path) -> set[str]:
    """The keys that may stand there, as far as the model tells."""
    if hasattr(model, "model_fields"):
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if not loc:
            return set(fields)
        field = fields.get(str(loc[0]))
        return _keys_at(field.annotation, loc[1:]) if field is not None else _keys_at(model, loc[1:])
    inside = getattr(model, "__args__", ())
    below = loc[1:] if loc and isinstance(loc[0], int) else loc
    return set().union(*(_keys_at(member, below) for member in inside)) if inside else set()
