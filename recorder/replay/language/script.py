"""Load a script: read it from YAML, check its sections, expand its steps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, PlainValidator, WithJsonSchema

from recorder.documents import (
    DelayDistribution,
    Document,
    Duration,
    Problems,
    ValuePath,
    read_document,
    substitute,
    substitute_known,
    unknown,
    validate,
)
from recorder.errors import BadScript

from .expansion import ExpandedStep, StepExpansion, substitute_in_steps
from .includes import Folder
from .name_checks import name_problems
from .references import Reference
from .verb_model import ScriptModel, Verb, is_name
from .verbs_wire import Rate, Spacing

ONLY_CONSUMER = "consumer"
"""Name of the consumer in a script without ``consumers:``."""

MOST_CONSUMERS = 1_000

LATE_VARIABLE_KEYS = ("url", "token", "upload_url")
"""Keys of a consumer whose variables are filled in when it connects; the simulator does not need them."""


def _delay_or_none(given: Any) -> DelayDistribution | None:
    return None if given is None or given == "never" else DelayDistribution.read(given)


StandingDelay = Annotated[
    DelayDistribution | None,
    PlainValidator(_delay_or_none),
    WithJsonSchema({"anyOf": [{"const": "never"}, {"type": "null"}, DelayDistribution.JSON_SCHEMA]}),
]


class StandingRule(ScriptModel):
    """What goes out for each message of the other side, so long after it arrived; None: nothing does."""

    accept: StandingDelay = None
    """ACCEPT: so long after the message arrived. never: not at all."""
    read: StandingDelay = None
    """READ: so long after the message arrived. never: not at all."""
    batch: Duration | None = None
    """Receipts of one status and dialog wait so long for each other, and go out as one."""

    def delays(self) -> dict[str, DelayDistribution]:
        """Status → delay, ACCEPT before READ; statuses without a delay are left out."""
        delays = {"ACCEPT": self.accept, "READ": self.read}
        return {status: delay for status, delay in delays.items() if delay is not None}


class Consumer(ScriptModel):
    """Where to connect, as whom, and how to behave; an option on the command line goes before it."""

    url: str | None = None
    """Where to connect; the simulator needs none."""
    token: str | None = None
    """The JWT. Take it from outside: "${UMS_JWT}"."""
    init_connection: bool = False
    """Hand the token over in an InitConnection request instead of a header."""
    upload_url: str | None = None
    """Where files are handed over; without it they are announced, but not handed over."""
    reconnect: Literal["never", "on_auth_close", "always"] | None = None
    """After which ends of a connection to connect again without a step that says so."""
    receipts: StandingRule | None = None
    """Its own standing rule, in place of the script's."""
    properties: dict[str, Any] | None = None
    """Body of the SetUserProfile it begins with."""
    brand: str | None = None
    """brandId of its conversations: the account."""
    campaign: dict[str, Any] | None = None
    """campaignInfo of its conversations: campaignId and engagementId."""
    context: dict[str, Any] | None = None
    """conversationContext of its conversations."""


class Sections(ScriptModel):
    """A script. Its steps are checked one by one, agent and simulator by the simulator."""

    name: str | None = None
    """What recorded sessions are called; the file's name if not given."""
    consumer: Any = None
    consumers: dict[str, Any] | None = None
    receipts: StandingRule = StandingRule()
    """The standing rule: what goes out by itself for each message of the other side."""
    rate: Rate = Spacing(0.0)
    """Frames of steps leave no faster than so; receipts never wait for it."""
    steps: Annotated[list[Any], Field(json_schema_extra={"minItems": 1})]
    agent: list[Any] | None = None
    simulator: dict[str, Any] | None = None


