"""The findings of every moment of a session: what was observed from which frame on, and up to which.

A session of many frames has many moments, and a finding may say something else at each of them: how long
nothing has come by then. So what is kept are the observations, with placeholders for the moment, and how
often each rule was satisfied. The findings of a moment are made from these as ``check`` makes them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .dependencies import Place
from .engine import ObservedChange, RunningCheck, findings_of, order_of
from .findings import End, Finding, Observation, Outcome, Severity
from .rule import Rule
from .session_index import going_on_words


class ObservedSpan(NamedTuple):
    """What a rule observed as of frame ``since`` and of each later one before ``until``; None: to the end."""

    observation: Observation
    since: int
    until: int | None

    def holds(self, frame: int) -> bool:
        """Whether it is observed as of this frame."""
        return self.since <= frame and (self.until is None or frame < self.until)


class RuleHistory(NamedTuple):
    """What one rule observed over time.

    Attributes:
        spans: what was violated or not observable, in the order of the findings.
        looked_at: frames, and how often the rule was satisfied from each on.
    """

    rule: Rule
    severity: Severity
    spans: Sequence[ObservedSpan]
    looked_at: Sequence[tuple[int, int]]


class FindingHistory(NamedTuple):
    """The findings as of every frame.

    Attributes:
        rules: in the order of their findings.
        ends: for each frame, from 0 on, the latest times on our clocks: offset and calendar.
        end_words: what ended with the last frame, in words; None: the recording goes on.
        by_moment: False: each finding is one of the whole session, and stands from the last of its frames on.
    """

    rules: Sequence[RuleHistory]
    ends: Sequence[tuple[int | None, int | None]]
    end_words: str | None
    by_moment: bool = True

    def end(self, frame: int) -> End:
        """The end of what is looked at, as of a frame."""
        last = self.end_words if frame == len(self.ends) - 1 else None
        return End(*self.ends[frame], going_on_words(frame) if last is None else last)

    def as_of(self, frame: int) -> list[Finding]:
        """The findings as of a frame; 0: before the first."""
        end = self.end(frame)
        return [
            finding
            for rule, severity, spans, looked_at in self.rules
            for finding in findings_of(
                rule,
                severity,
                [span.observation for span in spans if span.holds(frame)],
                _count_at(looked_at, frame),
                end,
            )
        ]


def _count_at(looked_at: Sequence[tuple[int, int]], frame: int) -> int:
    place = bisect_right(looked_at, frame, key=lambda entry: entry[0])
    return looked_at[place - 1][1] if place else 0


def _order(span: ObservedSpan) -> tuple[object, ...]:
    return (*order_of(span.observation), span.since)


def whole_history(check: RunningCheck, last: int) -> FindingHistory:
    """The findings of a check that has seen all frames up to ``last``, for a session that is too long."""
    found = check.findings()
    rules = []
    for results, looked_at in zip(check.results, check.looked_at(), strict=True):
        own = [each for each in found if each.rule == results.rule.id]
        spans = [
            ObservedSpan(
                Observation(each.outcome, each.sentence, each.frames, each.dialog, each.sequence),
                max(each.frames, default=0),
                None,
            )
            for each in own
            if each.outcome is not Outcome.SATISFIED
        ]
        satisfied = any(each.outcome is Outcome.SATISFIED for each in own)
        counts = [(0, looked_at)] if satisfied else []
        rules.append(RuleHistory(results.rule, results.severity, spans, counts))
    return FindingHistory(rules, [(None, None)] * (last + 1), None, by_moment=False)


class HistoryWriter:
    """Collects what is observed as of each frame, in their order, from 0 on."""

    def __init__(self, check: RunningCheck) -> None:
        self._check = check
        self._spans: list[list[ObservedSpan]] = [[] for _ in check.results]
        self._counts: list[list[tuple[int, int]]] = [[] for _ in check.results]
        self._open: dict[Place, list[tuple[Observation, int]]] = {}
        self._looked_at = [0] * len(check.results)
        self._ends: list[tuple[int | None, int | None]] = []

    def add(self, changes: Iterable[ObservedChange]) -> None:
        """Take what has changed with the next frame."""
        frame = len(self._ends)
        self._ends.append(self._check.end[:2])
        for change in changes:
            self._change(frame, change)
        looked_at = self._check.looked_at()
        if looked_at != self._looked_at:
            for counts, before, now in zip(self._counts, self._looked_at, looked_at, strict=True):
                if before != now:
                    counts.append((frame, now))
            self._looked_at = looked_at

    def _change(self, frame: int, change: ObservedChange) -> None:
        still: list[tuple[Observation, int]] = []
        now = list(change.now)
        for observation, since in self._open.pop(change.place, ()):
            if observation in now:
                now.remove(observation)
                still.append((observation, since))
            else:
                self._spans[change.rule].append(ObservedSpan(observation, since, frame))
        still += [(observation, frame) for observation in now]
        if still:
            self._open[change.place] = still

    def history(self, *, over: bool) -> FindingHistory:
        """All of it; ``over``: nothing follows the last frame."""
        for place, listed in self._open.items():
            spans = self._spans[place.look.rule]
            spans += [ObservedSpan(observation, since, None) for observation, since in listed]
        self._open.clear()
        rules = [
            RuleHistory(results.rule, results.severity, sorted(spans, key=_order), counts)
            for results, spans, counts in zip(self._check.results, self._spans, self._counts, strict=True)
        ]
        return FindingHistory(rules, self._ends, self._check.end.words if over else None)
