"""Fixtures of the rules' tests: small sessions, envelope by envelope."""

from builders.sessions import session

__all__ = ["session"]
