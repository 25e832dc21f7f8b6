"""Whether every name in a script is given before it is used, and stands for what it is used as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from recorder.documents import Path, unknown
from recorder.errors import BadScript

from .expansion import Placed, Written
from .references import Reference
from .verb_model import BUILT_IN_NAMES, RESERVED_NAMES
from .verbs import Accept, Await, Expect, NotExpected, Read, Receipt, Say, SendFile

MESSAGE, ANSWER = "message", "answer"

# What ${name.…} leads to. A message's are all there is; an answer's body goes on as deep as it is.
_INSIDE: dict[str, tuple[str, ...]] = {
    MESSAGE: ("text", "sequence", "dialog", "author", "type"),
    ANSWER: ("code", "body", "type"),
    "conversation": ("id",),
    "dialog": ("id",),
    "consumer": ("id",),
    "round": ("number",),
}
_NAMES_A_MESSAGE = (Say, SendFile, Await)


class _Given(NamedTuple):
    """A name, by the step that gives it."""

    kind: str
    by: Written


def check_names(steps: Sequence[Placed]) -> None:
    """Return if every name is given once (in each round of a repeat, anew) and before it is used.

    Raises:
        BadScript: one is not; with what was meant.
    """
    given: dict[str, _Given] = {}
    for step in steps:
        _check_uses(step, given, steps)
        name = getattr(step.written.says, "as_", None)
        if isinstance(name, str):
            _give(name, step.written, given)


def _give(name: str, written: Written, given: dict[str, _Given]) -> None:
    first = given.get(name)
    if first is not None and (first.by.document is not written.document or first.by.path != written.path):
        where = _place(first.by, seen_from=written)
        raise written.document.error(written.field("as"), f'the name "{name}" is given already in {where}')
    given[name] = _Given(_kind(written), written)


def _kind(written: Written) -> str:
    """What a name that is given here stands for."""
    return MESSAGE if isinstance(written.says, _NAMES_A_MESSAGE) else ANSWER


def _check_uses(step: Placed, given: Mapping[str, _Given], steps: Sequence[Placed]) -> None:
    written = step.written
    for field, name in _messages_used(written):
        found = given.get(name)
        if found is None:
            raise _unknown(written, written.field(field), name, given, steps)
        if found.kind != MESSAGE:
            where = _place(found.by, seen_from=written)
            says = f'"{name}" names the answer of {where}, and a message is wanted here'
            raise written.document.error(written.field(field), says)
    for reference in written.references:
        _check_reference(step, reference, given, steps)


def _messages_used(written: Written) -> Iterator[tuple[str, str]]:
    """The names of messages that a step uses, each with the field it stands in."""
    match written.says:
        case Accept() | Read() as says:
            used: Iterable[tuple[str, object]] = [("message", one) for one in says.messages]
            used = [*used, ("with", says.with_)]
        case Receipt() as says:
            used = [("message", one) for one in says.messages]
        case Expect(not_=NotExpected() as inside):
            used = [("not", inside.reference)]
        case Expect() as says:
            used = [("message", says.reference)]
        case _:
            used = ()
    return ((field, name) for field, name in used if isinstance(name, str) and name not in RESERVED_NAMES)


def _check_reference(
    step: Placed, reference: Reference, given: Mapping[str, _Given], steps: Sequence[Placed]
) -> None:
    written, name = step.written, reference.name
    if name in BUILT_IN_NAMES:
        kind = name
    elif name in given:
        kind = given[name].kind
    else:
        raise _unknown(written, (*written.path, written.verb), name, given, steps, built_in=True)
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
    written: Written,
    path: Path,
    name: str,
    given: Mapping[str, _Given],
    steps: Sequence[Placed],
    *,
    built_in: bool = False,
) -> BadScript:
    for step in steps:
        if getattr(step.written.says, "as_", None) == name:
            where = _place(step.written, seen_from=written)
            return written.document.error(
                path, f'the {_kind(step.written)} "{name}" gets its name only in {where}'
            )
    if built_in:
        return written.document.error(path, unknown("name", name, [*given, *BUILT_IN_NAMES]))
    named = [one for one, found in given.items() if found.kind == MESSAGE]
    return written.document.error(path, unknown("message", name, [*named, *RESERVED_NAMES]))


def _place(written: Written, *, seen_from: Written) -> str:
    """``step 3, line 7``; the file as well, where it is another one."""
    step = written.document.step(written.path) or "a step"
    plain = step.rpartition(" (")[0] or step
    other = written.document.file if written.document is not seen_from.document else None
    return f"{plain}, line {written.line}" + (f" of {other}" if other else "")
