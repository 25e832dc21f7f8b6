"""Findings of the check rules: outcome, severity, frames and one sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """Result of a rule."""

    VIOLATED = "violated"
    """The recording shows that it does not hold."""
    SATISFIED = "satisfied"
    """It held wherever the recording gave it something to look at."""
    NOT_OBSERVABLE = "not-observable"
    """This recording cannot tell."""


class Severity(StrEnum):
    """Severity of a violation; only an error makes the command fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Finding(NamedTuple):
    """One outcome of one rule.

    Attributes:
        rule: the rule's id.
        outcome, severity: how it came out, and how grave a violation of this rule is.
        dialog, sequence: the message it is about, None where it is about none or several.
        frames: numbers of the frames that show it, in order; the first twenty where there are more.
        sentence: one sentence.
    """

    rule: str
    outcome: Outcome
    severity: Severity
    dialog: str | None
    sequence: int | None
    frames: tuple[int, ...]
    sentence: str

    @property
    def fails(self) -> bool:
        """Whether this makes a check fail: a violated rule of severity error."""
        return self.outcome is Outcome.VIOLATED and self.severity is Severity.ERROR


@dataclass(frozen=True, slots=True)
class Limits:
    """How long is too long, and how short too short, in seconds.

    Attributes:
        accept_within_s, read_within_s: what is promised; None: nothing is, and nothing can be late.
        min_read_s: a READ faster than this came before anything could be shown to a person.
        accept_patience_s, read_patience_s: how long to have watched before a missing receipt is
            remarked on, where nothing is promised.
        answer_patience_s: the same for the answer to a request.
        retry_after_s: how long to wait after a 429.
        silence_s: how long a connection may say nothing before its close is remarked on.
    """

    accept_within_s: float | None = None
    read_within_s: float | None = None
    min_read_s: float = 0.1
    accept_patience_s: float = 10.0
    read_patience_s: float = 60.0
    answer_patience_s: float = 10.0
    retry_after_s: float = 1.0
    silence_s: float = 60.0


class Observation(NamedTuple):
    """What a rule found in one place, before it becomes a ``Finding``; the fields are those of a finding."""

    outcome: Outcome
    sentence: str = ""
    frames: tuple[int, ...] = ()
    dialog: str | None = None
    sequence: int | None = None


SATISFIED = Observation(Outcome.SATISFIED)
"""The rule holds here."""


def violated(
    sentence: str, *frames: int, dialog: str | None = None, sequence: int | None = None
) -> Observation:
    """The rule is violated here."""
    return Observation(Outcome.VIOLATED, sentence, frames, dialog, sequence)


def not_observable(
    sentence: str, *frames: int, dialog: str | None = None, sequence: int | None = None
) -> Observation:
    """The recording does not show whether the rule holds here."""
    return Observation(Outcome.NOT_OBSERVABLE, sentence, frames, dialog, sequence)


_LISTED = 8


def numbers(values: tuple[int, ...]) -> str:
    """``1, 2, 7``; of a long list the first few and how many more."""
    shown = ", ".join(map(str, values[:_LISTED]))
    more = len(values) - _LISTED
    return shown if more <= 0 else f"{shown} and {more} more"


def messages(values: tuple[int, ...]) -> str:
    """``message 3``, ``messages 1, 2, 7``."""
    return f"message{'' if len(values) == 1 else 's'} {numbers(values)}"


def refused(code: int, reason: str | None) -> str:
    """``was answered with 400: "no such dialog"``."""
    return f"was answered with {code}" if reason is None else f"was answered with {code}: {reason}"


def span(seconds: float) -> str:
    """``0.015 s``, ``2 m 5 s``: a time for people."""
    if abs(seconds) < 120:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest} s"


def repeated_sentence(first: str, findings: Sequence[Finding] | Sequence[Observation]) -> str:
    """One sentence for several not-observable findings of a rule, with that of the first.

    It names the messages they are about, if all are about messages of one dialog.
    """
    sequences = tuple(sorted({each.sequence for each in findings if each.sequence is not None}))
    about_messages = all(each.sequence is not None for each in findings)
    one_dialog = len({each.dialog for each in findings}) == 1
    where = f" ({messages(sequences)})" if about_messages and one_dialog else ""
    return f"{len(findings)} times this recording cannot tell{where}; the first time: {first}"
