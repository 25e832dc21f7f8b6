"""Rules over one session; each says violated, satisfied or not observable, and which frames show it.

Each violation is a finding; some rules group violations that are alike. Up to five not-observable findings
of a rule are listed, more become one summary finding, so that a session of ten thousand messages stays
readable. A rule that looked at something and was never violated gets one satisfied finding. A rule that had
nothing to look at gets none.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from recorder.messaging.events import Event
from recorder.receipts.state import Transcript

from . import connections, receipts, requests, sequences, subscriptions, targets, timing, unknowns
from .dependencies import Dependencies, Place, RuleLook, looks_of
from .findings import (
    FRAMES_SHOWN,
    SATISFIED,
    End,
    Finding,
    Limits,
    Observation,
    Outcome,
    Severity,
    repeated_sentence,
)
from .groups import Group, Part
from .input import CheckInput
from .rule import Rule
from .session_index import SessionIndex

RULES: Final[tuple[Rule, ...]] = (
    *targets.RULES,
    *receipts.RULES,
    *timing.RULES,
    *requests.RULES,
    *subscriptions.RULES,
    *sequences.RULES,
    *connections.RULES,
    *unknowns.RULES,
)
"""All rules, in the order of their findings."""

RULE_IDS: Final = frozenset(rule.id for rule in RULES)

UNOBSERVABLE_EACH = 5
"""Up to this many not-observable findings of one rule are listed; more become one summary finding."""


def chosen(
    rules: Collection[str] | None = None, levels: Mapping[str, Severity | None] | None = None
) -> list[Rule]:
    """The rules that are to run: those named, or all, without those that ``levels`` turns off (None).

    Raises:
        KeyError: there is no such rule.
    """
    levels = {} if levels is None else levels
    for name in (*(rules or ()), *levels):
        if name not in RULE_IDS:
            raise KeyError(name)
    return [rule for rule in RULES if (not rules or rule.id in rules) and levels.get(rule.id, rule.severity)]


def check(
    check_input: CheckInput,
    *,
    rules: Collection[str] | None = None,
    limits: Limits | None = None,
    levels: Mapping[str, Severity | None] | None = None,
) -> list[Finding]:
    """Apply the rules (all, or those named); return the findings, in the order of the rules.

    ``levels`` gives rules another severity; None turns one off.

    Raises:
        KeyError: there is no such rule.
    """
    checks = RunningCheck(check_input.transcript, rules=rules, limits=limits, levels=levels, grows=False)
    checks.advance(check_input, check_input.events)
    return checks.findings()


class RunningCheck:
    """The rules over a session that grows: what has changed is looked at again, and nothing else.

    Attributes:
        results: what each rule observed, in the order of the rules.

    ``grows`` False: it advances once, and need not know what depends on what.
    """

    def __init__(
        self,
        transcript: Transcript,
        *,
        rules: Collection[str] | None = None,
        limits: Limits | None = None,
        levels: Mapping[str, Severity | None] | None = None,
        grows: bool = True,
    ) -> None:
        self._dependencies, self._grows = Dependencies(), grows
        levels = {} if levels is None else levels
        self.results = [
            RuleResults(rule, levels.get(rule.id) or rule.severity) for rule in chosen(rules, levels)
        ]
        for number, results in enumerate(self.results):
            results.look.rule = number
            rule = results.rule
            if rule.only_within is not None and getattr(limits, rule.only_within, None) is None:
                continue
            for look in looks_of(number, rule.looks):
                if look.kind is not None:
                    self._dependencies.looks[look.kind].append(look)
        self._index = SessionIndex(transcript, Limits() if limits is None else limits, self._dependencies)

    def advance(
        self, check_input: CheckInput, events: Sequence[Event], gone: Iterable[int] = ()
    ) -> list[ObservedChange]:
        """Take further events, as ``SessionIndex.advance`` does: what is observed now and was not before.

        ``gone`` are connections that have not begun, as of now.
        """
        for number in gone:
            self._index.disconnect(number)
        self._index.advance(check_input, events)
        before: dict[Place, tuple[Observation, ...]] = {}
        dependencies = self._dependencies
        while dependencies.stale or dependencies.vanished:
            for place in dependencies.vanished:
                place.vanished = True
                before.setdefault(place, place.observations)
                self._keep(place, 0, (), ())
            dependencies.vanished.clear()
            stale, dependencies.stale = dependencies.stale, {}
            for place in stale:
                if not place.vanished:
                    before.setdefault(place, place.observations)
                    self._observe(place)
        return [
            ObservedChange(place.look.rule, place, old, place.observations)
            for place, old in before.items()
            if old != place.observations
        ]

    def _observe(self, place: Place) -> None:
        self._dependencies.place = place if self._grows else None
        session = self._index
        if place.look.kind is not None:
            found = place.look.observe(session, place.item)
        else:
            group = self.results[place.look.rule].groups[place.item]
            found = place.look.observe(session, place.item, group.parts)
        satisfied = 0
        observations: list[Observation] = []
        parts: list[Part] = []
        for each in found:
            if type(each) is Part:
                parts.append(each)
            elif each.outcome is Outcome.SATISFIED:
                satisfied += 1
            else:
                observations.append(each)
        self._dependencies.place = None
        self._keep(place, satisfied, tuple(observations), tuple(parts))

    def _keep(
        self, place: Place, satisfied: int, observations: tuple[Observation, ...], parts: tuple[Part, ...]
    ) -> None:
        results = self.results[place.look.rule]
        if satisfied != place.satisfied:
            results.satisfied += satisfied - place.satisfied
            place.satisfied = satisfied
        if observations or place.observations:
            if not observations:
                del results.places[place]
            elif not place.observations:
                results.places[place] = None
            place.observations = observations
        if parts != place.parts:
            self._regroup(results, place, parts)

    def _regroup(self, results: RuleResults, place: Place, parts: tuple[Part, ...]) -> None:
        old, place.parts = place.parts, parts
        for part in old:
            results.groups[part.group].parts.remove(part)
        for part in parts:
            if part.group not in results.groups:
                results.groups[part.group] = GroupPlace(Group(), Place(results.look, part.group))
            results.groups[part.group].parts.add(part)
        for part in (*old, *parts):
            group = results.groups.get(part.group)
            if group is None:
                continue
            if len(group.parts):
                self._dependencies.stale[group.place] = None
            else:
                del results.groups[part.group]
                group.place.vanished = True
                self._dependencies.vanished.append(group.place)

    def looked_at(self) -> list[int]:
        """How often each rule was satisfied."""
        return [results.looked_at(self._index) for results in self.results]

    @property
    def end(self) -> End:
        """The end of what is looked at."""
        end = self._index.end
        return End(end.offset_us, end.at_us, self._index.end_words)

    def findings(self) -> list[Finding]:
        """The findings as of now, in the order of the rules."""
        end = self.end
        return [
            finding
            for results in self.results
            for finding in findings_of(
                results.rule, results.severity, results.observations(), results.looked_at(self._index), end
            )
        ]


class ObservedChange(NamedTuple):
    """What a rule, by its place among those that run, observed at a place before, and what it does now."""

    rule: int
    place: Place
    before: tuple[Observation, ...]
    now: tuple[Observation, ...]


class GroupPlace(NamedTuple):
    """The parts of a group, and the place where they are looked at."""

    parts: Group
    place: Place


class RuleResults:
    """What one rule observed.

    Attributes:
        satisfied: how often it was, but for what ``also_satisfied`` counts.
        places: where it observed something else.
    """

    def __init__(self, rule: Rule, severity: Severity) -> None:
        self.rule, self.severity = rule, severity
        self.satisfied = 0
        self.places: dict[Place, None] = {}
        self.groups: dict[Hashable, GroupPlace] = {}
        self.look = RuleLook(0, None, rule.together or _nothing)

    def looked_at(self, session: SessionIndex) -> int:
        """How often it was satisfied."""
        also = self.rule.also_satisfied
        return self.satisfied if also is None else self.satisfied + also(session)

    def observations(self) -> Iterator[Observation]:
        """All of them that are not satisfied."""
        return (each for place in self.places for each in place.observations)


def _nothing(*_: object) -> tuple[Observation, ...]:
    return ()


def findings_of(
    rule: Rule, severity: Severity, observations: Iterable[Observation], satisfied: int, end: End
) -> list[Finding]:
    """The findings of a rule: its observations, and how often it was satisfied, as of an end."""
    by_outcome: dict[Outcome, list[Observation]] = {outcome: [] for outcome in Outcome}
    for each in sorted(observations, key=order_of):
        sentence = each.sentence
        said = each if isinstance(sentence, str) else each._replace(sentence=sentence.text(end))
        by_outcome[each.outcome].append(said)
    reported = [*by_outcome[Outcome.VIOLATED], *_summed_up(by_outcome[Outcome.NOT_OBSERVABLE])]
    if satisfied and not by_outcome[Outcome.VIOLATED]:
        reported.append(SATISFIED._replace(sentence=f"{rule.title} ({satisfied} looked at)"))
    return [_finding(rule, severity, observation) for observation in reported]


def order_of(observation: Observation) -> tuple[object, ...]:
    """Where it stands among those of its rule; an open sentence counts as it is written."""
    sentence = observation.sentence
    if not isinstance(sentence, str):
        sentence = "".join(map(str, sentence.parts))
    return (
        min(observation.frames, default=0),
        observation.dialog or "",
        -1 if observation.sequence is None else observation.sequence,
        observation.frames,
        sentence,
    )


def _summed_up(observations: list[Observation]) -> list[Observation]:
    if len(observations) <= UNOBSERVABLE_EACH:
        return observations
    first, dialogs = observations[0], {observation.dialog for observation in observations}
    return [
        Observation(
            Outcome.NOT_OBSERVABLE,
            repeated_sentence(str(first.sentence), observations),
            tuple(frame for observation in observations for frame in observation.frames),
            first.dialog if len(dialogs) == 1 else None,
        )
    ]


def _finding(rule: Rule, severity: Severity, observation: Observation) -> Finding:
    frames = tuple(sorted(set(observation.frames)))[:FRAMES_SHOWN]
    return Finding(
        rule.id,
        observation.outcome,
        severity,
        observation.dialog,
        observation.sequence,
        frames,
        str(observation.sentence),
    )
