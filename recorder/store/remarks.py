"""Where remarks for the user go. Loads no database library."""

from __future__ import annotations

from collections.abc import Callable

Notify = Callable[[str], None]
"""Called with a sentence for the user: what was done or found, or how far it is."""


def silent(_sentence: str) -> None:
    """Discard the sentence: the default where ``say`` is not given."""
