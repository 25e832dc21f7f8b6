"""What a script will do and when, without doing it: the dry run.

Times are seconds after the first connection. A step begins at ``earliest_s`` if everything it comes after
takes no time at all, and at ``latest_s`` if everything takes as long as the script lets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pydantic import BaseModel

from recorder.documents import Delay, Duration, with_references

from .language.script import Script, Step
from .language.sections import StandingRule
from .language.verb_model import Verb
from .language.verbs import (
    Accept,
    Await,
    ChangeRate,
    CloseConversation,
    CloseDialog,
    Disconnect,
    Expect,
    OpenConversation,
    Read,
    Receipt,
    Reconnect,
    SendEnvelope,
    SendFile,
    Spacing,
    Timed,
    Wait,
)
from .run.describe import span


class PlannedReceipt(NamedTuple):
    """A receipt for a message. ``after`` is when: a delay from its arrival, never, "with …" or "step …"."""

    status: str
    message: str
    after: str


class Row(NamedTuple):
    """One step of the timetable.

    Attributes:
        says: what the step says besides its verb, in short.
        earliest_s, latest_s: when it begins; ``latest_s`` None: there is no saying how late.
        waits_for: what has to happen before the next step, in words; None: nothing, or time has to pass.
        receipts: those the step sends or puts off, and those of the standing rule for what it waits for.
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


def timetable(script: Script) -> Iterator[Row]:
    """One row for each step, in order."""
    clocks = _Clocks(script)
    later = _LaterReceipts(script)
    for step in script.steps:
        earliest_s, latest_s = clocks.begin(step)
        yield Row(
            step.number,
            step.line,
            step.file,
            step.round,
            step.consumer,
            step.verb,
            in_short(step.says),
            round(earliest_s, 6),
            None if latest_s is None else round(latest_s, 6),
            _waits_for(step.says),
            tuple(_receipts(script, step, later)),
        )
        clocks.end(step)


def timetable_lines(rows: Iterable[Row]) -> Iterator[str]:
    """The timetable for people: a line for each step, and under it one for each receipt."""
    listed = list(rows)
    several = len({row.consumer for row in listed}) > 1
    spans = [_span(row) for row in listed]
    places = [_place(row) for row in listed]
    widths = len(str(len(listed))), max(map(len, places), default=0), max(map(len, spans), default=0)
    for row, place, when in zip(listed, places, spans, strict=True):
        head = f"{row.step:>{widths[0]}}  {place:<{widths[1]}}  {when:<{widths[2]}}  "
        who = f"{row.consumer}: " if several else ""
        waits = f"; waits for {row.waits_for}" if row.waits_for else ""
        yield f"{head}{who}{row.verb}{' ' if row.says else ''}{row.says}{waits}"
        for receipt in row.receipts:
            yield f"{' ' * len(head)}{receipt.status} for {receipt.message}: {receipt.after}"


def _place(row: Row) -> str:
    file = f"{row.file}, " if row.file else ""
    time_round = f", round {row.round}" if row.round else ""
    return f"{file}line {row.line}{time_round}"


def _span(row: Row) -> str:
    latest = "?" if row.latest_s is None else span(row.latest_s)
    return f"{span(row.earliest_s)}..{latest}"


# --- when -----------------------------------------------------------------------------------------------

# Requests that are asked one after the other; each may take as long as ``within`` says.
_REQUESTS = {OpenConversation: 3, SendFile: 3}
# Frames that leave one after the other, at the least and at the most: the rate holds between them too.
_FRAMES = {OpenConversation: (2, 3), SendFile: (2, 2)}


