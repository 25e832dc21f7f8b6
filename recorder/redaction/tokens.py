"""Claims of a token, and the placeholder that keeps some of them once the token is gone.

A placeholder reads ``⟦jwt:3f9a1c22 sub=… aud=… exp=…⟧``: what kind of secret stood here, eight digits
that are equal for equal secrets of one recording, and those claims that others need to join on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final, NamedTuple

import orjson


class TokenClaims(NamedTuple):
    """The claims a recording keeps. None where absent, or where the value is no plain word."""

    sub: str | None
    aud: str | None
    exp: int | None


_CLAIM: Final = r"[A-Za-z0-9._:@+-]{1,128}"
PLACEHOLDER: Final = re.compile(
    rf"⟦(?P<word>[a-z]{{1,16}}):(?P<fingerprint>[0-9a-f]{{8}})(?P<claims>(?: (?:sub|aud|exp)={_CLAIM})*)⟧"
)
"""A placeholder exactly as ``placeholder`` writes it. User text that merely looks like one is no match."""

_JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")
_PLAIN = re.compile(_CLAIM)
_LONGEST_CLAIMS = 65_536


def claims_of(text: str) -> TokenClaims | None:
    """The claims in a raw JWT, an Authorization value or a placeholder; None if there is no token.

    A token reads the same before and after its redaction. The signature is not checked.
    """
    for placeholder in PLACEHOLDER.finditer(text):
        if placeholder["word"] == "jwt":
            return _from_placeholder(placeholder)
    token = _JWT.search(text)
    return None if token is None else _from_payload(token[1])


def placeholder(key: bytes, secret: str, *, word: str, claims: TokenClaims | None = None) -> str:
    """What stands in a secret's place. Fit for a JSON string; two secrets differ, one stays the same."""
    named = zip(TokenClaims._fields, claims or (), strict=False)
    listed = "".join(f" {name}={value}" for name, value in named if value is not None)
    return f"⟦{word}:{fingerprint(key, secret)}{listed}⟧"


def fingerprint(key: bytes, secret: str) -> str:
    """Eight hex digits, equal for equal secrets under one key, telling nothing without the key."""
    return hmac.new(key, secret_bytes(secret), hashlib.sha256).hexdigest()[:8]


def secret_bytes(secret: str) -> bytes:
    """The bytes a secret was read from, whether they were good UTF-8 or not."""
    try:
        return secret.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character in a Python string, which came from no bytes
        return secret.encode("utf-8", "surrogatepass")


def is_jwt(text: str) -> bool:
    """Whether the whole text is shaped like a JSON Web Token."""
    return _JWT.fullmatch(text) is not None


def _from_placeholder(placeholder: re.Match[str]) -> TokenClaims:
    claims = dict(claim.split("=", 1) for claim in placeholder["claims"].split())
    exp = claims.get("exp", "")
    return TokenClaims(claims.get("sub"), claims.get("aud"), int(exp) if _is_number(exp) else None)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _from_payload(encoded: str) -> TokenClaims:
    claims = _decoded(encoded)
    return TokenClaims(_plain(claims.get("sub")), _plain(claims.get("aud")), _seconds(claims.get("exp")))


def _decoded(encoded: str) -> dict[str, object]:
    if len(encoded) > _LONGEST_CLAIMS:
        return {}
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _plain(value: object) -> str | None:
    """A claim that may stand in a placeholder: a plain word that is itself no token."""
    if not isinstance(value, str) or not _PLAIN.fullmatch(value) or _JWT.search(value):
        return None
    return value


def _seconds(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        return None
    return int(value)
