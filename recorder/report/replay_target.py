"""Where a script is played, and who chose that: the first thing every replay tells."""

from __future__ import annotations

from typing import NamedTuple

SIMULATOR, SERVICE = "simulator", "service"


class ReplayTarget(NamedTuple):
    """Where a script is played.

    Attributes:
        url: of the service, without secrets; those of consumers that connect elsewhere, joined by ", ". None:
            the built-in simulator.
        chosen_by: the option that says so, as on the command line; "default" where none does.
        because: more of that in a few words, for people; empty where the option says all.
    """

    url: str | None
    chosen_by: str
    because: str = ""

    @property
    def target(self) -> str:
        """``simulator`` or ``service``."""
        return SIMULATOR if self.url is None else SERVICE

    @property
    def words(self) -> str:
        """``the built-in simulator``, or the URL."""
        return "the built-in simulator" if self.url is None else self.url

    @property
    def sentence(self) -> str:
        """``target: the built-in simulator (no --url, and the script names none)``."""
        return f"target: {self.words} ({self.because or self.chosen_by})"


def target_json(target: ReplayTarget) -> dict[str, str | None]:
    """The first object of ``replay --json``."""
    return {"target": target.target, "url": target.url, "chosen_by": target.chosen_by}
