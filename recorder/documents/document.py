"""A parsed file: its values, and the line of each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from recorder.errors import BadScript

ValuePath = tuple[str | int, ...]
"""Keys and list indexes from the root to a value: ``("steps", 2, "await", "within")``."""


class Document(NamedTuple):
    """The contents of one file, with the line of every value.

    Attributes:
        file: its name, as error messages show it.
        value: mappings (keys are text), lists, text, numbers, booleans and None.
        lines: the line, from 1, of every value; for a value in a mapping, the line of its key.
        written: numbers as they are written (``1.50``, ``1e3``), where Python writes them otherwise.
        unfilled: texts whose variables could not be filled in, and why; nothing else is said about them.
    """

    file: str
    value: Any
    lines: Mapping[ValuePath, int]
    written: Mapping[ValuePath, str] = MappingProxyType({})
    unfilled: Mapping[ValuePath, BadScript] = MappingProxyType({})

    def at(self, path: ValuePath) -> Any:
        """The value at this path.

        Raises:
            LookupError: there is none.
        """
        value = self.value
        for part in path:
            value = value[part]
        return value

    def line(self, path: ValuePath) -> int | None:
        """The line of the value at this path, or of the nearest value that contains it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def error(self, path: ValuePath, problem: str, *, hint: str | None = None) -> BadScript:
        """A ``BadScript`` about the value at this path, with file, line and step filled in.

        About a text in ``unfilled`` it says why that is, whatever ``problem`` is.
        """
        for length in range(len(path) if self.unfilled else 0, 0, -1):
            if path[:length] in self.unfilled:
                return self.unfilled[path[:length]]
        return BadScript(self.file, problem, line=self.line(path), step=self.step(path), hint=hint)

    def step(self, path: ValuePath) -> str | None:
        """The list entries on this path in words: ``step 3 (await)``; None outside of any list."""
        named = [self._named(path, place) for place, part in enumerate(path) if isinstance(part, int)]
        return ", ".join(named) or None

    def _named(self, path: ValuePath, place: int) -> str:
        word = _ENTRY_WORDS.get(path[place - 1] if place else "", "entry")
        entry = self._entry(path[: place + 1])
        verb = next(iter(entry), None) if isinstance(entry, dict) and word in _NAMED_BY_VERB else None
        verb = entry if isinstance(entry, str) and word == "step" else verb
        return f"{word} {int(path[place]) + 1}" + (f" ({verb})" if verb else "")

    def _entry(self, path: ValuePath) -> object:
        try:
            return self.at(path)
        except LookupError:
            return None


_NAMED_BY_VERB = ("step", "action")
# What an entry of the list with this key is called. A list at the top level is a file of agent rules.
_ENTRY_WORDS: dict[str | int, str] = {"steps": "step", "agent": "rule", "do": "action", "": "rule"}
