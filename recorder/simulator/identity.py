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


def _subject_of(token: str) -> str | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = orjson.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return None
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return subject if isinstance(subject, str) and 0 < len(subject) <= LONGEST_ID else None
