"""Findings of the check rules: outcome, severity, frames and one sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
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


class Placeholder(Enum):
    """What a sentence says of the moment it is looked at."""

    SECONDS = "seconds"
    """The time from ``since`` to the end of what is looked at."""
    END = "end"
    """What ended then, and after which frame."""


class End(NamedTuple):
    """The end of what is looked at: the latest times, and what ended, in words."""

    offset_us: int | None
    at_us: int | None
    words: str


class OpenSentence(NamedTuple):
    """A sentence about what has not come so far, which is another at each later moment.

    Attributes:
        parts: its text, with placeholders.
        offset_us, at_us: since when it has not come, on our clocks; ``frame`` is the frame of that time.
    """

    parts: tuple[str | Placeholder, ...]
    offset_us: int | None = None
    at_us: int | None = None
    frame: int = 0

    def text(self, end: End) -> str:
        """The sentence as of this end."""
        return "".join(
            part
            if isinstance(part, str)
            else end.words
            if part is Placeholder.END
            else span(self._seconds(end))
            for part in self.parts
        )

    def _seconds(self, end: End) -> float:
        if self.offset_us is not None and end.offset_us is not None:
            passed_us = end.offset_us - self.offset_us
        else:
            passed_us = (end.at_us or 0) - (self.at_us or 0)
        return max(passed_us / 1_000_000, 0.0)


class Observation(NamedTuple):
    """What a rule found in one place, before it becomes a ``Finding``; the fields are those of a finding."""

    outcome: Outcome
    sentence: str | OpenSentence = ""
    frames: tuple[int, ...] = ()
    dialog: str | None = None
    sequence: int | None = None


SATISFIED = Observation(Outcome.SATISFIED)
"""The rule holds here."""


def violated(
    sentence: str | OpenSentence, *frames: int, dialog: str | None = None, sequence: int | None = None
) -> Observation:
    """The rule is violated here."""
    return Observation(Outcome.VIOLATED, sentence, frames, dialog, sequence)


def not_observable(
    sentence: str | OpenSentence, *frames: int, dialog: str | None = None, sequence: int | None = None
) -> Observation:
    """The recording does not show whether the rule holds here."""
    return Observation(Outcome.NOT_OBSERVABLE, sentence, frames, dialog, sequence)


LISTED = 8
"""So many numbers of a list are written out."""

FRAMES_SHOWN = 20
"""The most frames a finding lists: the earliest."""


def numbers(values: Sequence[int], count: int | None = None) -> str:
    """``1, 2, 7``; of a long list the first few and how many more; ``count``: of more than ``values``."""
    shown = ", ".join(map(str, values[:LISTED]))
    more = (len(values) if count is None else count) - LISTED
    return shown if more <= 0 else f"{shown} and {more} more"


def messages(values: Sequence[int], count: int | None = None) -> str:
    """``message 3``, ``messages 1, 2, 7``."""
    several = (len(values) if count is None else count) != 1
    return f"message{'s' if several else ''} {numbers(values, count)}"


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
