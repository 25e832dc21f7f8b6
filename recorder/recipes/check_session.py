"""Check a session: apply the rules to its events, connections and frames."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

from recorder.checks import engine
from recorder.checks.findings import Finding, Limits, Severity
from recorder.checks.input import CheckInput
from recorder.checks.rule import Rule
from recorder.counted import counted
from recorder.documents.error_text import unknown
from recorder.errors import BadOption, ExpectationFailed
from recorder.messaging.events import Event
from recorder.projection.events.wire_facts import WireFacts, facts_of
from recorder.receipts.aliases import Aliases
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.state import Transcript
from recorder.store.archive import Archive
from recorder.store.completeness import INTERRUPTED, SessionCompleteness
from recorder.wire.records import SessionInfo

from .at_moment import connections_at, events, is_now, last_frame_at
from .option_values import duration_s, reject_unknown_keywords

Levels = Mapping[str, Severity | None]
"""Severities by rule id, instead of the rule's own; None turns a rule off."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check.

    Attributes:
        archive: its path or URL.
        session: the session's id.
        rules: the rules that ran, in order.
        findings: their findings, in the same order.
        started_at_us: when the session began; None if unknown.
    """

    archive: str
    session: str
    rules: Sequence[Rule]
    findings: Sequence[Finding]
    started_at_us: int | None = None

    def raise_if_failed(self) -> None:
        """Return if no rule of severity error is violated.

        Raises:
            ExpectationFailed: one is.
        """
        failed = list(dict.fromkeys(finding.rule for finding in self.findings if finding.fails))
        if failed:
            count = counted(len(failed), "rule")
            raise ExpectationFailed(
                f"{count} of severity error violated: {', '.join(failed)}",
                hint=f"recorder check --explain {failed[0]}",
            )


class CheckKeywords(TypedDict, total=False):
    """The keyword arguments of ``check`` and ``checked``. Durations are like "2s".

    Attributes:
        rule: only these rules.
        accept_within, read_within: an ACCEPT or READ that comes later, or not at all, is an error.
        min_read: a READ that came faster was sent by a program; 100 ms by default.
        levels: severities of rules, instead of their own.
        at: check the session as of this moment: a frame ("#123"), an offset ("+12.5s") or an ISO time.
        aliases: ids of one person, old to new.
    """

    rule: Collection[str]
    accept_within: str | None
    read_within: str | None
    min_read: str | None
    levels: Levels | None
    at: str | None
    aliases: Aliases | None


def check(archive: Archive, session: str, **options: Unpack[CheckKeywords]) -> list[Finding]:
    """Apply the rules to a session, and return the findings. Options and errors as for ``checked``."""
    return list(checked(archive, session, **options).findings)


def checked(archive: Archive, session: str, **options: Unpack[CheckKeywords]) -> Checked:
    """Apply the rules (all, or those named) to a session, now or as of ``at``.

    Raises:
        NotFound: no such session, or no such frame in it.
        BadOption: no such rule, moment or duration.
        TypeError: there is no such keyword argument.
    """
    limits = checked_limits(options)
    rule, levels = options.get("rule", ()), options.get("levels") or {}
    found = archive.find_session(session, connected=True)
    check_input = check_input_of(archive, found, at=options.get("at"), aliases=options.get("aliases"))
    findings = engine.check(check_input, rules=rule, limits=limits, levels=levels)
    rules = engine.chosen(rule, levels)
    return Checked(archive.where, found.session, rules, findings, found.started_at_us)


def checked_limits(options: CheckKeywords) -> Limits:
    """The limits that these options give, once it is certain that all of them can be used.

    Raises as ``checked`` does; what depends on the session is not looked at.
    """
    reject_unknown_keywords(options, CheckKeywords)
    for name in options.get("rule", ()):
        _check_rule_id("--rule", name)
    for name in options.get("levels") or {}:
        _check_rule_id("levels", name)
    return _limits(options.get("accept_within"), options.get("read_within"), options.get("min_read"))


def _check_rule_id(option: str, name: str) -> str:
    if name not in engine.RULE_IDS:
        problem = unknown("rule", name, [rule.id for rule in engine.RULES])
        raise BadOption(option, problem, hint="recorder check --explain all lists them")
    return name


def _limits(accept_within: str | None, read_within: str | None, min_read: str | None) -> Limits:
    default = Limits()
    return Limits(
        accept_within_s=None if accept_within is None else duration_s("--accept-within", accept_within),
        read_within_s=None if read_within is None else duration_s("--read-within", read_within),
        min_read_s=default.min_read_s if min_read is None else duration_s("--min-read", min_read),
    )


def check_input_of(
    archive: Archive, session: SessionInfo, *, at: str | None = None, aliases: Aliases | None = None
) -> CheckInput:
    """The input of the rules for a session, now or as of ``at``.

    Raises:
        NotFound, BadOption: no such moment.
    """
    last = session.frames if at is None else last_frame_at(archive, session, at)
    continues = goes_on(session, last)
    facts = facts_of(
        connections_at(archive, session, last),
        archive.frames(session.session, last=last),
        ended=not continues,
    )
    session_events = [*events(archive, session, last=last, aliases=aliases), *facts.oddities]
    transcript, missing = fold_batches(session_events), missing_at(archive, session, last)
    return input_from(session_events, transcript, facts, recording=continues, missing=missing)


def goes_on(session: SessionInfo, last: int) -> bool:
    """Whether frames may follow frame ``last``: the session is recorded, or this is an earlier moment."""
    return session.state == "recording" or not is_now(session, last)


def input_from(
    session_events: Sequence[Event],
    transcript: Transcript,
    facts: WireFacts,
    *,
    recording: bool,
    missing: str | None,
) -> CheckInput:
    """The input of the rules, put together."""
    return CheckInput(
        events=session_events,
        transcript=transcript,
        connections=facts.connections,
        violations=facts.violations,
        last_frame=facts.last_frame,
        last_offset_us=facts.last_offset_us,
        recording=recording,
        last_at_us=facts.last_at_us,
        clock_step=facts.clock_step,
        missing=missing,
    )


def missing_at(archive: Archive, session: SessionInfo, last: int) -> str | None:
    """What is known to be missing as of frame ``last``: of a session that is over, as of its end.

    An earlier version may have called it complete.
    """
    if goes_on(session, last):
        return None
    if session.state == INTERRUPTED:
        return session.detail or "the recorder died before the session ended"
    completeness = SessionCompleteness()
    for frame in archive.frames(session.session):
        if completeness.may_be_incomplete(frame):
            completeness.add_frame(frame)
    for connection in archive.connections(session.session):
        completeness.add_end(connection)
    return completeness.problem


def levels_of(
    *, error: Collection[str] = (), warn: Collection[str] = (), off: Collection[str] = ()
) -> dict[str, Severity | None]:
    """Severities as people type them.

    Raises:
        BadOption: no such rule, or one that is given two severities.
    """
    levels: dict[str, Severity | None] = {}
    for option, names, severity in (
        ("--error", error, Severity.ERROR),
        ("--warn", warn, Severity.WARNING),
        ("--off", off, None),
    ):
        for name in names:
            if levels.get(_check_rule_id(option, name), severity) is not severity:
                raise BadOption(option, f"rule {name} is given another severity as well", hint="give one")
            levels[name] = severity
    return levels


def explained(name: str) -> Sequence[Rule]:
    """The rule of that name; every rule for "all".

    Raises:
        BadOption: no such rule.
    """
    if name == "all":
        return engine.RULES
    _check_rule_id("--explain", name)
    return [rule for rule in engine.RULES if rule.id == name]
