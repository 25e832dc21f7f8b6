"""How many of something, in words."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """``1 frame``, ``2 frames``, ``1,000 frames``."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
