"""Receipts that leave together: planned in one, due in one frame, or by the batch.

In a batch, who falls due within a span of the first one waits for its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol, TypeVar


class MessageId(NamedTuple):
    """Identifies a message: sequences restart in each dialog."""

    dialog_id: str
    sequence: int


class PlannedReceipts(NamedTuple):
    """Receipts of one status that are sent together at ``at_s``, or later in a batch.

    ``order`` counts the plans. ``step`` is the number of the step that planned them, None for the rule;
    ``metadata`` is sent with them.
    """

    at_s: float
    order: int
    keys: tuple[MessageId, ...]
    status: str
    step: int | None
    metadata: list[dict[str, Any]] | None = None


class DueReceipts(NamedTuple):
    """One frame: receipts to send now, planned for ``at_s``. ``planned`` are those it is made of."""

    at_s: float
    status: str
    planned: tuple[PlannedReceipts, ...]

    @property
    def keys(self) -> tuple[MessageId, ...]:
        """The messages, in the order of planning, each once; all of one dialog."""
        return tuple(dict.fromkeys(key for one in self.planned for key in one.keys))

    @property
    def dialog_id(self) -> str:
        return self.planned[0].keys[0].dialog_id

    @property
    def metadata(self) -> list[dict[str, Any]] | None:
        """The metadata that is sent with them."""
        return next((one.metadata for one in self.planned if one.metadata is not None), None)

    def step_of(self, key: MessageId) -> int | None:
        """The step that planned the receipt of this message; None: the rule did."""
        return next((one.step for one in self.planned if key in one.keys and one.step is not None), None)


class Timed(Protocol):
    """Anything with a time."""

    @property
    def at_s(self) -> float: ...


T = TypeVar("T", bound=Timed)


def departures(planned: Iterable[T], span_s: float) -> Iterator[tuple[float, list[T]]]:
    """When each batch leaves, with those in it. ``planned`` is in the order of its times.

    A batch leaves ``span_s`` after its first one is due, so nothing in it leaves early.
    """
    together: list[T] = []
    for one in planned:
        if together and one.at_s > together[0].at_s + span_s:
            yield together[0].at_s + span_s, together
            together = []
        together.append(one)
    if together:
        yield together[0].at_s + span_s, together