class _Clocks:
    """The soonest and the latest that it can be by now.

    Where there is a rate, a step begins when its frame may leave, less the time that it waits by itself.
    """

    def __init__(self, script: Script) -> None:
        self._now: tuple[float, float | None] = (0.0, 0.0)
        self._spacing = dict.fromkeys(script.consumers, float(script.spacing))
        self._free: dict[str, tuple[float, float | None]] = {}
        self._longest = {name: _longest_of(script.rule(name)) for name in script.consumers}
        self._awaited: set[str] = set()

    def begin(self, step: Step) -> tuple[float, float | None]:
        """When the step begins."""
        if _sends(step.says) and step.consumer in self._free:
            (free_s, latest_free_s), (least_s, most_s) = self._free[step.consumer], self._rests(step)
            self._now = max(self._now[0], free_s - least_s), self._now[1]
            if most_s is not None:
                self._now = self._now[0], _later(self._now[1], _sum(latest_free_s, -most_s))
        return self._now

    def end(self, step: Step) -> None:
        """The step is over."""
        if isinstance(step.says, ChangeRate):
            self._spacing[step.consumer] = float(step.says.rate)
        self._now = _plus(self._now, *self._rests(step))
        if isinstance(step.says, Await):
            self._awaited.add(step.consumer)
        if isinstance(step.says, Accept | Read | Receipt) and isinstance(step.says.after, Delay):
            self._longest[step.consumer] = _later(self._longest[step.consumer], step.says.after.longest_s)
        least_s, most_s = _takes(step.says, self._longest[step.consumer])
        if _sends(step.says):
            least_s, most_s = self._paced(step, least_s, most_s)
        self._now = _plus(self._now, least_s, most_s)

    def _rests(self, step: Step) -> tuple[float, float | None]:
        """How long the step waits by itself before it does anything, at the least and at the most."""
        if not isinstance(step.says, Timed) or step.says.after is None:
            return 0.0, 0.0
        # What is counted from a message may be over already: that may be long there.
        least_s = 0.0 if step.consumer in self._awaited else step.says.after.shortest_s
        return least_s, step.says.after.longest_s

    def _paced(self, step: Step, least_s: float, most_s: float | None) -> tuple[float, float | None]:
        """How long it takes with the rate held between its frames; notes when the next one may leave."""
        spacing_s = self._spacing[step.consumer]
        fewest, most = _FRAMES.get(type(step.says), (1, 1))
        most_s = _sum(most_s, (most - 1) * spacing_s)
        answer_s = getattr(step.says, "within", 0.0)
        left_s = None if most_s is None else max(most_s - answer_s, 0.0)
        self._free[step.consumer] = _plus(self._now, fewest * spacing_s, _sum(left_s, spacing_s))
        return least_s + (fewest - 1) * spacing_s, most_s


def _takes(says: Verb, receipts_s: float | None) -> tuple[float, float | None]:
    """How long a step takes at the least and at the most; ``receipts_s``: until planned receipts are out."""
    match says:
        case Wait():
            return says.duration.shortest_s, says.duration.longest_s
        case Expect() if says.for_ is not None:
            return says.for_, says.for_
        case SendEnvelope() if says.as_ is None:
            return 0.0, 0.0
        case Reconnect():
            after = says.after or Duration(0)
            return after.shortest_s, _sum(after.longest_s, says.within)
        case CloseDialog() | CloseConversation():
            return 0.0, _sum(receipts_s, says.within)
    within = getattr(says, "within", 0.0)
    return 0.0, within * _REQUESTS.get(type(says), 1)


def _longest_of(rule: StandingRule) -> float | None:
    longest: float | None = 0.0
    for delay in rule.delays().values():
        longest = _later(longest, _sum(delay.longest_s, rule.batch or 0.0))
    return longest


def _plus(
    now: tuple[float, float | None], least_s: float, most_s: float | None
) -> tuple[float, float | None]:
    return now[0] + least_s, _sum(now[1], most_s)


def _sum(one_s: float | None, other_s: float | None) -> float | None:
    return None if one_s is None or other_s is None else one_s + other_s


def _later(one_s: float | None, other_s: float | None) -> float | None:
    return None if one_s is None or other_s is None else max(one_s, other_s)


_SILENT = (Wait, Await, Expect, ChangeRate, Accept, Read, Receipt, Disconnect, Reconnect)


def _sends(says: Verb) -> bool:
    """Whether a frame of the step itself leaves, for which the rate counts."""
    return not isinstance(says, _SILENT)


# --- what -----------------------------------------------------------------------------------------------


def in_words(delay: Delay) -> str:
    """``200ms``, ``1.5s ± 500ms``, ``1s..3s``: as a script writes it."""
    spread = [span(getattr(delay, part)) for part in _PARTS if hasattr(delay, part)]
    if isinstance(delay, Duration):
        return span(delay)
    return (" ± " if hasattr(delay, "mean_s") else "..").join(spread)


