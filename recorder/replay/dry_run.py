"""The dry run (``--dry-run``): the schedule of a script's steps, without playing them.

Times are seconds since the first connection. ``earliest_s`` assumes that every step before takes no longer
than it must, ``latest_s`` that every step takes as long as the script allows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pydantic import BaseModel

from recorder.counted import counted
from recorder.documents import DelayDistribution, Duration, restore_references
from recorder.documents.durations import NormalDelay, UniformDelay

from .language import verbs
from .language.script import Script, StandingRule, Step
from .run.describe import span


class PlannedReceipt(NamedTuple):
    """A receipt to send. ``after``: delay from the message's arrival, "never", "with …" or "step …"."""

    status: str
    message: str
    after: str


class ScheduledStep(NamedTuple):
    """One step of the schedule.

    Attributes:
        says: the step's arguments, shortened.
        earliest_s, latest_s: when it begins; ``latest_s`` None: unbounded.
        waits_for: what must happen before the next step, in words; None: nothing, or only time passes.
        receipts: those the step sends or suppresses, and the standing rule's for the message it awaits.
    """

    step: int
    line: int
    file: str | None
    round: int | None
    consumer: str
    verb: str
    says: str
    earliest_s: float
    latest_s: float | None
    waits_for: str | None
    receipts: tuple[PlannedReceipt, ...]

    def as_json(self) -> dict[str, object]:
        """One line of ``--dry-run --json``."""
        return {**self._asdict(), "receipts": [receipt._asdict() for receipt in self.receipts]}


def schedule(script: Script) -> Iterator[ScheduledStep]:
    """The schedule: one entry for each step, in order."""
    clock = _StepClock(script)
    receipt_steps = _receipt_steps(script)
    for step in script.steps:
        earliest_s, latest_s = clock.begin(step)
        yield ScheduledStep(
            step.number,
            step.line,
            step.file,
            step.round,
            step.consumer,
            step.verb,
            arguments_text(step.arguments),
            round(earliest_s, 6),
            round(latest_s, 6) if math.isfinite(latest_s) else None,
            _waits_for(step.arguments),
            tuple(_receipts(script, step, receipt_steps)),
        )
        clock.end(step)


def timetable_lines(rows: Iterable[ScheduledStep]) -> Iterator[str]:
    """The schedule as text: a line for each step, and under it one for each receipt."""
    listed = list(rows)
    several = len({row.consumer for row in listed}) > 1
    spans = [_start_range(row) for row in listed]
    locations = [_location(row) for row in listed]
    widths = len(str(len(listed))), max(map(len, locations), default=0), max(map(len, spans), default=0)
    for row, location, when in zip(listed, locations, spans, strict=True):
        head = f"{row.step:>{widths[0]}}  {location:<{widths[1]}}  {when:<{widths[2]}}  "
        who = f"{row.consumer}: " if several else ""
        waits = f"; waits for {row.waits_for}" if row.waits_for else ""
        yield f"{head}{who}{row.verb}{' ' if row.says else ''}{row.says}{waits}"
        for receipt in row.receipts:
            yield f"{' ' * len(head)}{receipt.status} for {receipt.message}: {receipt.after}"


def _location(row: ScheduledStep) -> str:
    file = f"{row.file}, " if row.file else ""
    round_text = f", round {row.round}" if row.round else ""
    return f"{file}line {row.line}{round_text}"


def _start_range(row: ScheduledStep) -> str:
    latest = "?" if row.latest_s is None else span(row.latest_s)
    return f"{span(row.earliest_s)}..{latest}"


# --- when -----------------------------------------------------------------------------------------------

# Number of requests sent one after the other; each may take as long as ``within``.
_REQUESTS = {verbs.OpenConversationVerb: 3, verbs.SendFileVerb: 3}
# Minimum and maximum number of frames; the rate applies between them too.
_FRAMES = {verbs.OpenConversationVerb: (2, 3), verbs.SendFileVerb: (2, 2)}


class TimeRange(NamedTuple):
    """Seconds, at least and at most; ``most_s`` is infinite where there is no bound."""

    least_s: float
    most_s: float

    def plus(self, other: TimeRange) -> TimeRange:
        """This range followed by another one."""
        return TimeRange(self.least_s + other.least_s, self.most_s + other.most_s)


_NO_TIME = TimeRange(0.0, 0.0)


