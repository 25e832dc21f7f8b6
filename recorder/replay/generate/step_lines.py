"""The ``steps:`` lines of a generated script, and the recorded time they have reached."""

from __future__ import annotations

import math
from typing import Any

from recorder.documents import TooLarge
from recorder.documents.durations import LONGEST_S
from recorder.documents.reading import MAX_CHARACTERS
from recorder.documents.writing import comment, entry

from ..language.verbs import VERBS, SendEnvelopeVerb, TimedVerb
from .pacing import NOTICED_S, Timeline, as_duration
from .read_back import ReadBack

USUAL_WITHIN_S = 10.0
_FILE = "the script"


class StepLines:
    """Collects the steps of all consumers, in the order they are played.

    Attributes:
        lines: one for each step, and comments between them.
        is_empty: whether there are only comments.
        literal: the frames of requests that stay as they were recorded.
        reached_s: the latest recorded time that the lines so far cover; None: none with a time.
    """

    def __init__(self, timeline: Timeline, read_back: ReadBack | None = None) -> None:
        self.timeline = timeline
        self.lines: list[str] = []
        self.reached_s: float | None = None
        self.is_empty = True
        self.literal: list[int] = []
        self._characters = 0
        self._read_back = ReadBack() if read_back is None else read_back

    def step(self, verb: str, arguments: dict[str, Any]) -> str | None:
        """Add a step, in its shortest form, if it loads; else return why it does not.

        Raises:
            TooLarge: with it the steps have more characters than a script may have.
        """
        line = f"- {entry(verb, _shortened(verb, arguments))}"
        problem = self._read_back.step(line)
        if problem is None:
            self.lines.append(line)
            self.is_empty = False
            self._characters += len(line)
            if self._characters > MAX_CHARACTERS:
                raise TooLarge(_FILE, f"its steps have more than {MAX_CHARACTERS:,} characters, the limit")
        return problem

    def note_literal(self, frame: int, problem: str) -> None:
        """Note that the request in this frame is sent as it was recorded."""
        self.literal.append(frame)
        self.note(f"frame {frame} stays as it was recorded: {problem}")

    def note(self, text: str) -> None:
        """Add a comment."""
        self.lines.append(comment(text))

    def advance_to(self, at_s: float | None) -> None:
        """Raise ``reached_s`` to this recorded time; None changes nothing."""
        if at_s is not None:
            self.reached_s = at_s if self.reached_s is None else max(self.reached_s, at_s)

    def timed(
        self, at_s: float | None, verb: str, arguments: dict[str, Any], *, since_s: float | None
    ) -> dict[str, Any]:
        """The arguments of a step to be played at the recorded time ``at_s``.

        ``after`` is added where the verb takes it, counted from ``since_s``, the arrival of the message
        awaited last. Otherwise a ``wait`` step for the missing time is added before.
        """
        pause_s = self.timeline.between_s(self.reached_s, at_s)
        if pause_s < NOTICED_S:
            return arguments
        if since_s is not None and issubclass(VERBS[verb], TimedVerb):
            return {**arguments, "after": as_duration(self.timeline.between_s(since_s, at_s))}
        self.step("wait", {"duration": as_duration(pause_s)})
        return arguments

    def within(self, at_s: float | None) -> dict[str, str]:
        """The ``within`` argument for what came at ``at_s``, where the default could be too short."""
        if at_s is None or self.reached_s is None:
            return {}
        took_s = max(at_s - self.reached_s, self.timeline.between_s(self.reached_s, at_s))
        within_s = math.ceil(min(2 * took_s, LONGEST_S))
        return {"within": f"{within_s}s"} if within_s > USUAL_WITHIN_S else {}


def _shortened(verb: str, arguments: dict[str, Any]) -> Any:
    """The short form where one exists: the bare value, or None for no arguments."""
    short = VERBS[verb].short
    if not arguments or set(arguments) != {short}:
        return arguments or None
    bare = arguments[short] if short is not None else None
    if isinstance(bare, dict):
        return bare if SendEnvelopeVerb.long_form(bare) == arguments else arguments
    return bare
