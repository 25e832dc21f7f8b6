"""Reads a generated script back, part by part as it is written, so that what is written loads."""

from __future__ import annotations

from collections.abc import Callable

from recorder.documents import Problems, TooLarge, read_document
from recorder.errors import BadScript

from ..language.expansion import StepExpansion, substitute_in_steps
from ..language.name_checks import NameTable
from ..language.script import load

_FILE = "the script"
_STEPS = "steps: [keep_alive]"
_MAY_BE_TOO_LARGE = 100_000
"""Characters of a part that alone may have more values than a script."""


class _AnyVariable(dict[str, str]):
    """Every variable, as if it was set."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return "x"


ANY_VARIABLE = _AnyVariable()
"""What a generated script is read back with: those who play it set the variables."""

ReadScript = Callable[[str], object]
"""Reads a script, and raises ``BadScript`` if it does not load."""


def read_steps(script: str) -> object:
    """Read a script's steps and consumers; the sections of the simulator stay unread."""
    return load(script, file=_FILE, variables=ANY_VARIABLE)


class ReadBack:
    """Says of each part of a script why it does not load; None: it does.

    ``read`` reads the sections besides the steps, each in a script of its own. None: everything but what is
    too large alone is taken to load, which is right for most scripts and costs a quarter.
    """

    def __init__(self, read: ReadScript | None = read_steps) -> None:
        self._read = read
        self._names = NameTable(())

    def step(self, line: str) -> str | None:
        """A step, behind all those asked about before; it may use the names that they give."""
        if self._read is None:
            return _why_too_large(line)
        try:
            document = read_document(f"steps:\n  {line}\n", file=_FILE)
            document = substitute_in_steps(document, ANY_VARIABLE)
            problems = Problems(_FILE)
            problems.add(document.unfilled.values())
            for step in StepExpansion(ANY_VARIABLE, None, problems).expand(document, name=_FILE):
                problems.add(self._names.problems_of(step))
                problems.raise_if_any()
                problems.add(self._names.define(step.written))
            problems.raise_if_any()
        except BadScript as error:
            return error.problem
        return None

    def section(self, lines: str) -> str | None:
        """A section of a script, without its steps."""
        if self._read is None:
            return _why_too_large(lines)
        try:
            self._read(f"{_STEPS}\n{lines}\n")
        except BadScript as error:
            return error.problem
        return None

    def consumer_setting(self, line: str) -> str | None:
        """One setting of a consumer, like ``brand: "123"``."""
        return self.section(f"consumers:\n  consumer_1:\n    {line}")

    def agent_action(self, action: str) -> str | None:
        """One action of a rule for the simulator's agent."""
        return self.section(f"agent:\n  - on: message\n    do:\n      - {action}")


def _why_too_large(part: str) -> str | None:
    """Why a part is larger than a script may be; None: it is not."""
    if len(part) >= _MAY_BE_TOO_LARGE:
        try:
            read_document(part, file=_FILE)
        except TooLarge as error:
            return error.problem
        except BadScript:  # which is found when every part is read
            pass
    return None
