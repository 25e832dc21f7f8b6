"""Findings over the moments of a session: from which frame on, and up to which, each of them holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .findings import Finding, Outcome

_OUTCOMES = (Outcome.VIOLATED, Outcome.NOT_OBSERVABLE, Outcome.SATISFIED)


class FindingSpan(NamedTuple):
    """A finding that holds as of frame ``since`` and of each later one before ``until``; None: to the end."""

    finding: Finding
    since: int
    until: int | None

    def holds(self, frame: int) -> bool:
        """Whether it is found as of this frame."""
        return self.since <= frame and (self.until is None or frame < self.until)


class FindingSpans:
    """Collects what is found as of each frame, in their order."""

    def __init__(self) -> None:
        self._open: dict[Finding, int] = {}
        self._closed: list[FindingSpan] = []

    def add(self, frame: int, findings: Iterable[Finding]) -> None:
        """What is found as of ``frame``, and as of those after it until the next call."""
        found = dict.fromkeys(findings, frame)
        for finding, since in self._open.items():
            if finding in found:
                found[finding] = since
            else:
                self._closed.append(FindingSpan(finding, since, frame))
        self._open = found

    def spans(self, rules: Sequence[str]) -> list[FindingSpan]:
        """All of them; those that hold as of a frame stand in the order in which ``check`` lists them.

        ``rules`` are the ids of all rules, in their order.
        """
        places = {rule: place for place, rule in enumerate(rules)}
        listed = [*self._closed, *(FindingSpan(each, since, None) for each, since in self._open.items())]
        return sorted(listed, key=lambda span: (places[span.finding.rule], *_order(span)))


def from_last_frames(findings: Iterable[Finding]) -> list[FindingSpan]:
    """Findings of a whole session, each from the last of its frames on."""
    return [FindingSpan(each, max(each.frames, default=0), None) for each in findings]


def _order(span: FindingSpan) -> tuple[object, ...]:
    _, outcome, _, dialog, sequence, frames, sentence = span.finding
    first = min(frames, default=0)
    return (_OUTCOMES.index(outcome), first, dialog or "", _known(sequence), frames, sentence, span.since)


def _known(sequence: int | None) -> int:
    return -1 if sequence is None else sequence
