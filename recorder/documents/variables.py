"""Variables in a document: ${NAME} and ${NAME:-default}."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .document import Document, Path

_VARIABLE = re.compile(r"\$(\$)?\{([^{}]*)\}")
_VARIABLE_FORM = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL | re.ASCII)


def substitute(document: Document, variables: Mapping[str, str], *, at: Path = ()) -> Document:
    """``${NAME}`` and ``${NAME:-default}`` in every text under ``at`` filled in; ``$${`` stands for ``${``.

    What is filled in is not looked at again. Keys are left as they are.

    Raises:
        BadScript: a variable without default is not in ``variables``; with file, line and name.
    """

    def filled(value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return _VARIABLE.sub(lambda match: _filled(document, path, match, variables), value)
        if isinstance(value, list):
            return [filled(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: filled(item, (*path, key)) for key, item in value.items()}
        return value

    return document._replace(value=_replaced(document.value, at, filled(document.at(at), at)))


def _filled(document: Document, path: Path, match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match.group(1):
        return match.group(0)[1:]
    form = _VARIABLE_FORM.fullmatch(match.group(2))
    if form is None:
        raise document.error(path, f"{match.group(0)} is no variable; write ${{NAME}} or ${{NAME:-default}}")
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


def _replaced(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy
