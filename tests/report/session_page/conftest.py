"""Events of one dialog."""

from builders.sessions import build

__all__ = ["build"]
