"""Expand what is written under ``steps``: check each step once, unroll ``repeat``, read in ``include``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from recorder.documents import (
    Document,
    Problems,
    ValuePath,
    read_document,
    substitute_known,
    unknown,
    validate,
)
from recorder.errors import BadScript

from .includes import Folder
from .references import Reference, parse_reference, references_in, references_too_early
from .verb_model import Verb
from .verbs import EXPANDED_VERBS, VERBS, IncludeVerb, RepeatVerb, SendFileVerb

MOST_STEPS = 100_000
DEEPEST_INCLUDE = 10


class WrittenStep(NamedTuple):
    """A checked step in its file, before repeats. ``file``: name of the included file; None: the script."""

    document: Document
    path: ValuePath
    file: str | None
    verb: str
    arguments: Verb
    references: tuple[Reference, ...]

    @property
    def line(self) -> int:
        """The line of the step in its file, from 1."""
        return self.document.line(self.path) or 1

    def field(self, name: str) -> ValuePath:
        """The path of one argument, whether it is written or not."""
        return (*self.path, self.verb, name)


class ExpandedStep(NamedTuple):
    """One play of a written step. ``round``: of the innermost ``repeat``, from 1; None outside of any."""

    written: WrittenStep
    round: int | None


def substitute_in_steps(document: Document, variables: Mapping[str, str]) -> Document:
    """Variables under ``steps`` filled in; references (``${name.path}``) stay until the step is played.

    Texts that cannot be filled in are in ``unfilled``.
    """
    return substitute_known(document, variables, at=("steps",), is_reference=parse_reference)


class StepExpansion:
    """Expands the steps of one script.

    Attributes:
        files: contents of the files ``send_file`` sends, by their name relative to the script's folder.
        included: the steps of each included file by its name; it is read and checked once.
        problems: gets those of the steps and of the files they include.
        invalid: the steps that are not valid, as they are written.
    """

    def __init__(self, variables: Mapping[str, str], folder: Folder | None, problems: Problems) -> None:
        self.variables = variables
        self.folder = folder
        self.problems = problems
        self.files: dict[str, bytes] = {}
        self.included: dict[str, list[ExpandedStep]] = {}
        self.invalid: list[object] = []

    def expand(self, document: Document, *, name: str) -> list[ExpandedStep]:
        """All valid steps of the script in order; ``name`` is the script's own file name in its folder."""
        file = _StepFile(self, document, None, (name,))
        return self.problems.attempt(lambda: file.expanded(("steps",))) or []


def _under_steps(read: Document) -> Document:
    """An included file in script form: a bare list of steps is put under ``steps:``."""
    if isinstance(read.value, list):
        lines = {("steps", *path): line for path, line in read.lines.items()}
        written = {("steps", *path): text for path, text in read.written.items()}
        read = Document(read.file, {"steps": read.value}, lines, written)
    if not isinstance(read.value, dict) or not isinstance(read.value.get("steps"), list):
        raise read.error((), "a file to include is a list of steps, or has steps:")
    if not read.value["steps"]:
        raise read.error(("steps",), "there are no steps")
    return read


