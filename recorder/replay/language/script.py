"""A script: read from YAML and checked, so that what is played is known to make sense."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from recorder.documents import Document, Path, read_document, substitute, unknown, validate

from .expansion import Placed, Unfolding, fill_steps
from .includes import Folder
from .name_checks import check_names
from .references import Reference
from .sections import (
    FILLED_IN_LATE,
    MOST_CONSUMERS,
    ONLY_CONSUMER,
    Consumer,
    Sections,
    StandingRule,
)
from .verb_model import Verb, is_name
from .verbs_wire import Spacing

__all__ = ["ONLY_CONSUMER", "Consumer", "Script", "StandingRule", "Step", "load"]


class Step(NamedTuple):
    """One step, as it is played.

    Attributes:
        number: its place among all steps, from 1, with what is repeated and included written out.
        line: in the script, or in ``file``.
        says: the model of its verb; where ``references`` is not empty, not filled in yet.
        consumer: who carries it out: the one it names, else the script's first.
        round: which time round it is in the innermost ``repeat``, from 1; None outside of any.
        file: the file it stands in, where that is an included one; else None.
        references: what ``${name.path}`` in it names, to be filled in when it is played.
    """

    number: int
    verb: str
    line: int
    says: Verb
    consumer: str = ONLY_CONSUMER
    round: int | None = None
    file: str | None = None
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A scripted consumer, or several.

    Attributes:
        name: as the script calls itself; else its file's name.
        receipts: the standing rule; that of each consumer is what ``rule`` says.
        steps: in order.
        agent: the simulator's side, unchecked; None where the script has none. Its lines are in
            ``document``, under ``("agent", …)``.
        simulator: the simulator's settings, unchecked; their lines are there too.
        notes: what is allowed but better not done, in sentences.
        document: the script as it was read; variables are filled in except where a consumer connects.
        consumers: by name, in the script's order; the first one acts where a step does not say who.
            Their url, token and upload_url are as written: ``consumer`` fills them in.
        spacing: the least time between two frames of one consumer's steps, until a step says otherwise.
        files: what ``send_file`` sends, by the name its step has.
    """

    name: str
    receipts: StandingRule
    steps: tuple[Step, ...]
    agent: list[Any] | None
    simulator: dict[str, Any] | None
    notes: tuple[str, ...]
    document: Document
    consumers: Mapping[str, Consumer]
    spacing: Spacing
    files: Mapping[str, bytes]

    def consumer(self, variables: Mapping[str, str], name: str | None = None) -> Consumer:
        """Where to connect, with variables filled in: only here, as the simulator does not need them.

        ``name``: whose; that of the first if not given.

        Raises:
            BadScript: a variable it names is not set.
        """
        at = _section(self.document, name or next(iter(self.consumers)))
        if at is None or self.document.at(at) is None:
            return Consumer()
        document = self.document
        for key in FILLED_IN_LATE:
            if key in document.at(at):
                document = substitute(document, variables, at=(*at, key))
        return validate(document, Consumer, at=at)

    def rule(self, name: str) -> StandingRule:
        """The standing rule of one consumer: its own, or else the script's."""
        own = self.consumers[name].receipts
        return self.receipts if own is None else own


def load(
    text: str | bytes, *, file: str, variables: Mapping[str, str], folder: Folder | None = None
) -> Script:
    """Read and check a script.

    ``folder`` is where it lies, for what it includes and sends; None: nowhere, and it can do neither.

    Raises:
        BadScript: with file, line, step and what was meant.
    """
    written = read_document(text, file=file)
    if not isinstance(written.value, dict):
        raise written.error((), "a script is a mapping with steps:")
    document = _filled(written, variables)
    if document.value.get("steps") == []:
        raise document.error(("steps",), "there are no steps")
    sections = validate(document, Sections)
    consumers = _consumers(document, sections)
    unfolding = Unfolding(variables, folder)
    placed = unfolding.unfold(document, name=file.rpartition("/")[2])
    if not placed:
        raise document.error(("steps",), "there are no steps once they are repeated and included")
    check_names(placed)
    return Script(
        name=sections.name or file,
        receipts=sections.receipts,
        steps=tuple(_steps(placed, consumers)),
        agent=sections.agent,
        simulator=sections.simulator,
        notes=tuple(_notes(document, placed, consumers)),
        document=document,
        consumers=MappingProxyType(consumers),
        spacing=sections.rate,
        files=MappingProxyType(unfolding.files),
    )


