"""What a file says, and where every value of it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from recorder.errors import BadScript

Path = tuple[str | int, ...]
"""Where a value stands: ``("steps", 2, "await", "within")``."""


class Document(NamedTuple):
    """What a file says, and where.

    Attributes:
        file: its name, as messages show it.
        value: mappings (keys are text), lists, text, numbers, booleans and None.
        lines: the line, from 1, of every value; that of an entry in a mapping is its key's.
    """

    file: str
    value: Any
    lines: Mapping[Path, int]

    def at(self, path: Path) -> Any:
        """The value that stands there.

        Raises:
            LookupError: nothing does.
        """
        value = self.value
        for part in path:
            value = value[part]
        return value

    def line(self, path: Path) -> int | None:
        """The line of the value there, or of the nearest value around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def error(self, path: Path, problem: str, *, hint: str | None = None) -> BadScript:
        """The error to raise about the value there: file, line and step are filled in."""
        return BadScript(self.file, problem, line=self.line(path), step=self.step(path), hint=hint)

    def step(self, path: Path) -> str | None:
        """What people call the place: ``step 3 (await)``; None outside of any list."""
        named = [self._named(path, place) for place, part in enumerate(path) if isinstance(part, int)]
        return ", ".join(named) or None

    def _named(self, path: Path, place: int) -> str:
        word = _SINGULAR.get(path[place - 1] if place else "", "entry")
        entry = self._entry(path[: place + 1])
        verb = next(iter(entry), None) if isinstance(entry, dict) and word in _NAMED_BY_VERB else None
        verb = entry if isinstance(entry, str) and word == "step" else verb
        return f"{word} {int(path[place]) + 1}" + (f" ({verb})" if verb else "")

    def _entry(self, path: Path) -> object:
        try:
            return self.at(path)
        except LookupError:
            return None


# A list at the top is a file of rules for the agent.
_NAMED_BY_VERB = ("step", "action")
_SINGULAR: dict[str | int, str] = {"steps": "step", "agent": "rule", "do": "action", "": "rule"}