_PARTS = ("mean_s", "deviation_s", "least_s", "most_s")
_SAID_ELSEWHERE = ("within", "for_", "as_", "consumer", "after", "with_")
LONGEST_SHOWN = 48


def in_short(says: Verb) -> str:
    """What a step says besides its verb, on one line."""
    said = [name for name in type(says).model_fields if name in says.model_fields_set]
    parts = [_part(says, name) for name in said if name not in _SAID_ELSEWHERE]
    name, after = getattr(says, "as_", None), getattr(says, "after", None)
    if isinstance(after, Delay) and isinstance(says, Timed | Reconnect):
        parts.append(f"after {in_words(after)}")
    return " ".join(part for part in (", ".join(parts), f"as {name}" if name else "") if part)


def _part(says: BaseModel, name: str) -> str:
    value = _shown(getattr(says, name))
    return value if name == getattr(says, "short", None) else f"{name.rstrip('_')} {value}"


def _shown(value: object) -> str:
    match value:
        case str() if value.isascii() and value.replace("_", "").replace("-", "").isalnum():
            return value
        case str():
            text = with_references(value)
            return f'"{text}"' if len(text) <= LONGEST_SHOWN else f'"{text[:LONGEST_SHOWN]}…"'
        case Spacing():
            return "off" if not value else f"every {span(float(value))}"
        case Delay():
            return in_words(value)
        case BaseModel():
            said = [name for name in type(value).model_fields if name in value.model_fields_set]
            return ", ".join(_part(value, name) for name in said) or "any"
        case tuple():
            return ", ".join(_shown(one) for one in value)
        case dict():
            return str(value.get("type", "…"))
        case bytes():
            return f"{len(value)} bytes"
        case None | bool():
            return str(value).lower()
        case _:
            return str(value)


def _waits_for(says: Verb) -> str | None:
    within = getattr(says, "within", None)
    match says:
        case Expect() if says.for_ is not None:
            return f"{span(says.for_)} in which it must not happen"
        case Await():
            return f"that message, {span(says.within)} at most"
        case Expect():
            return f"that, {span(says.within)} at most"
        case SendEnvelope() if says.as_ is None:
            return None
        case CloseDialog() | CloseConversation():
            return f"planned receipts, then the answer, {span(says.within)} at most"
        case _:
            return None if within is None else f"the answer, {span(within)} at most"


# --- receipts -------------------------------------------------------------------------------------------


class _LaterReceipts:
    """Which later step sees to the receipt of a message that gets its name here, in place of the rule."""

    def __init__(self, script: Script) -> None:
        self._by: dict[tuple[int, str], int] = {}
        bound: dict[str, Step] = {}
        for step in script.steps:
            if isinstance(step.says, Accept | Read):
                for message in step.says.messages:
                    giver = bound.get(message) if isinstance(message, str) else None
                    if giver is not None and giver.consumer == step.consumer:
                        self._by.setdefault((giver.number, step.verb.upper()), step.number)
            name = getattr(step.says, "as_", None)
            if name is not None:
                bound[name] = step

    def step_for(self, step: Step, status: str) -> int | None:
        return self._by.get((step.number, status))


def _receipts(script: Script, step: Step, later: _LaterReceipts) -> Iterator[PlannedReceipt]:
    match step.says:
        case Await() as says:
            message = says.as_ or "it"
            for status, delay in script.rule(step.consumer).delays().items():
                by = later.step_for(step, status)
                yield PlannedReceipt(status, message, in_words(delay) if by is None else f"step {by}")
        case Accept() | Read() as says:
            after = f"with {says.with_}" if says.with_ is not None else _after(says.after)
            for one in says.messages:
                yield PlannedReceipt(step.verb.upper(), str(one), after)
        case Receipt() as says:
            for one in says.messages:
                yield PlannedReceipt(says.status, str(one), _after(says.after))


def _after(delay: Delay | str | None) -> str:
    if delay is None:
        return "at once"
    return in_words(delay) if isinstance(delay, Delay) else delay