class Step(NamedTuple):
    """One step to play, after ``repeat`` and ``include`` are expanded.

    Attributes:
        number: its position among all expanded steps, from 1.
        line: in the script, or in ``file``.
        arguments: the model of its verb; references in it are not filled in yet.
        consumer: who plays it: the one it names, else the script's first.
        round: the round of the innermost ``repeat``, from 1; None outside of any.
        file: the included file it is written in; None: the script itself.
        references: every ``${name.path}`` in its arguments, to fill in when it is played.
    """

    number: int
    verb: str
    line: int
    arguments: Verb
    consumer: str = ONLY_CONSUMER
    round: int | None = None
    file: str | None = None
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A checked script for one consumer or several.

    Attributes:
        name: ``name:`` of the script, else its file name.
        receipts: the script's standing rule; ``rule`` gives that of each consumer.
        steps: expanded, in order.
        agent: the agent's rules, unchecked; None: no such section. Lines: ``document``, ``("agent", …)``.
        simulator: the simulator's settings, unchecked; lines are in ``document`` too.
        notes: warnings, as sentences.
        document: the script as read; variables are filled in, except in url, token and upload_url.
        consumers: by name, in the script's order; the first plays steps that name none. url, token and
            upload_url are as written: ``consumer`` fills them in.
        spacing: minimum time between two frames of one consumer's steps, until a ``rate`` step changes it.
        files: contents of the files ``send_file`` sends, by the ``file`` of the step.
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

    def consumer(
        self,
        variables: Mapping[str, str],
        name: str | None = None,
        *,
        keys: Collection[str] = LATE_VARIABLE_KEYS,
    ) -> Consumer:
        """A consumer with the variables in url, token and upload_url filled in, for a real service.

        ``name``: None is the first consumer. ``keys``: those of the three that are needed; the others, whose
        variables need not be set, are None.

        Raises:
            BadScript: one of these variables is not set.
        """
        at = _section(self.document, name or next(iter(self.consumers)))
        if at is None or self.document.at(at) is None:
            return Consumer()
        document = self.document
        for key in keys:
            if key in document.at(at):
                document = substitute(document, variables, at=(*at, key))
        left_out: dict[str, None] = {key: None for key in LATE_VARIABLE_KEYS if key not in keys}
        return validate(document, Consumer, at=at).model_copy(update=left_out)

    @property
    def acting(self) -> list[str]:
        """The consumers that do something, in the script's order; the first one if none does."""
        acting = {step.consumer for step in self.steps}
        return [name for name in self.consumers if name in acting] or list(self.consumers)[:1]

    def rule(self, name: str) -> StandingRule:
        """The standing rule of one consumer: its own ``receipts:``, else the script's."""
        own = self.consumers[name].receipts
        return self.receipts if own is None else own


CheckSections = Callable[[Document, Collection[str]], Iterable[BadScript]]
"""The problems of a script's agent and simulator sections; gets the names of its consumers, too."""


def load(
    text: str | bytes,
    *,
    file: str,
    variables: Mapping[str, str],
    folder: Folder | None = None,
    check_sections: CheckSections = lambda document, consumers: (),
) -> Script:
    """Read and check a script.

    Args:
        folder: the script's folder, for ``include`` and ``send_file``; None: neither is possible.
        check_sections: called where something else is wrong with the script, to say all at once.

    Raises:
        BadScript: the script is not valid; with file, line, step and a suggestion. ``others`` are its other
            problems.
    """
    written = read_document(text, file=file)
    if not isinstance(written.value, dict):
        raise written.error((), "a script is a mapping with steps:")
    document = _filled(written, variables)
    problems = Problems(file)
    problems.add(document.unfilled.values())
    sections = problems.attempt(lambda: validate(document, Sections)) or Sections(steps=[])
    consumers = _consumers(document, problems)
    expansion = StepExpansion(variables, folder, problems)
    expanded = _expanded(document, expansion, name=file.rpartition("/")[2])
    problems.add(_unknown_consumers(expanded, consumers))
    problems.add(name_problems(expanded, expansion.invalid))
    if problems:
        problems.add(check_sections(document, consumers))
    problems.raise_if_any()
    return Script(
        name=sections.name or file,
        receipts=sections.receipts,
        steps=tuple(_steps(expanded, consumers)),
        agent=sections.agent,
        simulator=sections.simulator,
        notes=tuple(_notes(document, expanded, consumers)),
        document=document,
        consumers=MappingProxyType(consumers),
        spacing=sections.rate,
        files=MappingProxyType(expansion.files),
    )


def _filled(document: Document, variables: Mapping[str, str]) -> Document:
    """Variables filled in everywhere but in url, token and upload_url of consumers."""
    for section in filter(Sections.model_fields.__contains__, document.value):
        if section == "steps":
            document = substitute_in_steps(document, variables)
            continue
        for path in _paths_to_fill(document, section):
            document = substitute_known(document, variables, at=path)
    return document


def _paths_to_fill(document: Document, section: str) -> Iterator[ValuePath]:
    value = document.value[section]
    if section == "consumer" and isinstance(value, dict):
        yield from ((section, key) for key in value if key not in LATE_VARIABLE_KEYS)
    elif section == "consumers" and isinstance(value, dict):
        for name, one in value.items():
            keys = one if isinstance(one, dict) else ()
            yield from ((section, name, key) for key in keys if key not in LATE_VARIABLE_KEYS)
    elif section not in ("consumer", "consumers"):
        yield (section,)


# --- consumers ------------------------------------------------------------------------------------------


def _consumers(document: Document, problems: Problems) -> dict[str, Consumer]:
    """All consumers by name; the defaults stand for one that is not valid."""
    many = document.value.get("consumers")
    if not isinstance(many, dict):
        given = many is None and document.value.get("consumer") is not None
        one = problems.attempt(lambda: validate(document, Consumer, at=("consumer",))) if given else None
        return {ONLY_CONSUMER: one or Consumer()}
    problems.add(_problems_of_many(document, many))
    some = islice(many, MOST_CONSUMERS)
    return {name: problems.attempt(partial(_one_of_many, document, name)) or Consumer() for name in some}


def _problems_of_many(document: Document, many: Mapping[str, object]) -> Iterator[BadScript]:
    at: ValuePath = ("consumers",)
    if document.value.get("consumer") is not None:
        yield document.error(at, "consumer: and consumers: exclude each other; put all of them in consumers:")
    if not many:
        yield document.error(at, "there are no consumers; at least one must be named")
    if len(many) > MOST_CONSUMERS:
        yield document.error(at, f"there are more than {MOST_CONSUMERS:,} consumers")


def _one_of_many(document: Document, name: str) -> Consumer:
    at: ValuePath = ("consumers", name)
    if not is_name(name):
        problem = "a consumer's name is letters, digits, - and _, and begins with a letter"
        raise document.error(at, f'"{name}": {problem}')
    return Consumer() if document.at(at) is None else validate(document, Consumer, at=at)


def _section(document: Document, name: str) -> ValuePath | None:
    """Path of a consumer's description; None: there is none."""
    if document.value.get("consumers") is not None:
        return ("consumers", name)
    return ("consumer",) if document.value.get("consumer") is not None else None


# --- steps ----------------------------------------------------------------------------------------------


def _expanded(document: Document, expansion: StepExpansion, *, name: str) -> list[ExpandedStep]:
    """The valid steps of the script, whose file has this name; problems go to those of the expansion."""
    if not isinstance(document.value.get("steps"), list):
        return []  # the check of all sections says so
    expanded = expansion.expand(document, name=name)
    if not document.value["steps"]:
        expansion.problems.add([document.error(("steps",), "there are no steps")])
    elif not expanded and not expansion.problems:
        problem = "there are no steps once they are repeated and included"
        expansion.problems.add([document.error(("steps",), problem)])
    return expanded


def _unknown_consumers(expanded: Iterable[ExpandedStep], consumers: Collection[str]) -> Iterator[BadScript]:
    for written, _ in expanded:
        named = getattr(written.arguments, "consumer", None)
        if named is not None and named not in consumers:
            problem = unknown("consumer", named, consumers)
            yield written.document.error(written.field("consumer"), problem)


def _steps(expanded: list[ExpandedStep], consumers: Mapping[str, Consumer]) -> Iterator[Step]:
    first = next(iter(consumers))
    for number, (written, round_number) in enumerate(expanded, start=1):
        yield Step(
            number,
            written.verb,
            written.line,
            written.arguments,
            getattr(written.arguments, "consumer", None) or first,
            round_number,
            written.file,
            written.references,
        )


# --- notes ----------------------------------------------------------------------------------------------


def _notes(
    document: Document, expanded: list[ExpandedStep], consumers: Mapping[str, Consumer]
) -> Iterator[str]:
    for name, consumer in consumers.items():
        at = _section(document, name)
        if at is not None and consumer.token is not None and "${" not in consumer.token:
            yield _note(document, (*at, "token"), _ADVICE_ON_SECRETS)
    acting = {getattr(step.written.arguments, "consumer", None) for step in expanded}
    for name in list(consumers)[1:]:
        if name not in acting:
            yield _note(document, ("consumers", name), f"no step is done by {name}; it never connects")


_ADVICE_ON_SECRETS = 'a token is written out here; take it from outside: token: "${UMS_JWT}"'


def _note(document: Document, at: ValuePath, sentence: str) -> str:
    return f"{document.file}, line {document.line(at)}: {sentence}"
