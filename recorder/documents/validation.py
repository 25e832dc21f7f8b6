"""Check a document against a pydantic model; report its errors as sentences with their lines.

``tests/benchmarks/script_models.py`` measures what pydantic costs, and says why it is not msgspec.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, cast

from recorder.errors import BadScript

from .document import Document, ValuePath
from .error_text import quoted, unknown
from .problems import MOST_PROBLEMS

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

T = TypeVar("T")


_AS_WRITTEN = object()


def validate(document: Document, model: type[T], *, at: ValuePath = (), given: object = _AS_WRITTEN) -> T:
    """The value at this path as ``model``: a pydantic model, or any type a ``TypeAdapter`` takes.

    ``given`` is checked in place of the value in the document, where a short form has been expanded.

    Raises:
        BadScript: it does not fit. The first error in the file, with its line and a suggestion; ``others``
            are the rest, one for each value.
    """
    from pydantic import ValidationError

    try:
        value = document.at(at) if given is _AS_WRITTEN else given
        return cast(T, _adapter(cast(Any, model)).validate_python(value))
    except ValidationError as failed:
        raise _all_errors(document, model, at, failed.errors(include_url=False)) from None


@lru_cache(maxsize=256)
def _adapter(model: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(model)


def _all_errors(document: Document, model: Any, at: ValuePath, errors: list[ErrorDetails]) -> BadScript:
    def position(error: ErrorDetails) -> tuple[int, int]:
        path = _path_in_document(document, at, error["loc"])
        return (document.line(path) or 0, -len(path))

    # A value that fits no member of a union has an error for each member: the first says enough.
    of_values: dict[ValuePath, ErrorDetails] = {}
    for error in sorted(errors, key=position):
        of_values.setdefault(_value_of(document, at, error), error)
    found = [_error(document, model, at, one) for one in islice(of_values.values(), MOST_PROBLEMS)]
    suggested = " ".join(each.problem for each in found)
    # A key that is misspelled is not missing, too.
    first, *others = (
        each for each in found if f"did you mean {each.problem.removesuffix(' is missing')}?" not in suggested
    )
    first.others = tuple(others)
    return first


def _error(document: Document, model: Any, at: ValuePath, error: ErrorDetails) -> BadScript:
    path = _path_in_document(document, at, error["loc"])
    written = _as_written(document, path, error["input"])
    return document.error(path, _problem(error, model, path, written), hint=_hint(error, written))


def _value_of(document: Document, at: ValuePath, error: ErrorDetails) -> ValuePath:
    """What an error is about: the value in the document, and the key in it if one is missing."""
    loc = error["loc"]
    missing = loc[-1:] if error["type"] == "missing" else ()
    inside, value = loc[: len(loc) - len(missing)], document.at(at)
    for place, part in enumerate(inside):
        if not _is_in(value, part):  # a member of a union, or a field of a short form
            return (*at, *inside[:place])
        value = value[part]
    return (*at, *loc)


def _as_written(document: Document, path: ValuePath, given: object) -> str:
    """The value that an error is about, as error messages quote it and as the file has it."""
    value = document.at(path)
    same = type(value) is type(given) and value == given
    return document.written.get(path, quoted(given)) if same else quoted(given)


def _path_in_document(document: Document, at: ValuePath, loc: ValuePath) -> ValuePath:
    """The part of pydantic's ``loc`` that is in the document: no union members, no fields of short forms."""
    path, value = at, document.at(at)
    for part in loc:
        if _is_in(value, part):
            path, value = (*path, part), value[part]
    return path


def _is_in(value: object, part: str | int) -> bool:
    if isinstance(value, dict):
        return part in value
    return isinstance(value, list) and part in range(len(value))


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


def _problem(error: ErrorDetails, model: Any, path: ValuePath, written: str) -> str:
    kind, loc, given = error["type"], error["loc"], error["input"]
    context = error.get("ctx", {})
    name = next((f'"{part}"' for part in reversed(path) if isinstance(part, str)), "this")
    if kind == "extra_forbidden":
        return unknown("key", str(loc[-1]), sorted(_keys_at(model, loc[:-1])))
    if kind == "missing":
        return f'"{loc[-1]}" is missing'
    if kind in _KINDS:
        return f"{name} must be {_KINDS[kind]}, not {written}"
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"{name} must be {context[bound]} {words}, not {written}"
    if kind == "literal_error":
        return unknown(
            f"value of {name}:",
            given if isinstance(given, str) else written,
            re.findall(r"'([^']*)'", str(context.get("expected", ""))),
        )
    sentence = str(context.get("error") or error["msg"])
    if sentence.startswith(f"{quoted(given)} "):
        sentence = written + sentence.removeprefix(quoted(given))
    return sentence if kind == "value_error" and not loc else f"{name}: {sentence}"


def _hint(error: ErrorDetails, written: str) -> str | None:
    if error["type"] == "string_type" and isinstance(error["input"], int | float | bool):
        return f'put it in quotes: "{written}"'
    return None


def _keys_at(model: Any, loc: ValuePath) -> set[str]:
    """The keys a mapping at ``loc`` may have; those of all members where the type is a union."""
    if hasattr(model, "model_fields"):
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if not loc:
            return set(fields)
        field = fields.get(str(loc[0]))
        return _keys_at(field.annotation, loc[1:]) if field is not None else _keys_at(model, loc[1:])
    inside = getattr(model, "__args__", ())
    below = loc[1:] if loc and isinstance(loc[0], int) else loc
    return set().union(*(_keys_at(member, below) for member in inside)) if inside else set()
