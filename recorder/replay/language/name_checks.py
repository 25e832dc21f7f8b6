"""Check that every name (``as:``) in a script is given before it is used, and used for what it names."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from functools import cached_property

from recorder.documents import ValuePath, unknown
from recorder.errors import BadScript

from . import verbs
from .expansion import ExpandedStep, WrittenStep
from .references import Reference
from .verb_model import BUILT_IN_NAMES, RESERVED_NAMES
from .verbs import VERBS

MESSAGE, ANSWER = "message", "answer"

# First part of the path in ${name.path}, by what the name stands for. Only an answer's body goes deeper.
_PARTS: dict[str, tuple[str, ...]] = {
    MESSAGE: ("text", "sequence", "dialog", "author", "type"),
    ANSWER: ("code", "body", "type"),
    "conversation": ("id",),
    "dialog": ("id",),
    "consumer": ("id",),
    "round": ("number",),
}


def name_problems(steps: Sequence[ExpandedStep], invalid: Sequence[object] = ()) -> Iterator[BadScript]:
    """Problems of names: each is to be given once (again in each round of a repeat) and before it is used.

    ``invalid`` are steps as they are written; nothing is said about names that they may give.
    """
    names = NameTable(steps, possible=_names_of(invalid))
    seen: set[int] = set()
    for step in steps:
        found = (
            [*names.problems_of(step), *names.define(step.written)] if id(step.written) not in seen else ()
        )
        if found:  # the same in each round
            seen.add(id(step.written))
        yield from found


class NameTable:
    """The names that the steps checked so far give, each with its step.

    ``steps`` are all those that will be checked, to say of a name that a later one gives it. A name in
    ``possible`` may be given elsewhere; None: any may be.
    """

    def __init__(self, steps: Sequence[ExpandedStep], *, possible: Container[str] | None = ()) -> None:
        self._steps = steps
        self._possible = possible
        self._defined: dict[str, WrittenStep] = {}

    def problems_of(self, step: ExpandedStep) -> Iterator[BadScript]:
        """The problems of the message names and references in the step's arguments."""
        yield from self._problems_of_messages(step.written)
        for reference in step.written.references:
            yield from self._problems_of_reference(step, reference)

    def define(self, step: WrittenStep) -> list[BadScript]:
        """Add the step's ``as:``, if it has one; returns what is wrong with it."""
        name = getattr(step.arguments, "as_", None)
        if not isinstance(name, str):
            return []
        first = self._defined.get(name)
        if first is not None and (first.document is not step.document or first.path != step.path):
            where = _location(first, seen_from=step)
            return [step.document.error(step.field("as"), f'the name "{name}" is given already in {where}')]
        self._defined[name] = step
        return []

    def _problems_of_messages(self, written: WrittenStep) -> Iterator[BadScript]:
        for field, name in _messages_used(written):
            found = self._defined.get(name)
            if found is None:
                yield from self._unknown(written, written.field(field), name)
            elif _kind(found) != MESSAGE:
                where = _location(found, seen_from=written)
                problem = f'"{name}" names the answer of {where}, and a message is wanted here'
                yield written.document.error(written.field(field), problem)

    def _problems_of_reference(self, step: ExpandedStep, reference: Reference) -> Iterator[BadScript]:
        written, name = step.written, reference.name
        path = (*written.path, written.verb)
        if name not in BUILT_IN_NAMES and name not in self._defined:
            yield from self._unknown(written, path, name, built_in=BUILT_IN_NAMES)
            return
        kind = name if name in BUILT_IN_NAMES else _kind(self._defined[name])
        problem = _wrong_path(reference, kind)
        if kind == "round" and step.round is None:
            problem = f"{reference}: this step is in no repeat"
        if problem is not None:
            yield written.document.error(path, problem)

    def _unknown(
        self, written: WrittenStep, path: ValuePath, name: str, *, built_in: Sequence[str] = ()
    ) -> Iterator[BadScript]:
        if self._possible is None or name in self._possible:
            return
        later = self._later.get(name)
        if later is not None:
            where = _location(later, seen_from=written)
            problem = f'the {_kind(later)} "{name}" gets its name only in {where}'
        elif built_in:
            problem = unknown("name", name, [*self._defined, *built_in])
        else:
            messages = [one for one, found in self._defined.items() if _kind(found) == MESSAGE]
            problem = unknown("message", name, [*messages, *RESERVED_NAMES])
        yield written.document.error(path, problem)

    @cached_property
    def _later(self) -> dict[str, WrittenStep]:
        """The first of all steps that gives each name."""
        names: dict[str, WrittenStep] = {}
        for step in self._steps:
            name = getattr(step.written.arguments, "as_", None)
            if isinstance(name, str):
                names.setdefault(name, step.written)
        return names


def _names_of(invalid: Iterable[object]) -> set[str] | None:
    """The names that invalid steps give; None: a step may be a whole file, with any name in it."""
    names: set[str] = set()
    left = [*invalid]
    for step in left:
        if not isinstance(step, dict) or step.keys() - (VERBS.keys() | {"repeat"}):
            return None
        for value in step.values():
            if isinstance(value, dict):
                names.add(str(value.get("as")))
                left += value["steps"] if isinstance(value.get("steps"), list) else ()
    return names


def _kind(step: WrittenStep) -> str:
    """Whether ``as:`` of this step names a message or an answer."""
    names_message = isinstance(step.arguments, verbs.SayVerb | verbs.SendFileVerb | verbs.AwaitVerb)
    return MESSAGE if names_message else ANSWER


def _messages_used(step: WrittenStep) -> Iterator[tuple[str, str]]:
    """The message names a step uses, each with the argument it is used in."""
    match step.arguments:
        case verbs.AcceptVerb() | verbs.ReadVerb() as arguments:
            used: Iterable[tuple[str, object]] = [("message", one) for one in arguments.messages]
            used = [*used, ("with", arguments.with_)]
        case verbs.ReceiptVerb() as arguments:
            used = [("message", one) for one in arguments.messages]
        case verbs.ExpectVerb(not_=verbs.NotExpected() as not_expected):
            used = [("not", not_expected.reference)]
        case verbs.ExpectVerb() as arguments:
            used = [("message", arguments.reference)]
        case _:
            used = ()
    return ((field, name) for field, name in used if isinstance(name, str) and name not in RESERVED_NAMES)


def _wrong_path(reference: Reference, kind: str) -> str | None:
    first, *rest = reference.path
    if first not in _PARTS[kind]:
        return f"{reference}: {unknown('part', first, _PARTS[kind])}"
    if rest and not (kind == ANSWER and first == "body"):
        return f"{reference}: {reference.name}.{first} is a plain value; there is nothing in it"
    return None


def _location(step: WrittenStep, *, seen_from: WrittenStep) -> str:
    """``step 3, line 7``; with the file, where it is another one."""
    words = step.document.step(step.path) or "a step"
    plain = words.rpartition(" (")[0] or words
    other = step.document.file if step.document is not seen_from.document else None
    return f"{plain}, line {step.line}" + (f" of {other}" if other else "")
