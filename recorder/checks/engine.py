"""Rules over one session; each says violated, satisfied or not observable, and which frames show it.

A violation is one finding; where a rule says so, one for all that is alike. What this recording cannot
tell is told one by one up to five times for a rule, and beyond that summed up in one finding, so that a
session of ten thousand messages stays readable. A rule that was nowhere violated, and had something to
look at, gets one finding that says so. A rule that had nothing to look at says nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from . import connections, receipts, requests, sequences, targets, timing, unknowns
from .findings import FINE, Finding, Limits, Look, Outcome, Severity
from .input import Case
from .session_index import Ground, Rule

RULES: Final[tuple[Rule, ...]] = (
    *targets.RULES,
    *receipts.RULES,
    *timing.RULES,
    *requests.RULES,
    *sequences.RULES,
    *connections.RULES,
    *unknowns.RULES,
)
"""All rules, in the order in which their findings are told."""

RULE_IDS: Final = frozenset(rule.id for rule in RULES)

UNOBSERVABLE_EACH = 5
"""So many things that a recording cannot tell are told one by one; more are summed up."""

FRAMES_SHOWN = 20
"""So many frames a finding names at most: the earliest."""


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
    case: Case,
    *,
    rules: Collection[str] | None = None,
    limits: Limits | None = None,
    levels: Mapping[str, Severity | None] | None = None,
) -> list[Finding]:
    """Apply the rules (all, or those named) and tell what was found, rule by rule.

    ``levels`` gives rules another severity; None turns one off.

    Raises:
        KeyError: there is no such rule.
    """
    ground = Ground(case, Limits() if limits is None else limits)
    return [
        finding
        for rule in chosen(rules, levels)
        for finding in _findings(rule, (levels or {}).get(rule.id) or rule.severity, ground)
    ]


def _findings(rule: Rule, severity: Severity, ground: Ground) -> list[Finding]:
    looks: dict[Outcome, list[Look]] = {outcome: [] for outcome in Outcome}
    held = 0
    for look in rule.run(ground):
        if look.outcome is Outcome.SATISFIED:
            held += 1
        else:
            looks[look.outcome].append(look)
    told = sorted(looks[Outcome.VIOLATED], key=_order)
    told += _summed_up(sorted(looks[Outcome.NOT_OBSERVABLE], key=_order))
    if held and not looks[Outcome.VIOLATED]:
        told.append(FINE._replace(says=f"{rule.title} ({held} looked at)"))
    return [_finding(rule, severity, look) for look in told]


def _order(look: Look) -> tuple[object, ...]:
    sequence = -1 if look.sequence is None else look.sequence
    return (min(look.frames, default=0), look.dialog or "", sequence, look.frames, look.says)


def _summed_up(looks: list[Look]) -> list[Look]:
    if len(looks) <= UNOBSERVABLE_EACH:
        return looks
    dialogs = {look.dialog for look in looks}
    return [
        Look(
            Outcome.NOT_OBSERVABLE,
            f"{len(looks)} times this recording cannot tell; the first time: {looks[0].says}",
            tuple(frame for look in looks for frame in look.frames),
            looks[0].dialog if len(dialogs) == 1 else None,
        )
    ]


def _finding(rule: Rule, severity: Severity, look: Look) -> Finding:
    frames = tuple(sorted(set(look.frames)))[:FRAMES_SHOWN]
    return Finding(rule.id, look.outcome, severity, look.dialog, look.sequence, frames, look.says)
