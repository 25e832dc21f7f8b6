"""Variables in a document: ${NAME} and ${NAME:-default}."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .document import Document, Path
from .error_text import BEGIN_LATER, END_LATER

_MARK = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_VARIABLE_FORM = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL | re.ASCII)
_PLAIN = "a plain ${ is written $${"

KeptForLater = Callable[[str], bool]
"""Whether what stands between ``${`` and ``}`` is none of ours, but filled in later, by somebody else."""


def substitute(
    document: Document, variables: Mapping[str, str], *, at: Path = (), later: KeptForLater | None = None
) -> Document:
    """``${NAME}`` and ``${NAME:-default}`` in every text under ``at`` filled in; ``$${`` stands for ``${``.

    What is filled in is not looked at again. Keys are left as they are.

    With ``later``, what it says yes to is kept for somebody else: ``LATER`` finds it in the text, where
    everything around it is as it is meant.

    Raises:
        BadScript: a variable without default is not in ``variables``, or a ``${`` is not closed; with file,
            line and name.
    """

    def filled(value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return _filled(document, path, value, variables, later)
        if isinstance(value, list):
            return [filled(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: filled(item, (*path, key)) for key, item in value.items()}
        return value

    return document._replace(value=_replaced(document.value, at, filled(document.at(at), at)))


def _filled(
    document: Document, path: Path, text: str, variables: Mapping[str, str], later: KeptForLater | None
) -> str:
    def value(mark: re.Match[str]) -> str:
        inside = mark.group(1)
        if mark.group() == "${":
            raise document.error(path, "a ${ is not closed with }", hint=_PLAIN)
        if inside is None:
            return "${"
        if later is not None and later(inside):
            return f"{BEGIN_LATER}{inside}{END_LATER}"
        return _without_marks(document, path, _value(document, path, inside, variables))

    if BEGIN_LATER in text or END_LATER in text:
        _without_marks(document, path, text)
    return _MARK.sub(value, text) if "${" in text else text


def _without_marks(document: Document, path: Path, text: str) -> str:
    if BEGIN_LATER in text or END_LATER in text:
        raise document.error(path, "U+FDD0 and U+FDD1 are no characters, and cannot stand in a text")
    return text


def _value(document: Document, path: Path, inside: str, variables: Mapping[str, str]) -> str:
    form = _VARIABLE_FORM.fullmatch(inside)
    if form is None:
        raise document.error(
            path,
            f"${{{inside}}} is no variable; write ${{NAME}} or ${{NAME:-default}}",
            hint=_PLAIN,
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


def _replaced(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy
