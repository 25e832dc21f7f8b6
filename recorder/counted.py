"""How many of something, in words."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """``1 frame``, ``2 frames``, ``1,000 frames``."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def counted_was(number: int, what: str) -> str:
    """``1 frame was``, ``2 frames were``."""
    return f"{counted(number, what)} {'was' if number == 1 else 'were'}"


def counted_is(number: int, what: str) -> str:
    """``1 frame is``, ``2 frames are``."""
    return f"{counted(number, what)} {'is' if number == 1 else 'are'}"
