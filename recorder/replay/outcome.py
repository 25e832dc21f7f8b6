"""What came of playing a script."""

from __future__ import annotations

from typing import NamedTuple

OK, FAILED, NOT_REACHED = "ok", "failed", "not reached"


class StepResult(NamedTuple):
    """What came of one step.

    Attributes:
        number, verb, line: which step; number 0 is what goes before the first one.
        outcome: "ok", "failed" or "not reached".
        says: one sentence; what went wrong, if it did. May hold text of others: escape it for terminals.
        began_s, ended_s: by the clock that was handed in; None where not reached.
        shown: the transcript around a failure, one line per message, with frames.
    """

    number: int
    verb: str
    line: int
    outcome: str
    says: str
    began_s: float | None = None
    ended_s: float | None = None
    shown: tuple[str, ...] = ()


class ReceiptSent(NamedTuple):
    """One timed receipt: planned for ``due_s``, gone at ``sent_s`` in frame ``frame``."""

    dialog_id: str
    sequence: int
    status: str
    step: int | None
    due_s: float
    sent_s: float
    frame: int

    @property
    def late_s(self) -> float:
        """How much too late; never negative on a clock that never goes back."""
        return self.sent_s - self.due_s


class Outcome(NamedTuple):
    """What came of a script.

    Attributes:
        results: one per step, in order.
        receipts: every receipt that went out, in order.
        troubles: what else went wrong, in sentences: it makes the script fail.
        notes: what is worth knowing, and makes nothing fail.
        ended: how the connection ended, and by whom, in a few words; None while it has not.
    """

    results: tuple[StepResult, ...]
    receipts: tuple[ReceiptSent, ...]
    troubles: tuple[str, ...]
    notes: tuple[str, ...]
    ended: str | None

    @property
    def passed(self) -> bool:
        """Whether everything came out as the script says."""
        return not self.troubles and all(result.outcome == OK for result in self.results)

    @property
    def failure(self) -> str | None:
        """The first thing that went wrong, as one sentence; None if nothing did."""
        for result in self.results:
            if result.outcome == FAILED:
                return f"step {result.number} ({result.verb}), line {result.line}: {result.says}"
        return self.troubles[0] if self.troubles else None