class _StepFile:
    """One file with steps. ``ancestors``: names of the files whose includes lead here, its own name last."""

    def __init__(
        self, expansion: StepExpansion, document: Document, file: str | None, ancestors: tuple[str, ...]
    ) -> None:
        self.document = document
        self._ancestors = ancestors
        self._expansion = expansion
        self._file = file

    def expanded(self, at: ValuePath) -> list[ExpandedStep]:
        """The valid steps of the list at this path, with repeats and includes written out.

        Raises:
            BadScript: there are too many.
        """
        expanded: list[ExpandedStep] = []
        for index, written in enumerate(self.document.at(at)):
            path = (*at, index)
            steps = self._expansion.problems.attempt(partial(self._step, path, written))
            if steps is None:
                self._expansion.invalid.append(written)
            else:
                expanded += steps
            self._check_count(len(expanded), path)
        return expanded

    def _check_count(self, count: int, path: ValuePath) -> None:
        if count > MOST_STEPS:
            problem = f"there are more than {MOST_STEPS:,} steps once they are repeated and included"
            raise self.document.error(path, problem)

    def _step(self, path: ValuePath, written: object) -> list[ExpandedStep]:
        verb, given = self._verb(path, written)
        model = VERBS.get(verb) or EXPANDED_VERBS[verb]
        at = path if isinstance(written, str) else (*path, verb)
        self._check_references(model, given, at)
        try:
            arguments = validate(self.document, model, at=at, given=given)
        except BadScript:
            self._check_inner_steps(given, (*at, "steps"))
            raise
        match arguments:
            case RepeatVerb():
                return self._repeated(arguments, path)
            case IncludeVerb():
                return self._included(arguments.file, (*at, "file"))
            case SendFileVerb():
                arguments = self._with_file(arguments, (*at, "file"))
        references = tuple(references_in(arguments))
        return [ExpandedStep(WrittenStep(self.document, path, self._file, verb, arguments, references), None)]

    def _verb(self, path: ValuePath, written: object) -> tuple[str, object]:
        """The verb and its arguments; ``- open_conversation`` means ``- open_conversation:``."""
        if isinstance(written, str):
            written = {written: None}
        if not isinstance(written, dict) or len(written) != 1:
            problem = 'a step is one verb, like "- say: Hello" or "- wait: 2s"'
            raise self.document.error(path, problem, hint=_indentation_hint(written))
        ((verb, given),) = written.items()
        if verb not in VERBS and verb not in EXPANDED_VERBS:
            raise self.document.error((*path, verb), unknown("verb", verb, (*VERBS, *EXPANDED_VERBS)))
        return verb, given

    def _check_references(self, model: type[Verb], given: object, at: ValuePath) -> None:
        """Refuse references in arguments that are needed before the step is played."""
        problems = Problems(self.document.file)
        for key, reference in references_too_early(model, given):
            problem = f'{reference} is known only while the script is played, and "{key}" is needed before'
            problems.add([self.document.error((*at, key), problem)])
        problems.raise_if_any()

    def _check_inner_steps(self, given: object, at: ValuePath) -> None:
        """Check the steps of a repeat that is not valid itself."""
        if isinstance(given, dict) and at[-2] == "repeat" and isinstance(given.get("steps"), list):
            self.expanded(at)

    def _repeated(self, repeat: RepeatVerb, path: ValuePath) -> list[ExpandedStep]:
        once = self.expanded((*path, "repeat", "steps"))
        self._check_count(len(once) * repeat.times, path)
        return [
            step if step.round is not None else step._replace(round=number)
            for number in range(1, repeat.times + 1)
            for step in once
        ]

    def _with_file(self, arguments: SendFileVerb, path: ValuePath) -> SendFileVerb:
        with self._problems_at(path):
            folder, name = self._locate(arguments.file)
            files = self._expansion.files
            if name not in files:
                files[name] = folder.read(name)
        return arguments.model_copy(update={"file": name})

    def _included(self, given: str, path: ValuePath) -> list[ExpandedStep]:
        """The steps of the file that an ``include`` at this path names."""
        with self._problems_at(path):
            folder, name = self._locate(given)
            if name in self._ancestors:
                circle = " → ".join((*self._ancestors[self._ancestors.index(name) :], name))
                raise ValueError(f"{given} includes itself: {circle}")
            if len(self._ancestors) > DEEPEST_INCLUDE:
                raise ValueError(f"files are included more than {DEEPEST_INCLUDE} deep here")
            included = self._expansion.included
            data = b"" if name in included else folder.read(name)
        if name not in included:
            read = read_document(data, file=folder.display_name(name))
            document = substitute_in_steps(_under_steps(read), self._expansion.variables)
            file = _StepFile(self._expansion, document, document.file, (*self._ancestors, name))
            self._expansion.problems.add(document.unfilled.values())
            included[name] = file.expanded(("steps",))
        return included[name]

    def _locate(self, given: str) -> tuple[Folder, str]:
        """The folder, and the normalised name in it, of a file that a step names."""
        folder = self._expansion.folder
        if folder is None:
            raise ValueError(f"{given}: what is read from stdin has no folder to take files from")
        return folder, folder.name_of(given, referrer=self._ancestors[-1])

    @contextmanager
    def _problems_at(self, path: ValuePath) -> Iterator[None]:
        """Report a ValueError as a problem of the value at this path."""
        try:
            yield
        except ValueError as problem:
            raise self.document.error(path, str(problem)) from None


def _indentation_hint(written: object) -> str | None:
    if isinstance(written, dict) and len(written) > 1:
        first, second = list(written)[:2]
        return f'if "{second}" belongs to "{first}", indent it further, or write {first}: {{{second}: …}}'
    return None
