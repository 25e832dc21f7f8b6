"""Rules over one session; each says violated, satisfied or not observable, and which frames show it.

Each violation is a finding; some rules group violations that are alike. Up to five not-observable findings
of a rule are listed, more become one summary finding, so that a session of ten thousand messages stays
readable. A rule that looked at something and was never violated gets one satisfied finding. A rule that had
nothing to look at gets none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from . import connections, receipts, requests, sequences, subscriptions, targets, timing, unknowns
from .findings import SATISFIED, Finding, Limits, Observation, Outcome, Severity, repeated_sentence
from .input import CheckInput
from .session_index import Rule, SessionIndex

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

FRAMES_SHOWN = 20
"""The most frames a finding lists: the earliest."""


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
    session = SessionIndex(check_input, Limits() if limits is None else limits)
    return [
        finding
        for rule in chosen(rules, levels)
        for finding in _findings(rule, (levels or {}).get(rule.id) or rule.severity, session)
    ]


def _findings(rule: Rule, severity: Severity, session: SessionIndex) -> list[Finding]:
    observations: dict[Outcome, list[Observation]] = {outcome: [] for outcome in Outcome}
    satisfied = 0
    for observation in rule.run(session):
        if observation.outcome is Outcome.SATISFIED:
            satisfied += 1
        else:
            observations[observation.outcome].append(observation)
    reported = sorted(observations[Outcome.VIOLATED], key=_order)
    reported += _summed_up(sorted(observations[Outcome.NOT_OBSERVABLE], key=_order))
    if satisfied and not observations[Outcome.VIOLATED]:
        reported.append(SATISFIED._replace(sentence=f"{rule.title} ({satisfied} looked at)"))
    return [_finding(rule, severity, observation) for observation in reported]


def _order(observation: Observation) -> tuple[object, ...]:
    sequence = -1 if observation.sequence is None else observation.sequence
    return (
        min(observation.frames, default=0),
        observation.dialog or "",
        sequence,
        observation.frames,
        observation.sentence,
    )


def _summed_up(observations: list[Observation]) -> list[Observation]:
    if len(observations) <= UNOBSERVABLE_EACH:
        return observations
    first, dialogs = observations[0], {observation.dialog for observation in observations}
    return [
        Observation(
            Outcome.NOT_OBSERVABLE,
            repeated_sentence(first.sentence, observations),
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
        observation.sentence,
    )
