"""Who a token speaks for. Any token is let in: nothing is verified, and none is kept."""

from __future__ import annotations

import binascii
import hashlib
from base64 import urlsafe_b64decode

import orjson

LONGEST_ID = 128


def consumer_of(token: str) -> str:
    """The consumer's id: the token's ``sub`` claim if it is a JWT that has one, else made from the token.

    The same token always gives the same id; what is made from a token does not give the token away.
    """
    return _subject_of(token) or hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


def name_of(token: str) -> str | None:
    """What the token calls its consumer (claim ``name``), which rules of the agent may ask for."""
    return _claim(token, "name")


def _subject_of(token: str) -> str | None:
    return _claim(token, "sub")


def _claim(token: str, which: str) -> str | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = orjson.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return None
    claim = claims.get(which) if isinstance(claims, dict) else None
    return claim if isinstance(claim, str) and 0 < len(claim) <= LONGEST_ID else None
