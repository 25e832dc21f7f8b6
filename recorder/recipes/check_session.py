"""Check a session: the rules applied to what its frames tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from recorder.checks import engine
from recorder.checks.findings import Finding, Limits, Severity
from recorder.checks.input import CheckInput
from recorder.checks.session_index import Rule
from recorder.documents.error_text import unknown
from recorder.errors import BadOption, ExpectationFailed
from recorder.projection.events.wire_facts import facts_of
from recorder.receipts.aliases import Aliases
from recorder.receipts.fold import fold
from recorder.receipts.moments import Moment
from recorder.store.archive import Archive
from recorder.store.info import SessionInfo

from .at_moment import connections_at, events, is_now, last_frame_at
from .option_values import duration_s

Levels = Mapping[str, Severity | None]
"""Other severities for rules than their own; None turns one off."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check.

    Attributes:
        archive: what people call it.
        session: the session's id.
        rules: those that ran, in their order.
        findings: what they found, in that order.
        started_at_us: when the session began, None where the recording does not tell.
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
            count = f"{len(failed)} rule{'' if len(failed) == 1 else 's'}"
            raise ExpectationFailed(
                f"{count} of severity error violated: {', '.join(failed)}",
                hint=f"recorder check --explain {failed[0]}",
            )


def check(
    archive: Archive,
    session: str,
    *,
    rule: Collection[str] = (),
    accept_within: str | None = None,
    read_within: str | None = None,
    min_read: str | None = None,
    levels: Levels | None = None,
    at: str | Moment | None = None,
    aliases: Aliases | None = None,
) -> list[Finding]:
    """The findings of ``checked``."""
    return list(
        checked(
            archive, session, rule=rule, accept_within=accept_within, read_within=read_within,
            min_read=min_read, levels=levels, at=at, aliases=aliases,
        ).findings
    )  # fmt: skip


def checked(
    archive: Archive,
    session: str,
    *,
    rule: Collection[str] = (),
    accept_within: str | None = None,
    read_within: str | None = None,
    min_read: str | None = None,
    levels: Levels | None = None,
    at: str | Moment | None = None,
    aliases: Aliases | None = None,
) -> Checked:
    """Apply the rules (all, or those named) to a session, now or as of ``at``. Durations as in "2s".

    Raises:
        NotFound: no such session, or no such frame in it.
        BadOption: no such rule, moment or duration.
    """
    for name in rule:
        _known("--rule", name)
    levels = {} if levels is None else levels
    for name in levels:
        _known("levels", name)
    limits = _limits(accept_within, read_within, min_read)
    found = archive.find_session(session)
    check_input = check_input_of(archive, found, at=at, aliases=aliases)
    findings = engine.check(check_input, rules=rule, limits=limits, levels=levels)
    rules = engine.chosen(rule, levels)
    return Checked(archive.where, found.session, rules, findings, found.started_at_us)


def _known(option: str, name: str) -> str:
    if name not in engine.RULE_IDS:
        named = unknown("rule", name, [rule.id for rule in engine.RULES])
        raise BadOption(option, named, hint="recorder check --explain all lists them")
    return name


def _limits(accept_within: str | None, read_within: str | None, min_read: str | None) -> Limits:
    usual = Limits()
    return Limits(
        accept_within_s=None if accept_within is None else duration_s("--accept-within", accept_within),
        read_within_s=None if read_within is None else duration_s("--read-within", read_within),
        min_read_s=usual.min_read_s if min_read is None else duration_s("--min-read", min_read),
    )


def check_input_of(
    archive: Archive, session: SessionInfo, *, at: str | Moment | None = None, aliases: Aliases | None = None
) -> CheckInput:
    """A session opened for rules, now or as of ``at``.

    Raises:
        NotFound, BadOption: no such moment.
    """
    last = session.frames if at is None else last_frame_at(archive, session, at)
    goes_on = session.state == "recording" or not is_now(session, last)
    facts = facts_of(
        connections_at(archive, session, last),
        archive.frames(session.session, last=last),
        ended=not goes_on,
    )
    heard = [*events(archive, session, last=last, aliases=aliases), *facts.oddities]
    return CheckInput(
        events=heard,
        transcript=fold(heard),
        connections=facts.connections,
        violations=facts.violations,
        last_frame=facts.last_frame,
        last_offset_us=facts.last_offset_us,
        recording=goes_on,
        last_at_us=facts.last_at_us,
    )


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
            if levels.get(_known(option, name), severity) is not severity:
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
    _known("--explain", name)
    return [rule for rule in engine.RULES if rule.id == name]
