"""What a rule is: where it looks, and what it observes there."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .dependencies import Dependencies, Kind
from .findings import FRAMES_SHOWN, Observation, Severity, violated
from .groups import Group, Part
from .session_index import SessionIndex

Observe = Callable[[SessionIndex, Any], Iterable[Observation | Part]]
"""Looks at one item of a kind."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One check rule.

    Attributes:
        id: a stable kebab-case name.
        severity: how grave a violation is, unless somebody says otherwise.
        title: what holds if the rule is satisfied, in one line.
        explain: a paragraph: what is looked at, and what a recording cannot tell.
        looks: the kinds of items it looks at, and how.
        together: observes what parts of one group say together.
        also_satisfied: how many items there are at which there is nothing to look at but that they are there.
        only_within: the limit without which it looks at nothing.
    """

    id: str
    severity: Severity
    title: str
    explain: str
    looks: tuple[tuple[Kind, Observe], ...]
    together: Callable[[SessionIndex, Hashable, Group], Iterable[Observation]] | None = None
    also_satisfied: Callable[[SessionIndex], int] | None = None
    only_within: str | None = None


def count_of(*kinds: Kind) -> Callable[[SessionIndex], int]:
    """How many items of these kinds there are."""

    def count(session: SessionIndex) -> int:
        dependencies: Dependencies = session.dependencies
        return sum(len(dependencies.items[kind]) for kind in kinds)

    return count


def alike(session: SessionIndex, detail: Hashable, group: Group) -> Iterator[Observation]:
    """One finding for each detail, however often it came."""
    times = "" if len(group) == 1 else f" ({len(group)} times)"
    yield violated(f"{detail}{times}", *group.frames(FRAMES_SHOWN))