def _filled(document: Document, variables: Mapping[str, str]) -> Document:
    """Variables filled in, wherever they are needed to check the script or to play it."""
    for section in document.value:
        if section == "steps":
            document = fill_steps(document, variables)
            continue
        for path in _needed_now(document, section):
            document = substitute(document, variables, at=path)
    return document


def _needed_now(document: Document, section: str) -> Iterator[Path]:
    held = document.value[section]
    if section == "consumer" and isinstance(held, dict):
        yield from ((section, key) for key in held if key not in FILLED_IN_LATE)
    elif section == "consumers" and isinstance(held, dict):
        for name, one in held.items():
            keys = one if isinstance(one, dict) else ()
            yield from ((section, name, key) for key in keys if key not in FILLED_IN_LATE)
    elif section not in ("consumer", "consumers"):
        yield (section,)


# --- consumers ------------------------------------------------------------------------------------------


def _consumers(document: Document, sections: Sections) -> dict[str, Consumer]:
    if sections.consumers is None:
        given = sections.consumer is not None
        one = validate(document, Consumer, at=("consumer",)) if given else Consumer()
        return {ONLY_CONSUMER: one}
    at: Path = ("consumers",)
    if sections.consumer is not None:
        raise document.error(at, "consumer: and consumers: exclude each other; put all of them in consumers:")
    if not sections.consumers:
        raise document.error(at, "there are no consumers; at least one must be named")
    if len(sections.consumers) > MOST_CONSUMERS:
        raise document.error(at, f"there are more than {MOST_CONSUMERS:,} consumers")
    return {name: _one_of_many(document, name) for name in sections.consumers}


def _one_of_many(document: Document, name: str) -> Consumer:
    at: Path = ("consumers", name)
    if not is_name(name):
        says = "a consumer's name is letters, digits, - and _, and begins with a letter"
        raise document.error(at, f'"{name}": {says}')
    return Consumer() if document.at(at) is None else validate(document, Consumer, at=at)


def _section(document: Document, name: str) -> Path | None:
    """Where a consumer is described; None if it is nowhere."""
    if document.value.get("consumers") is not None:
        return ("consumers", name)
    return ("consumer",) if document.value.get("consumer") is not None else None


def _steps(placed: list[Placed], consumers: Mapping[str, Consumer]) -> Iterator[Step]:
    first = next(iter(consumers))
    for number, (written, time_round) in enumerate(placed, start=1):
        named = getattr(written.says, "consumer", None)
        if named is not None and named not in consumers:
            problem = unknown("consumer", named, consumers)
            raise written.document.error(written.field("consumer"), problem)
        yield Step(
            number,
            written.verb,
            written.line,
            written.says,
            named or first,
            time_round,
            written.file,
            written.references,
        )


# --- notes ----------------------------------------------------------------------------------------------


def _notes(document: Document, placed: list[Placed], consumers: Mapping[str, Consumer]) -> Iterator[str]:
    for name, consumer in consumers.items():
        at = _section(document, name)
        if at is not None and consumer.token is not None and "${" not in consumer.token:
            yield _note(document, (*at, "token"), _BETTER)
    acting = {getattr(step.written.says, "consumer", None) for step in placed}
    for name in list(consumers)[1:]:
        if name not in acting:
            yield _note(document, ("consumers", name), f"no step is done by {name}; it never connects")


_BETTER = 'a token is written out here; take it from outside: token: "${UMS_JWT}"'


def _note(document: Document, at: Path, says: str) -> str:
    return f"{document.file}, line {document.line(at)}: {says}"
