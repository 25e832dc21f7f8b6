"""Variables in a document: ${NAME} and ${NAME:-default}."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from recorder.errors import BadScript

from .document import Document, ValuePath
from .error_text import DEFERRED_BEGIN, DEFERRED_END
from .problems import Problems

_MARK = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_VARIABLE_FORM = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL | re.ASCII)
_HINT = "a plain ${ is written $${"


class _NotSet(BadScript):
    """A variable has no value."""


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
    filled = substitute_known(document, variables, at=at, is_reference=is_reference)
    for problem in filled.unfilled.values():
        raise problem
    return filled


def substitute_known(
    document: Document,
    variables: Mapping[str, str],
    *,
    at: ValuePath = (),
    is_reference: IsReference | None = None,
) -> Document:
    """``substitute``; a text that cannot be filled in stays as it is, and ``unfilled`` says why.

    A variable that is missing in several texts is one problem, at the first of them.

    Raises:
        BadScript: there are more problems than ``Problems`` collects.
    """
    unfilled = dict(document.unfilled)
    problems = Problems(document.file)
    unset = {each.problem: each for one in unfilled.values() for each in (one, *one.others)}

    def filled(value: Any, path: ValuePath) -> Any:
        if isinstance(value, str):
            try:
                return _filled(document, path, value, variables, is_reference)
            except BadScript as problem:
                unfilled[path] = _without_known(problem, unset)
                problems.add([unfilled[path]])
                return value
        if isinstance(value, list):
            return [filled(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: filled(item, (*path, key)) for key, item in value.items()}
        return value

    value = replaced(document.value, at, filled(document.at(at), at))
    return document._replace(value=value, unfilled=unfilled)


def _without_known(problem: BadScript, unset: dict[str, BadScript]) -> BadScript:
    """The problem without what an earlier text lacks, too; that of the earlier text if nothing is left.

    ``unset``: the unset variables so far, each at its first text; new ones are added.
    """
    found = (problem, *problem.others)
    new = [each for each in found if not (isinstance(each, _NotSet) and each.problem in unset)]
    if not new:
        return unset[problem.problem]
    unset.update((each.problem, each) for each in new)
    first, *others = new
    first.others = tuple(others)
    return first


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
    problems = Problems(document.file)

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
    if "${" not in text:
        return text
    result = _MARK.sub(lambda mark: problems.attempt(lambda: value(mark)) or "", text)
    problems.raise_if_any()
    return result


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
    hint = f"set it in the environment, or give a default: ${{{name}:-…}}"
    line, step = document.line(path), document.step(path)
    raise _NotSet(document.file, f"the variable {name} is not set", line=line, step=step, hint=hint)


def replaced(value: Any, path: ValuePath, new: Any) -> Any:
    """A copy of ``value`` in which ``new`` stands at ``path``."""
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy
