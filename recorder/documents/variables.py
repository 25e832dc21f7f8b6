"""Variables in a document: ${NAME} and ${NAME:-default}."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .document import Document, ValuePath
from .error_text import DEFERRED_BEGIN, DEFERRED_END

_MARK = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_VARIABLE_FORM = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL | re.ASCII)
_HINT = "a plain ${ is written $${"

IsReference = Callable[[str], object]
"""Truthy where the text between ``${`` and ``}`` is a reference, which is filled in at run time, not here."""


def substitute(
    document: Document,
    variables: Mapping[str, str],
    *,
    at: ValuePath = (),
    is_reference: IsReference | None = None,
) -> Document:
    """Fill in ``${NAME}`` and ``${NAME:-default}`` in every text under ``at``; ``$${`` stands for ``${``.

    Values are not searched for variables again. Keys of mappings are left as they are. What ``is_reference``
    accepts stays in the text, marked so that ``DEFERRED_REFERENCE`` finds it.

    Raises:
        BadScript: a variable without default is not in ``variables``, or a ``${`` is not closed; with file,
            line and name.
    """

    def filled(value: Any, path: ValuePath) -> Any:
        if isinstance(value, str):
            return _filled(document, path, value, variables, is_reference)
        if isinstance(value, list):
            return [filled(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: filled(item, (*path, key)) for key, item in value.items()}
        return value

    return document._replace(value=replaced(document.value, at, filled(document.at(at), at)))


def unset_variables(text: str, variables: Mapping[str, str]) -> list[str]:
    """The variables in a text that have no default, and are not in ``variables``."""
    forms = (_VARIABLE_FORM.fullmatch(inside) for inside in _MARK.findall(text))
    unset = (form[1] for form in forms if form is not None and form[2] is None)
    return [name for name in dict.fromkeys(unset) if name not in variables]


def _filled(
    document: Document,
    path: ValuePath,
    text: str,
    variables: Mapping[str, str],
    is_reference: IsReference | None,
) -> str:
    def value(mark: re.Match[str]) -> str:
        inside = mark.group(1)
        if mark.group() == "${":
            raise document.error(path, "a ${ is not closed with }", hint=_HINT)
        if inside is None:
            return "${"
        if is_reference is not None and is_reference(inside):
            return f"{DEFERRED_BEGIN}{inside}{DEFERRED_END}"
        return _refuse_noncharacters(document, path, _value(document, path, inside, variables))

    if DEFERRED_BEGIN in text or DEFERRED_END in text:
        _refuse_noncharacters(document, path, text)
    return _MARK.sub(value, text) if "${" in text else text


def _refuse_noncharacters(document: Document, path: ValuePath, text: str) -> str:
    if DEFERRED_BEGIN in text or DEFERRED_END in text:
        raise document.error(path, "U+FDD0 and U+FDD1 are no characters, and cannot stand in a text")
    return text


def _value(document: Document, path: ValuePath, inside: str, variables: Mapping[str, str]) -> str:
    form = _VARIABLE_FORM.fullmatch(inside)
    if form is None:
        raise document.error(
            path,
            f"${{{inside}}} is no variable; write ${{NAME}} or ${{NAME:-default}}",
            hint=_HINT,
        )
    name, default = form.groups()
    if name in variables:
        return variables[name]
    if default is not None:
        return default
    raise document.error(
        path,
        f"the variable {name} is not set",
        hint=f"set it in the environment, or give a default: ${{{name}:-…}}",
    )


def replaced(value: Any, path: ValuePath, new: Any) -> Any:
    """A copy of ``value`` in which ``new`` stands at ``path``."""
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy
