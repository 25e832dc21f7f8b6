"""The tokens the simulator hands out: shaped like LivePerson's, signed by nobody, good for nothing else."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

import orjson

from ..protocol.conversations import Json

INTERNAL_LIFE_S = 3600
EXTERNAL_LIFE_S = 600
ISSUER = "https://idp.liveperson.net"
LONGEST_CLAIMS = 65_536

_HEAD = {"kid": "simulated", "typ": "JWT", "alg": "none"}


class External(NamedTuple):
    """What somebody else's token says of its bearer. ``expires_s`` is None where it says nothing of that."""

    subject: str
    issuer: str | None
    expires_s: float | None


def guest_pass(consumer: str, *, account: str, now_s: int) -> str:
    """A token for somebody unknown, as signing up gives it; lets into the messaging service."""
    return _token(_claims(consumer, account, now_s, INTERNAL_LIFE_S))


def anonymous_pass(subject: str, *, account: str, now_s: int) -> str:
    """An external token that says nothing of its bearer, to be exchanged for an internal one."""
    return _token(_claims(subject, account, now_s, EXTERNAL_LIFE_S))


def known_pass(who: External, *, account: str, now_s: int) -> str:
    """A token for somebody whom another token vouches for: the same person gets the same consumer id."""
    extra = {"sub": who.subject} | ({} if who.issuer is None else {"iss": who.issuer})
    claims = _claims(_consumer_id(who), account, now_s, INTERNAL_LIFE_S)
    return _token(claims | {"lp.ext": extra})


def read_external(token: str) -> External | None:
    """The claims of a JWT as they stand, unverified; None if it is none, or names no subject."""
    parts = token.split(".")
    if len(parts) != 3 or len(parts[1]) > LONGEST_CLAIMS:
        return None
    try:
        claims = orjson.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    if not isinstance(claims, dict) or not isinstance(claims.get("sub"), str) or not claims["sub"]:
        return None
    issuer, expires_s = claims.get("iss"), claims.get("exp")
    return External(
        claims["sub"],
        issuer if isinstance(issuer, str) else None,
        expires_s if type(expires_s) in (int, float) else None,
    )


def _consumer_id(who: External) -> str:
    # 64 hex digits, as the ids of authenticated consumers are.
    return hashlib.sha256(f"{who.issuer}\n{who.subject}".encode(errors="surrogatepass")).hexdigest()


def _claims(subject: str, account: str, now_s: int, life_s: int) -> Json:
    return {
        "sub": subject,
        "aud": f"acc:{account}",
        "iss": ISSUER,
        "exp": now_s + life_s,
        "iat": now_s,
    }


def _token(claims: Json) -> str:
    parts = (urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode() for part in (_HEAD, claims))
    return ".".join(parts) + ".unsigned"
