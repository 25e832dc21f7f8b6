"""Fixtures of the receipts' tests: events one by one, and small sessions envelope by envelope."""

from builders.sessions import build, session

__all__ = ["build", "session"]