class _StepClock:
    """Tracks the earliest and latest time at which the next step can begin.

    Where a rate is set, a step begins when its frame may be sent, less the ``after`` it waits by itself.
    """

    def __init__(self, script: Script) -> None:
        self._now = _NO_TIME
        self._spacing = dict.fromkeys(script.consumers, float(script.spacing))
        self._last_frame: dict[str, TimeRange] = {}
        self._longest_receipt_s = {name: _longest_delay_s(script.rule(name)) for name in script.consumers}
        self._awaited: set[str] = set()

    def begin(self, step: Step) -> TimeRange:
        """The earliest and latest time the step begins."""
        if _sends(step.arguments) and step.consumer in self._last_frame:
            spacing_s = self._spacing[step.consumer]  # as set now, not when the last frame was sent
            frame = self._last_frame[step.consumer].plus(TimeRange(spacing_s, spacing_s))
            pause = self._pause(step)
            least_s, most_s = self._now
            if math.isfinite(pause.most_s):
                most_s = max(most_s, frame.most_s - pause.most_s)
            self._now = TimeRange(max(least_s, frame.least_s - pause.least_s), most_s)
        return self._now

    def end(self, step: Step) -> None:
        """Advance by the duration of the step."""
        self._now = self._now.plus(self._pause(step))
        match step.arguments:
            case verbs.ChangeRateVerb(rate=rate):
                self._spacing[step.consumer] = float(rate)
            case verbs.AwaitVerb():
                self._awaited.add(step.consumer)
            case (
                verbs.AcceptVerb(after=DelayDistribution() as after)
                | verbs.ReadVerb(after=DelayDistribution() as after)
                | verbs.ReceiptVerb(after=DelayDistribution() as after)
            ):
                longest_s = max(self._longest_receipt_s[step.consumer], after.bounds_s[1])
                self._longest_receipt_s[step.consumer] = longest_s
        duration = _duration(step.arguments, self._longest_receipt_s[step.consumer])
        if _sends(step.arguments):
            duration = self._with_rate(step, duration)
        self._now = self._now.plus(duration)

    def _pause(self, step: Step) -> TimeRange:
        """The pause (``after``) before the step does anything."""
        if not isinstance(step.arguments, verbs.TimedVerb) or step.arguments.after is None:
            return _NO_TIME
        after = TimeRange(*step.arguments.after.bounds_s)
        # ``after`` counts from the awaited message, which may have arrived long ago.
        return after._replace(least_s=0.0) if step.consumer in self._awaited else after

    def _with_rate(self, step: Step, duration: TimeRange) -> TimeRange:
        """The duration with the rate between the step's frames; sets when its last frame is sent."""
        spacing_s = self._spacing[step.consumer]
        fewest, most = _FRAMES.get(type(step.arguments), (1, 1))
        most_s = duration.most_s + (most - 1) * spacing_s
        last_frame_s = max(most_s - getattr(step.arguments, "within", 0.0), 0.0)
        self._last_frame[step.consumer] = self._now.plus(TimeRange((fewest - 1) * spacing_s, last_frame_s))
        return TimeRange(duration.least_s + (fewest - 1) * spacing_s, most_s)


def _duration(arguments: verbs.Verb, receipts_s: float) -> TimeRange:
    """How long a step takes; ``receipts_s``: longest delay of planned receipts, which closing waits for."""
    within_s = getattr(arguments, "within", 0.0)
    match arguments:
        case verbs.WaitVerb():
            return TimeRange(*arguments.duration.bounds_s)
        case verbs.ExpectVerb() if arguments.for_ is not None:
            return TimeRange(arguments.for_, arguments.for_)
        case verbs.SendEnvelopeVerb() if arguments.as_ is None:
            return _NO_TIME
        case verbs.ReconnectVerb():
            return TimeRange(*(arguments.after or Duration(0)).bounds_s).plus(TimeRange(0.0, within_s))
        case verbs.CloseDialogVerb() | verbs.CloseConversationVerb():
            return TimeRange(0.0, receipts_s + within_s)
        case _:
            return TimeRange(0.0, within_s * _REQUESTS.get(type(arguments), 1))


def _longest_delay_s(rule: StandingRule) -> float:
    batch_s = rule.batch or 0.0
    return max((delay.bounds_s[1] + batch_s for delay in rule.delays().values()), default=0.0)


def _sends(arguments: verbs.Verb) -> bool:
    """Whether the step itself sends a frame, which the rate applies to."""
    return isinstance(arguments, verbs.TimedVerb) and not isinstance(arguments, verbs.DisconnectVerb)


# --- what -----------------------------------------------------------------------------------------------


def delay_text(delay: DelayDistribution) -> str:
    """A delay in script notation: ``200ms``, ``1.5s ± 500ms``, ``1s..3s``."""
    match delay:
        case NormalDelay():
            return f"{span(delay.mean_s)} ± {span(delay.deviation_s)}"
        case UniformDelay():
            return f"{span(delay.least_s)}..{span(delay.most_s)}"
        case _:
            return span(delay.bounds_s[0])


