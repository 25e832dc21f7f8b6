"""From what is written under ``steps`` to the steps as they are played: checked, repeated, included.

Each written step is checked once, however often it is played.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from recorder.documents import Document, Path, read_document, substitute, unknown, validate

from .includes import Folder
from .references import Reference, parse_reference, references_in, references_too_early
from .verb_model import Verb
from .verbs import FOLDED, VERBS, Include, Repeat, SendFile

MOST_STEPS = 100_000
DEEPEST_INCLUDE = 10


class Written(NamedTuple):
    """A step where it is written. ``file`` is the name of the included file it is in; None: the script."""

    document: Document
    path: Path
    file: str | None
    verb: str
    says: Verb
    references: tuple[Reference, ...]

    @property
    def line(self) -> int:
        return self.document.line(self.path) or 1

    def field(self, name: str) -> Path:
        """Where a field of it is written, or would be."""
        return (*self.path, self.verb, name)


class Placed(NamedTuple):
    """A step in its place among those that are played. ``round`` is that of the innermost repeat."""

    written: Written
    round: int | None


def fill_steps(document: Document, variables: Mapping[str, str]) -> Document:
    """Variables filled in under ``steps``; references are kept for when the step is played."""
    return substitute(document, variables, at=("steps",), later=is_reference)


def is_reference(inside: str) -> bool:
    """Whether what stands between ``${`` and ``}`` is a reference, not a variable."""
    return parse_reference(inside) is not None


class Unfolding:
    """Unfolds the steps of one script.

    Attributes:
        files: what ``send_file`` sends, by the one name of each file.
    """

    def __init__(self, variables: Mapping[str, str], folder: Folder | None) -> None:
        self.files: dict[str, bytes] = {}
        self._variables = variables
        self._folder = folder
        self._included: dict[str, list[Placed]] = {}

    def unfold(self, document: Document, *, name: str) -> list[Placed]:
        """All steps of the script, which is the file ``name`` of its folder, in order.

        Raises:
            BadScript: a step, or a file it includes, is not as it should be.
        """
        return _Sheet(self, document, None, (name,)).placed(("steps",))

    def file(self, sheet: _Sheet, given: str, path: Path) -> tuple[Folder, str]:
        """The one name of a file that a step names."""
        if self._folder is None:
            raise sheet.document.error(
                path, f"{given}: what is read from stdin has no folder to take files from"
            )
        try:
            return self._folder, self._folder.name_of(given, beside=sheet.name)
        except ValueError as problem:
            raise sheet.document.error(path, str(problem)) from None

    def read(self, sheet: _Sheet, folder: Folder, name: str, path: Path) -> bytes:
        try:
            return folder.read(name)
        except ValueError as problem:
            raise sheet.document.error(path, str(problem)) from None

    def include(self, sheet: _Sheet, given: str, path: Path) -> list[Placed]:
        """The steps of another file; each file is read and checked once."""
        folder, name = self.file(sheet, given, path)
        if name in sheet.above:
            circle = " → ".join((*sheet.above[sheet.above.index(name) :], name))
            raise sheet.document.error(path, f"{given} includes itself: {circle}")
        if len(sheet.above) > DEEPEST_INCLUDE:
            raise sheet.document.error(path, f"files are included more than {DEEPEST_INCLUDE} deep here")
        if name not in self._included:
            read = read_document(self.read(sheet, folder, name, path), file=folder.shown(name))
            filled = fill_steps(_as_sections(read), self._variables)
            self._included[name] = _Sheet(self, filled, filled.file, (*sheet.above, name)).placed(("steps",))
        return self._included[name]


def _as_sections(read: Document) -> Document:
    """A file that is a list of steps, as if it had ``steps:`` above them."""
    if isinstance(read.value, list):
        lines = {("steps", *path): line for path, line in read.lines.items()}
        read = Document(read.file, {"steps": read.value}, lines)
    if not isinstance(read.value, dict) or not isinstance(read.value.get("steps"), list):
        raise read.error((), "a file to include is a list of steps, or has steps:")
    if not read.value["steps"]:
        raise read.error(("steps",), "there are no steps")
    return read


class _Sheet:
    """One file with steps. ``above`` are the names of the files that lead to it, and its own."""

    def __init__(
        self, unfolding: Unfolding, document: Document, file: str | None, above: tuple[str, ...]
    ) -> None:
        self.document = document
        self.above = above
        self._unfolding = unfolding
        self._file = file

    @property
    def name(self) -> str:
        return self.above[-1]

    def placed(self, at: Path) -> list[Placed]:
        """The steps of the list there, unfolded."""
        placed: list[Placed] = []
        for index, written in enumerate(self.document.at(at)):
            path = (*at, index)
            placed += self._step(path, written)
            self._not_too_many(len(placed), path)
        return placed

    def _not_too_many(self, count: int, path: Path) -> None:
        if count > MOST_STEPS:
            says = f"there are more than {MOST_STEPS:,} steps once they are repeated and included"
            raise self.document.error(path, says)

    def _step(self, path: Path, written: object) -> list[Placed]:
        verb, given = self._verb(path, written)
        model = VERBS.get(verb) or FOLDED[verb]
        at = path if isinstance(written, str) else (*path, verb)
        self._only_at_run_time(model, given, at)
        says = validate(self.document, model, at=at, given=given)
        match says:
            case Repeat():
                return self._repeated(says, path)
            case Include():
                return self._unfolding.include(self, says.file, (*at, "file"))
            case SendFile():
                says = self._with_file(says, (*at, "file"))
        step = Written(self.document, path, self._file, verb, says, tuple(references_in(says)))
        return [Placed(step, None)]

    def _verb(self, path: Path, written: object) -> tuple[str, object]:
        """``- open_conversation`` means ``- open_conversation:``."""
        if isinstance(written, str):
            written = {written: None}
        if not isinstance(written, dict) or len(written) != 1:
            says = 'a step is one verb, like "- say: Hello" or "- wait: 2s"'
            raise self.document.error(path, says, hint=_indented(written))
        ((verb, given),) = written.items()
        if verb not in VERBS and verb not in FOLDED:
            raise self.document.error((*path, verb), unknown("verb", verb, (*VERBS, *FOLDED)))
        return verb, given

    def _only_at_run_time(self, model: type[Verb], given: object, at: Path) -> None:
        """References may stand only in what is filled in when the step is played."""
        for key, reference in references_too_early(model, given):
            says = f'{reference} is known only while the script is played, and "{key}" is needed before'
            raise self.document.error((*at, key), says)

    def _repeated(self, says: Repeat, path: Path) -> list[Placed]:
        once = self.placed((*path, "repeat", "steps"))
        self._not_too_many(len(once) * says.times, path)
        return [
            step if step.round is not None else step._replace(round=number)
            for number in range(1, says.times + 1)
            for step in once
        ]

    def _with_file(self, says: SendFile, path: Path) -> SendFile:
        folder, name = self._unfolding.file(self, says.file, path)
        files = self._unfolding.files
        if name not in files:
            files[name] = self._unfolding.read(self, folder, name, path)
        return says.model_copy(update={"file": name})


def _indented(written: object) -> str | None:
    if isinstance(written, dict) and len(written) > 1:
        first, second = list(written)[:2]
        return f'if "{second}" belongs to "{first}", indent it further, or write {first}: {{{second}: …}}'
    return None
