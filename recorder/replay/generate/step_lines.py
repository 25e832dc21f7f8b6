"""The lines of a written script's steps, and how late it is by the last of them."""

from __future__ import annotations

import math
from typing import Any

from recorder.documents.writing import comment, entry

from ..language.verbs import VERBS, SendEnvelopeVerb, TimedVerb
from .pacing import NOTICED_S, Timeline, as_duration

USUAL_WITHIN_S = 10.0


class Sheet:
    """The steps of all consumers, in the order they are played.

    Attributes:
        lines: one for each step, and comments between them.
        reached_s: the latest moment of the recording that is over by now; None: none with a time.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.lines: list[str] = []
        self.reached_s: float | None = None

    def step(self, verb: str, says: dict[str, Any]) -> None:
        """One step, as short as it can be written."""
        self.lines.append(f"- {entry(verb, _shortened(verb, says))}")

    def note(self, text: str) -> None:
        """A comment."""
        self.lines.append(comment(text))

    def reach(self, at_s: float | None) -> None:
        """It is as late as this by now."""
        if at_s is not None:
            self.reached_s = at_s if self.reached_s is None else max(self.reached_s, at_s)

    def timed(
        self, at_s: float | None, verb: str, says: dict[str, Any], *, since_s: float | None
    ) -> dict[str, Any]:
        """What a step says that is to be done ``at_s``.

        With ``after``, counted from ``since_s``, when the message arrived that was awaited last; where
        none was, the time that is missing is waited for before.
        """
        pause_s = self.timeline.between_s(self.reached_s, at_s)
        if pause_s < NOTICED_S:
            return says
        if since_s is not None and issubclass(VERBS[verb], TimedVerb):
            return {**says, "after": as_duration(self.timeline.between_s(since_s, at_s))}
        self.step("wait", {"duration": as_duration(pause_s)})
        return says

    def within(self, at_s: float | None) -> dict[str, str]:
        """How long to wait for what came ``at_s``, if that is longer than usual."""
        if at_s is None or self.reached_s is None:
            return {}
        took_s = max(at_s - self.reached_s, self.timeline.between_s(self.reached_s, at_s))
        return {"within": f"{math.ceil(2 * took_s)}s"} if took_s * 2 > USUAL_WITHIN_S else {}


def _shortened(verb: str, says: dict[str, Any]) -> Any:
    """The bare value where that says everything; None where there is nothing to say."""
    short = VERBS[verb].short
    if not says or set(says) != {short}:
        return says or None
    bare = says[short] if short is not None else None
    if isinstance(bare, dict):
        return bare if SendEnvelopeVerb.long_form(bare) == says else says
    return bare
