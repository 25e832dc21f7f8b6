"""Fixtures of the receipts' tests: stories told event by event."""

from builders.story import mini, told

__all__ = ["mini", "told"]
