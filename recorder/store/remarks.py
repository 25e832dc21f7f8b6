"""Where remarks for the user go. Loads no database library."""

from __future__ import annotations

from collections.abc import Callable

Notify = Callable[[str], None]
"""Called with a sentence for the user: what was done or found, or how far it is."""


class ProgressLine(str):
    """A remark on how far something is.

    Attributes:
        doing: what is being done.
        share: how much of it is done, from 0 to 1; None if nobody knows.
    """

    doing: str
    share: float | None

    def __new__(cls, line: str, doing: str, share: float | None) -> ProgressLine:
        """``line`` says all of it."""
        made = super().__new__(cls, line)
        made.doing, made.share = doing, share
        return made


def silent(_sentence: str) -> None:
    """Discard the sentence: the default where ``say`` is not given."""
