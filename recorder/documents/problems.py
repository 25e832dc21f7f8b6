"""Collect the problems of a document and of the files it includes, to report all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from recorder.errors import BadScript

T = TypeVar("T")


MOST_PROBLEMS = 100
"""So many are collected. Each costs up to some milliseconds, and a file can have 100,000 values."""


class Problems:
    """The problems found so far; the same one found twice is one."""

    def __init__(self, file: str) -> None:
        self._files = {file: 0}  # included files come behind, in the order of their first problem
        self._found: dict[str, BadScript] = {}

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[BadScript]:
        """In the order of lines, those of included files last."""
        return iter(sorted(self._found.values(), key=lambda each: (self._files[each.file], each.line or 0)))

    def add(self, problems: Iterable[BadScript]) -> None:
        """Add these problems and all their ``others``.

        Raises:
            BadScript: there are ``MOST_PROBLEMS`` now, as ``raise_if_any``.
        """
        for problem in problems:
            for each in (problem, *problem.others):
                self._files.setdefault(each.file, len(self._files))
                self._found.setdefault(str(each), each)
                if len(self._found) >= MOST_PROBLEMS:
                    self.raise_if_any()

    def attempt(self, read: Callable[[], T]) -> T | None:
        """What ``read`` returns; None where it raises ``BadScript``, which is added."""
        try:
            return read()
        except BadScript as problem:
            self.add([problem])
            return None

    def raise_if_any(self) -> None:
        """Return if there are none.

        Raises:
            BadScript: the first in the document; its ``others`` are the rest, in the order of lines.
        """
        if self._found:
            first, *others = self
            first.others = tuple(others)
            raise first
