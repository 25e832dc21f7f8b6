"""The simulator's JSON Web Tokens: who a token speaks for, and unsigned tokens in LivePerson's shape.

No token is verified and none is kept; any text is taken for a token. Those made here carry no signature
and let nobody in anywhere else.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

import orjson

from recorder.messaging.requests import Json

INTERNAL_LIFE_S = 3600
EXTERNAL_LIFE_S = 600
ISSUER = "https://idp.liveperson.net"
MAX_CLAIMS_LENGTH = 65_536
MAX_ID_LENGTH = 128

_HEADER = {"kid": "simulated", "typ": "JWT", "alg": "none"}

ACCOUNT = "le-sim"
"""The account of the simulator's own addresses; no service has one like that."""


class ExternalIdentity(NamedTuple):
    """The bearer of another issuer's token. ``expires_s`` is None where the token never expires."""

    subject: str
    issuer: str | None
    expires_s: float | None


def consumer_id_of(token: str) -> str:
    """The consumer's id: the token's ``sub`` claim if it is a JWT that has one, else made from the token.

    The same token always gives the same id; an id made from a token does not reveal the token.
    """
    return _text_claim(token, "sub") or hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


def consumer_name_of(token: str) -> str | None:
    """The token's ``name`` claim, which rules of the agent may select by (``consumer: ben``)."""
    return _text_claim(token, "name")


def read_external(token: str) -> ExternalIdentity | None:
    """The claims of a JWT, unverified; None if it is no JWT, or names no subject."""
    claims = _claims_of(token)
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        return None
    issuer, expires_s = claims.get("iss"), claims.get("exp")
    return ExternalIdentity(
        claims["sub"],
        issuer if isinstance(issuer, str) else None,
        expires_s if type(expires_s) in (int, float) else None,
    )


def unsigned_jwt(claims: Json) -> str:
    """A token with these claims and no signature."""
    parts = (urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode() for part in (_HEADER, claims))
    return ".".join(parts) + ".unsigned"


def guest_token(consumer_id: str, *, account: str, now_s: int) -> str:
    """The internal token of an unauthenticated consumer, as a sign-up answers it."""
    return unsigned_jwt(_claims(consumer_id, account, now_s, INTERNAL_LIFE_S))


def anonymous_token(subject: str, *, account: str, now_s: int) -> str:
    """An external token that names nobody, to be exchanged for an internal one."""
    return unsigned_jwt(_claims(subject, account, now_s, EXTERNAL_LIFE_S))


def authenticated_token(who: ExternalIdentity, *, account: str, now_s: int) -> str:
    """The internal token for an external one: the same identity always gets the same consumer id."""
    external = {"sub": who.subject} | ({} if who.issuer is None else {"iss": who.issuer})
    identity = f"{who.issuer}\n{who.subject}".encode(errors="surrogatepass")
    consumer_id = hashlib.sha256(identity).hexdigest()  # 64 hex digits, as those of authenticated consumers
    claims = _claims(consumer_id, account, now_s, INTERNAL_LIFE_S)
    return unsigned_jwt(claims | {"lp.ext": external})


def _claims(subject: str, account: str, now_s: int, life_s: int) -> Json:
    return {
        "sub": subject,
        "aud": f"acc:{account}",
        "iss": ISSUER,
        "exp": now_s + life_s,
        "iat": now_s,
    }


def _claims_of(token: str) -> Json:
    parts = token.split(".")
    if len(parts) != 3 or len(parts[1]) > MAX_CLAIMS_LENGTH:
        return {}
    try:
        claims = orjson.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _text_claim(token: str, name: str) -> str | None:
    claim = _claims_of(token).get(name)
    return claim if isinstance(claim, str) and 0 < len(claim) <= MAX_ID_LENGTH else None
