"""Check that every name (``as:``) in a script is given before it is used, and used for what it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from recorder.documents import ValuePath, unknown
from recorder.errors import BadScript

from .expansion import ExpandedStep, WrittenStep
from .references import Reference
from .verb_model import BUILT_IN_NAMES, RESERVED_NAMES
from .verbs import (
    AcceptVerb,
    AwaitVerb,
    ExpectVerb,
    NotExpected,
    ReadVerb,
    ReceiptVerb,
    SayVerb,
    SendFileVerb,
)

MESSAGE, ANSWER = "message", "answer"

# First part of the path in ${name.path}, by what the name stands for. Only an answer's body goes deeper.
_INSIDE: dict[str, tuple[str, ...]] = {
    MESSAGE: ("text", "sequence", "dialog", "author", "type"),
    ANSWER: ("code", "body", "type"),
    "conversation": ("id",),
    "dialog": ("id",),
    "consumer": ("id",),
    "round": ("number",),
}
_NAMES_A_MESSAGE = (SayVerb, SendFileVerb, AwaitVerb)


class _Definition(NamedTuple):
    """What a name stands for (message or answer), and the step that gives it."""

    kind: str
    by: WrittenStep


def check_names(steps: Sequence[ExpandedStep]) -> None:
    """Check that every name is given once (again in each round of a repeat) and before it is used.

    Raises:
        BadScript: one is not; with its line and a suggestion.
    """
    defined: dict[str, _Definition] = {}
    for step in steps:
        _check_uses(step, defined, steps)
        name = getattr(step.written.arguments, "as_", None)
        if isinstance(name, str):
            _define(name, step.written, defined)


def _define(name: str, written: WrittenStep, defined: dict[str, _Definition]) -> None:
    first = defined.get(name)
    if first is not None and (first.by.document is not written.document or first.by.path != written.path):
        where = _place(first.by, seen_from=written)
        raise written.document.error(written.field("as"), f'the name "{name}" is given already in {where}')
    defined[name] = _Definition(_kind(written), written)


def _kind(written: WrittenStep) -> str:
    """Whether ``as:`` of this step names a message or an answer."""
    return MESSAGE if isinstance(written.arguments, _NAMES_A_MESSAGE) else ANSWER


def _check_uses(
    step: ExpandedStep, defined: Mapping[str, _Definition], steps: Sequence[ExpandedStep]
) -> None:
    written = step.written
    for field, name in _messages_used(written):
        found = defined.get(name)
        if found is None:
            raise _unknown(written, written.field(field), name, defined, steps)
        if found.kind != MESSAGE:
            where = _place(found.by, seen_from=written)
            problem = f'"{name}" names the answer of {where}, and a message is wanted here'
            raise written.document.error(written.field(field), problem)
    for reference in written.references:
        _check_reference(step, reference, defined, steps)


def _messages_used(written: WrittenStep) -> Iterator[tuple[str, str]]:
    """The message names a step uses, each with the argument it is used in."""
    match written.arguments:
        case AcceptVerb() | ReadVerb() as arguments:
            used: Iterable[tuple[str, object]] = [("message", one) for one in arguments.messages]
            used = [*used, ("with", arguments.with_)]
        case ReceiptVerb() as arguments:
            used = [("message", one) for one in arguments.messages]
        case ExpectVerb(not_=NotExpected() as inside):
            used = [("not", inside.reference)]
        case ExpectVerb() as arguments:
            used = [("message", arguments.reference)]
        case _:
            used = ()
    return ((field, name) for field, name in used if isinstance(name, str) and name not in RESERVED_NAMES)


def _check_reference(
    step: ExpandedStep,
    reference: Reference,
    defined: Mapping[str, _Definition],
    steps: Sequence[ExpandedStep],
) -> None:
    written, name = step.written, reference.name
    if name in BUILT_IN_NAMES:
        kind = name
    elif name in defined:
        kind = defined[name].kind
    else:
        raise _unknown(written, (*written.path, written.verb), name, defined, steps, built_in=True)
    problem = _wrong_path(reference, kind)
    if kind == "round" and step.round is None:
        problem = f"{reference}: this step is in no repeat"
    if problem is not None:
        raise written.document.error((*written.path, written.verb), problem)


def _wrong_path(reference: Reference, kind: str) -> str | None:
    first, *rest = reference.path
    if first not in _INSIDE[kind]:
        return f"{reference}: {unknown('part', first, _INSIDE[kind])}"
    if rest and not (kind == ANSWER and first == "body"):
        return f"{reference}: {reference.name}.{first} is a plain value; there is nothing in it"
    return None


def _unknown(
    written: WrittenStep,
    path: ValuePath,
    name: str,
    defined: Mapping[str, _Definition],
    steps: Sequence[ExpandedStep],
    *,
    built_in: bool = False,
) -> BadScript:
    for step in steps:
        if getattr(step.written.arguments, "as_", None) == name:
            where = _place(step.written, seen_from=written)
            return written.document.error(
                path, f'the {_kind(step.written)} "{name}" gets its name only in {where}'
            )
    if built_in:
        return written.document.error(path, unknown("name", name, [*defined, *BUILT_IN_NAMES]))
    named = [one for one, found in defined.items() if found.kind == MESSAGE]
    return written.document.error(path, unknown("message", name, [*named, *RESERVED_NAMES]))


def _place(written: WrittenStep, *, seen_from: WrittenStep) -> str:
    """``step 3, line 7``; the file as well, where it is another one."""
    step = written.document.step(written.path) or "a step"
    plain = step.rpartition(" (")[0] or step
    other = written.document.file if written.document is not seen_from.document else None
    return f"{plain}, line {written.line}" + (f" of {other}" if other else "")
