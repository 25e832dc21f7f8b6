"""Check that every name (``as:``) in a script is given before it is used, and used for what it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from recorder.documents import ValuePath, unknown
from recorder.errors import BadScript

from . import verbs
from .expansion import ExpandedStep, WrittenStep
from .references import Reference
from .verb_model import BUILT_IN_NAMES, RESERVED_NAMES

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


def check_names(steps: Sequence[ExpandedStep]) -> None:
    """Check that every name is given once (again in each round of a repeat) and before it is used.

    Raises:
        BadScript: one is not; with its line and a suggestion.
    """
    names = NameTable(steps)
    for step in steps:
        names.check_uses(step)
        names.define(step.written)


class NameTable:
    """The names that the steps checked so far give, each with its step.

    ``steps`` are all those that will be checked, to say of a name that a later one gives it.
    """

    def __init__(self, steps: Sequence[ExpandedStep]) -> None:
        self._steps = steps
        self._defined: dict[str, WrittenStep] = {}

    def define(self, step: WrittenStep) -> None:
        """Add the step's ``as:``, if it has one."""
        name = getattr(step.arguments, "as_", None)
        if not isinstance(name, str):
            return
        first = self._defined.get(name)
        if first is not None and (first.document is not step.document or first.path != step.path):
            where = _location(first, seen_from=step)
            raise step.document.error(step.field("as"), f'the name "{name}" is given already in {where}')
        self._defined[name] = step

    def check_uses(self, step: ExpandedStep) -> None:
        """Check the message names and references in the step's arguments."""
        written = step.written
        for field, name in _messages_used(written):
            found = self._defined.get(name)
            if found is None:
                raise self._unknown(written, written.field(field), name)
            if _kind(found) != MESSAGE:
                where = _location(found, seen_from=written)
                problem = f'"{name}" names the answer of {where}, and a message is wanted here'
                raise written.document.error(written.field(field), problem)
        for reference in written.references:
            self._check_reference(step, reference)

    def _check_reference(self, step: ExpandedStep, reference: Reference) -> None:
        written, name = step.written, reference.name
        path = (*written.path, written.verb)
        if name not in BUILT_IN_NAMES and name not in self._defined:
            raise self._unknown(written, path, name, built_in=BUILT_IN_NAMES)
        kind = name if name in BUILT_IN_NAMES else _kind(self._defined[name])
        problem = _wrong_path(reference, kind)
        if kind == "round" and step.round is None:
            problem = f"{reference}: this step is in no repeat"
        if problem is not None:
            raise written.document.error(path, problem)

    def _unknown(
        self, written: WrittenStep, path: ValuePath, name: str, *, built_in: Sequence[str] = ()
    ) -> BadScript:
        for step in self._steps:
            if getattr(step.written.arguments, "as_", None) == name:
                where = _location(step.written, seen_from=written)
                problem = f'the {_kind(step.written)} "{name}" gets its name only in {where}'
                return written.document.error(path, problem)
        if built_in:
            return written.document.error(path, unknown("name", name, [*self._defined, *built_in]))
        messages = [one for one, found in self._defined.items() if _kind(found) == MESSAGE]
        return written.document.error(path, unknown("message", name, [*messages, *RESERVED_NAMES]))


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
