"""A script: read from YAML and checked, so that what is played is known to make sense."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from recorder.documents import Document, Duration, Path, read_document, substitute, unknown, validate

from .verbs import RESERVED_NAMES, VERBS, Accept, Model, Read, Verb


class Consumer(Model):
    """Where to connect, and as whom; an option on the command line goes before it."""

    url: str | None = None
    token: str | None = None
    init_connection: bool = False


class StandingRule(Model):
    """What goes out for each message of the other side, so long after it arrived; None: nothing does."""

    accept: Duration | None = None
    read: Duration | None = None

    def delays_s(self) -> dict[str, float]:
        """Status → delay, in the order of the ladder."""
        ruled = {"ACCEPT": self.accept, "READ": self.read}
        return {status: delay for status, delay in ruled.items() if delay is not None}


class Step(NamedTuple):
    """One step: ``says`` is the model of its verb."""

    number: int
    verb: str
    line: int
    says: Verb


class _Sections(Model):
    """What stands at the top of a script. Steps are checked one by one, the agent by the simulator."""

    name: str | None = None
    consumer: Any = None
    receipts: StandingRule = StandingRule()
    steps: list[Any]
    agent: list[Any] | None = None
    simulator: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A scripted consumer.

    Attributes:
        name: as the script calls itself; else its file's name.
        receipts: the standing rule.
        steps: in order.
        agent: the simulator's side, unchecked; None where the script has none. Its lines are in
            ``document``, under ``("agent", …)``.
        simulator: the simulator's settings, unchecked.
        notes: what is allowed but better not done, in sentences.
        document: the script as it was read; variables are filled in except under ``consumer``.
    """

    name: str
    receipts: StandingRule
    steps: tuple[Step, ...]
    agent: list[Any] | None
    simulator: dict[str, Any] | None
    notes: tuple[str, ...]
    document: Document

    def consumer(self, variables: Mapping[str, str]) -> Consumer:
        """Where to connect, with variables filled in: only here, as the simulator does not need them.

        Raises:
            BadScript: a variable it names is not set, or the section is not as it should be.
        """
        if self.document.value.get("consumer") is None:
            return Consumer()
        filled = substitute(self.document, variables, at=("consumer",))
        return validate(filled, Consumer, at=("consumer",))

    def later_receipts(self, name: str, *, after: int) -> set[str]:
        """The statuses that steps after the one numbered ``after`` send for the message called ``name``."""
        return {
            step.verb.upper()
            for step in self.steps[after:]
            if isinstance(step.says, Accept | Read) and step.says.message == name
        }


def load(text: str | bytes, *, file: str, variables: Mapping[str, str]) -> Script:
    """Read and check a script.

    Raises:
        BadScript: with file, line, step and what was meant.
    """
    written = read_document(text, file=file)
    if not isinstance(written.value, dict):
        raise written.error((), "a script is a mapping with steps:")
    document = _filled(written, variables)
    sections = validate(document, _Sections)
    if not sections.steps:
        raise document.error(("steps",), "there are no steps")
    if sections.consumer is not None:
        validate(document, Consumer, at=("consumer",))
    steps = tuple(_step(document, index) for index in range(len(sections.steps)))
    _check_names(document, steps)
    return Script(
        name=sections.name or file,
        receipts=sections.receipts,
        steps=steps,
        agent=sections.agent,
        simulator=sections.simulator,
        notes=tuple(_notes(document, sections)),
        document=document,
    )


def _filled(document: Document, variables: Mapping[str, str]) -> Document:
    for section in document.value:
        if section != "consumer":
            document = substitute(document, variables, at=(section,))
    return document


def _step(document: Document, index: int) -> Step:
    path: Path = ("steps", index)
    written = document.at(path)
    if isinstance(written, str):
        document = _as_mapping(document, index, written)
        written = document.at(path)
    if not isinstance(written, dict) or len(written) != 1:
        raise document.error(
            path, 'a step is one verb, like "- say: Hello" or "- wait: 2s"', hint=_indented(written)
        )
    (verb,) = written
    if verb not in VERBS:
        raise document.error((*path, verb), unknown("verb", verb, VERBS))
    says = validate(document, VERBS[verb], at=(*path, verb))
    return Step(index + 1, verb, document.line(path) or 1, says)


def _as_mapping(document: Document, index: int, verb: str) -> Document:
    """``- open_conversation`` means ``- open_conversation:``."""
    steps = list(document.value["steps"])
    steps[index] = {verb: None}
    return document._replace(value={**document.value, "steps": steps})


def _indented(written: object) -> str | None:
    if isinstance(written, dict) and len(written) > 1:
        first, second = list(written)[:2]
        return f'if "{second}" belongs to "{first}", indent it further, or write {first}: {{{second}: …}}'
    return None


# --- names of messages ----------------------------------------------------------------------------------


def _check_names(document: Document, steps: tuple[Step, ...]) -> None:
    given: dict[str, Step] = {}
    for step in steps:
        for path, name in _named(step, "message"):
            if name not in given:
                raise document.error(path, _no_such_name(name, given, steps))
        for path, name in _named(step, "as_"):
            if name in given:
                first = given[name]
                raise document.error(
                    path, f'the name "{name}" is given already in step {first.number}, line {first.line}'
                )
            given[name] = step


def _named(step: Step, field: str) -> Iterator[tuple[Path, str]]:
    name = getattr(step.says, field, None)
    if isinstance(name, str) and name not in RESERVED_NAMES:
        yield ("steps", step.number - 1, step.verb, field.rstrip("_")), name


def _no_such_name(name: str, given: Mapping[str, Step], steps: tuple[Step, ...]) -> str:
    for step in steps:
        if getattr(step.says, "as_", None) == name:
            return f'the message "{name}" gets its name only in step {step.number}, line {step.line}'
    return unknown("message", name, [*given, *RESERVED_NAMES])


def _notes(document: Document, sections: _Sections) -> Iterator[str]:
    token = sections.consumer.get("token") if isinstance(sections.consumer, dict) else None
    if isinstance(token, str) and "${" not in token:
        line = document.line(("consumer", "token"))
        better = 'token: "${UMS_JWT}"'
        yield f"{document.file}, line {line}: a token is written out here; take it from outside: {better}"
