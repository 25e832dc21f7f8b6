"""Fixtures of the rules' tests: small sessions, envelope by envelope."""

from builders.story import mini, told

__all__ = ["mini", "told"]
