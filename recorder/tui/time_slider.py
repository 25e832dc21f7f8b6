"""The moment that is looked at: all of the session as it goes on, or as of one of its frames."""

from __future__ import annotations

from dataclasses import dataclass, replace

_SHARE = 20
"""A big step is one part in so many of the session."""


@dataclass(frozen=True, slots=True)
class TimeSlider:
    """Where the slider stands.

    Attributes:
        last: number of the last frame that is known.
        at: the frame that everything is shown as of; None: everything, and what comes.
    """

    last: int = 0
    at: int | None = None

    @property
    def is_live(self) -> bool:
        """Whether everything is shown."""
        return self.at is None

    @property
    def when(self) -> str | None:
        """The moment as ``--at`` takes it: ``#12``; None if everything is shown."""
        return None if self.at is None else f"#{self.at}"

    def grown(self, last: int) -> TimeSlider:
        """The same with frames up to ``last``."""
        return self if last <= self.last else replace(self, last=last)

    def moved(self, steps: int, *, big: bool = False) -> TimeSlider:
        """The moment so many frames (or twentieths of the session) later, or earlier.

        Behind the last frame everything is shown again.
        """
        size = max(self.last // _SHARE, 1) if big else 1
        at = (self.last if self.at is None else self.at) + steps * size
        return self.placed(max(at, 0))

    def placed(self, at: int | None) -> TimeSlider:
        """As of this frame, or of now."""
        return replace(self, at=None if at is None or at >= self.last else at)

    def bar(self, width: int) -> str:
        """A line of so many columns, with a mark where the moment is."""
        room = max(width - 1, 0)
        at = self.last if self.at is None else self.at
        before = room if not self.last else round(room * at / self.last)
        return f"{'━' * before}●{'─' * (room - before)}"
