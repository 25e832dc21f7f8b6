"""The outcome of a script: results of steps, receipts sent, ends of connections."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ..language.script import ONLY_CONSUMER
from .actions import Ended

OK, FAILED, STOPPED, NOT_REACHED = "ok", "failed", "stopped", "not reached"


class StepResult(NamedTuple):
    """The result of one step.

    Attributes:
        number, verb, line: which step; number 0 is what goes before the first one.
        outcome: "ok", "failed", "stopped" (under way when everything ended) or "not reached".
        sentence: what came of it, or what went wrong. May quote the service: escape it for terminals.
        began_s, ended_s: by the clock that was handed in; None where not reached.
        shown: the transcript around a failure or a stop, one line per message, with frames.
        consumer: who carried it out.
        round: the round of its ``repeat``, from 1; None outside of any.
        file: the included file it stands in; None: the script itself.
    """

    number: int
    verb: str
    line: int
    outcome: str
    sentence: str
    began_s: float | None = None
    ended_s: float | None = None
    shown: tuple[str, ...] = ()
    consumer: str = ONLY_CONSUMER
    round: int | None = None
    file: str | None = None

    @property
    def place(self) -> str:
        """``step 3 (say by ben), greet.yaml, line 2, round 4``: where it is, for people."""
        by = f" by {self.consumer}" if self.consumer != ONLY_CONSUMER else ""
        file = f"{self.file}, " if self.file is not None else ""
        time_round = f", round {self.round}" if self.round is not None else ""
        return f"step {self.number} ({self.verb}{by}), {file}line {self.line}{time_round}"


class ReceiptSent(NamedTuple):
    """One timed receipt: planned for ``due_s``, sent at ``sent_s`` in frame ``frame``.

    Receipts that leave together (a list, ``with``, a batch) have one frame and one ``due_s``. ``step`` is
    the number of the step that asked for it, None for the standing rule.
    """

    dialog_id: str
    sequence: int
    status: str
    step: int | None
    due_s: float
    sent_s: float
    frame: int
    consumer: str = ONLY_CONSUMER

    @property
    def late_s(self) -> float:
        """How much too late; never negative on a clock that never goes back."""
        return self.sent_s - self.due_s


class Lateness(NamedTuple):
    """How late receipts left, in seconds after they were due; one sample for each frame of receipts.

    Percentiles are samples, never something between two. With no samples the numbers are 0.
    """

    samples: int
    p50_s: float
    p99_s: float
    max_s: float


class ConnectionEnd(NamedTuple):
    """How one connection of one consumer ended, at ``at_s``."""

    consumer: str
    connection: int
    ended: Ended
    at_s: float


class ScriptOutcome(NamedTuple):
    """The outcome of one script.

    Attributes:
        results: one per step, in order.
        receipts: every receipt that was sent, in order.
        problems: what else went wrong, in sentences: it makes the script fail.
        notes: what is worth knowing, and makes nothing fail.
        ended: how the first consumer's last connection ended, in a few words; None while it has not.
        endings: the ends of all connections, in order.
        seed: what delays were drawn with.
    """

    results: tuple[StepResult, ...]
    receipts: tuple[ReceiptSent, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    ended: str | None
    endings: tuple[ConnectionEnd, ...] = ()
    seed: int = 0

    @property
    def passed(self) -> bool:
        """Whether everything came out as the script says."""
        return not self.problems and all(result.outcome == OK for result in self.results)

    @property
    def failure(self) -> str | None:
        """The first thing that went wrong, as one sentence; None if nothing did."""
        for result in self.results:
            if result.outcome == FAILED:
                return f"{result.place}: {result.sentence}"
        return self.problems[0] if self.problems else None

    def lateness(self) -> Lateness:
        """How late the receipts left."""
        late_s = sorted({receipt.frame: receipt.late_s for receipt in self.receipts}.values())
        if not late_s:
            return Lateness(0, 0.0, 0.0, 0.0)
        return Lateness(len(late_s), _share(late_s, 0.5), _share(late_s, 0.99), late_s[-1])


def _share(ordered: Sequence[float], share: float) -> float:
    """The smallest sample that so many of them do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