_SHOWN_ELSEWHERE = ("within", "for_", "as_", "consumer", "after", "with_")
LONGEST_SHOWN = 48


def arguments_text(arguments: verbs.Verb) -> str:
    """The arguments of a step on one line, without those that have their own column."""
    given = [name for name in type(arguments).model_fields if name in arguments.model_fields_set]
    parts = [_part(arguments, name) for name in given if name not in _SHOWN_ELSEWHERE]
    name, after = getattr(arguments, "as_", None), getattr(arguments, "after", None)
    if isinstance(after, DelayDistribution) and isinstance(arguments, verbs.TimedVerb | verbs.ReconnectVerb):
        parts.append(f"after {delay_text(after)}")
    return " ".join(part for part in (", ".join(parts), f"as {name}" if name else "") if part)


def _part(arguments: BaseModel, name: str) -> str:
    value = _value_text(getattr(arguments, name))
    return value if name == getattr(arguments, "short", None) else f"{name.rstrip('_')} {value}"


def _value_text(value: object) -> str:
    match value:
        case str() if value.isascii() and value.replace("_", "").replace("-", "").isalnum():
            return value
        case str():
            text = restore_references(value)
            return f'"{text}"' if len(text) <= LONGEST_SHOWN else f'"{text[:LONGEST_SHOWN]}…"'
        case verbs.Spacing():
            return "off" if not value else f"every {span(float(value))}"
        case DelayDistribution():
            return delay_text(value)
        case BaseModel():
            given = [name for name in type(value).model_fields if name in value.model_fields_set]
            return ", ".join(_part(value, name) for name in given) or "any"
        case tuple():
            return ", ".join(_value_text(one) for one in value)
        case dict():
            return str(value.get("type", "…"))
        case bytes():
            return f"{counted(len(value), 'byte')}"
        case None | bool():
            return str(value).lower()
        case _:
            return str(value)


def _waits_for(arguments: verbs.Verb) -> str | None:
    within = getattr(arguments, "within", None)
    match arguments:
        case verbs.ExpectVerb() if arguments.for_ is not None:
            return f"{span(arguments.for_)} in which it must not happen"
        case verbs.AwaitVerb():
            return f"that message, {span(arguments.within)} at most"
        case verbs.ExpectVerb():
            return f"that, {span(arguments.within)} at most"
        case verbs.SendEnvelopeVerb() if arguments.as_ is None:
            return None
        case verbs.CloseDialogVerb() | verbs.CloseConversationVerb():
            return f"planned receipts, then the answer, {span(arguments.within)} at most"
        case _:
            return None if within is None else f"the answer, {span(within)} at most"


# --- receipts -------------------------------------------------------------------------------------------


def _receipt_steps(script: Script) -> dict[tuple[int, str], int]:
    """(number of an ``await`` step, status) → the later step that gives this receipt of its message."""
    steps: dict[tuple[int, str], int] = {}
    named: dict[str | int, Step] = {}
    for step in script.steps:
        if isinstance(step.arguments, verbs.AcceptVerb | verbs.ReadVerb):
            for message in step.arguments.messages:
                naming_step = named.get(message)
                if naming_step is not None and naming_step.consumer == step.consumer:
                    steps.setdefault((naming_step.number, step.verb.upper()), step.number)
        name = getattr(step.arguments, "as_", None)
        if name is not None:
            named[name] = step
    return steps


def _receipts(
    script: Script, step: Step, receipt_steps: Mapping[tuple[int, str], int]
) -> Iterator[PlannedReceipt]:
    match step.arguments:
        case verbs.AwaitVerb() as arguments:
            message = arguments.as_ or "it"
            for status, delay in script.rule(step.consumer).delays().items():
                by = receipt_steps.get((step.number, status))
                yield PlannedReceipt(status, message, delay_text(delay) if by is None else f"step {by}")
        case verbs.AcceptVerb() | verbs.ReadVerb() | verbs.ReceiptVerb() as arguments:
            companion = getattr(arguments, "with_", None)
            after = _after_text(arguments.after) if companion is None else f"with {companion}"
            for one in arguments.messages:
                yield PlannedReceipt(getattr(arguments, "status", step.verb.upper()), str(one), after)


def _after_text(delay: DelayDistribution | str | None) -> str:
    if delay is None:
        return "at once"
    return delay_text(delay) if isinstance(delay, DelayDistribution) else delay
