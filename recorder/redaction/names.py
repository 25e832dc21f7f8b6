"""Names of secrets: of JSON keys, query parameters and headers, compared word by word.

A name is cut into words where letters change from small to capital, and at whatever is no letter. It names a
secret if one to three neighbouring words of it, joined, do, and its last word does not say otherwise, as in
``token_type``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from .string_search import StringSearch

_ANYWHERE: Final = frozenset(
    {"jwt", "token", "tokens", "bearer", "auth", "authcode", "authkey", "authorization", "credential"}
    | {"credentials", "secret", "secrets", "password", "passwords", "passwd", "passphrase", "passcode"}
    | {"pwd", "apikey", "apikeys", "privatekey", "accesskey", "secretkey", "signingkey", "encryptionkey"}
    | {"proxyauthorization", "cookie", "cookies", "setcookie", "tempurlsig", "lpsdes", "codeverifier"}
    | {"csrf", "xsrf", "pin", "pincode", "otp", "totp", "sessionid", "sessionkey", "sessiontoken"}
    | {"jsessionid", "phpsessid", "mfacode", "recoverycode", "recoverycodes", "verificationcode"}
    | {"magiclink", "securityanswer", "accountkey", "sharedkey", "connectionstring"}
)
_IN_QUERIES: Final = frozenset({"sig", "signature", "xamzsignature", "clientassertion", "samlresponse"})
_IN_URLS: Final = frozenset({"key", "code", "sid", "session", "ticket", "hash", "hmac"})
_ENDINGS: Final = (
    *("token", "tokens", "secret", "password", "passwd", "passphrase", "apikey", "privatekey", "accesskey"),
    *("secretkey", "credentials", "jwt"),
)
# What a name that ends in one of these holds is about a secret and is none.
_ABOUT: Final = frozenset(
    {"count", "counts", "used", "usage", "limit", "size", "length", "type", "types", "id", "ids", "name"}
    | {"expires", "expiry", "expiration", "expired", "at", "in", "ttl", "age", "url", "uri", "endpoint"}
    | {"policy", "required", "enabled", "status", "state", "method", "methods", "scheme", "hint", "error"}
)
# Fields of the service that are no secret, as it spells them: the visit of a SharkContext.
_OF_THE_SERVICE: Final = frozenset({"sessionId"})

# Headers whose values are kept even where the user gave them.
_HARMLESS_HEADERS: Final = frozenset(
    {
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "dnt",
        "host",
    }
    | {
        "content-type",
        "forwarded",
        "origin",
        "pragma",
        "referer",
        "traceparent",
        "upgrade",
        "user-agent",
        "via",
    }
    | {"x-correlation-id", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-request-id"}
)

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_MOST_WORDS = 3
_LETTER_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")

_FOLDED: Final = bytes(range(65)) + bytes(range(97, 123)) + bytes(range(91, 256))
_DROPPED: Final = b" !#$%&'()*+-./0123456789:;<>?@[\\]^_`{|}~"

# Every name of a secret contains one of these; what several have in common stands for all of them.
_STEMS: Final = (
    *b"token key cookie magiclink passw pwd jwt passphrase passcode otp pin srf codeverifier mfacode".split(),
    *b"verificationcode recoverycode securityanswer auth tempurlsig bearer lpsdes credential".split(),
    *b"sessionid sessid secret connectionstring".split(),
)
_STEMS_IN_QUERIES: Final = (b"sig", b"assertion", b"samlresponse")


class SecretNames:
    """Which names are names of secrets: those everybody uses, and ``extra`` ones of this service."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self._extra = frozenset(filter(None, map(_plain, extra)))
        self._escaped = not all(map(str.isascii, self._extra))
        self._searches: dict[tuple[tuple[bytes, ...], bool], StringSearch] = {}
        self.anywhere = lru_cache(4096)(self._anywhere)
        """Whether this is the name of a secret wherever it stands (bytes, JSON escapes not undone)."""
        self.in_queries = lru_cache(1024)(self._in_queries)
        """Whether this is one as the name of a parameter, in a payload."""
        self.in_urls = lru_cache(1024)(self._in_urls)
        """Whether this is one in a text that is a URL as a whole."""

    def _anywhere(self, name: bytes) -> bool:
        return self._matches(name, _ANYWHERE)

    def _in_queries(self, name: bytes) -> bool:
        return self._matches(name, _ANYWHERE | _IN_QUERIES)

    def _in_urls(self, name: bytes) -> bool:
        return self._matches(name, _ANYWHERE | _IN_QUERIES | _IN_URLS) or name.lower() == b"sessionid"

    def in_headers(self, name: bytes) -> bool:
        """Whether this is one as the name of a header. ``Sec-WebSocket-Key`` is none."""
        return name.lower() != b"sec-websocket-key" and self.in_urls(name)

    def _matches(self, name: bytes, names: frozenset[str]) -> bool:
        text = decoded_name(name)
        if text in _OF_THE_SERVICE:
            return text.lower() in self._extra
        words = [word.translate(_LOWERED) for word in _WORD.findall(text)]
        if _plain(text) in self._extra:
            return True
        if words and words[-1].endswith(_ENDINGS):
            return True
        reach = range(1, _MOST_WORDS + 1)
        if any("".join(words[-count:]) in names for count in reach):
            return True
        if not words or words[-1] in _ABOUT:
            return False
        return any(
            "".join(words[first : first + count]) in names for first in range(len(words)) for count in reach
        )

    def may_be_in(self, data: bytes, *, or_one_of: tuple[bytes, ...] = ()) -> bool:
        """Whether a name of a secret may stand in a payload, or one of these strings does; never too few."""
        if self._escaped and b"\\u" in data:
            return True
        folded, in_queries = data.translate(_FOLDED, _DROPPED), _EQUALS_SIGN in data
        search = self._searches.get((or_one_of, in_queries)) or self._search(or_one_of, in_queries)
        if not search.any_in(folded):
            return False
        # Folded, one of the strings may have been found that does not stand there as it is.
        return any(string in data for string in or_one_of) or self._search((), in_queries).any_in(folded)

    def _search(self, strings: tuple[bytes, ...], in_queries: bool) -> StringSearch:
        search = _stems_with(self._extra, strings, in_queries=in_queries)
        self._searches[strings, in_queries] = search
        return search


@lru_cache(16)
def _stems_with(extra: frozenset[str], strings: tuple[bytes, ...], *, in_queries: bool) -> StringSearch:
    """The stems, these names and strings; the same for all sessions that have no names of their own."""
    more = [name.encode("utf-8", "replace") for name in extra]
    more += [string.translate(_FOLDED, _DROPPED) for string in strings]
    return StringSearch((*_STEMS, *(_STEMS_IN_QUERIES if in_queries else ()), *more))


def is_known_header(name: str) -> bool:
    """Whether a header of this name is never given to carry a secret."""
    return name.strip().lower() in _HARMLESS_HEADERS


def decoded_name(name: bytes) -> str:
    """A name as it reads, its escaped letters undone."""
    text = name.decode("utf-8", "replace")
    return _LETTER_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text) if "\\" in text else text


def _plain(name: str) -> str:
    return "".join(filter(str.isalpha, name)).translate(_LOWERED)


_EQUALS_SIGN: Final = ord("=")
_LOWERED: Final = {code: code + 32 for code in range(65, 91)}

KNOWN_NAMES: Final = SecretNames()
