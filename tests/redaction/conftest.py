"""Fixtures: the frames that were published, and tokens to hide."""

from builders.payloads import make_jwt, published

__all__ = ["make_jwt", "published"]
