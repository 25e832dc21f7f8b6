"""Blank out secrets, keep what joins.

A secret goes before anything is stored. In its place stands what kind it was, a fingerprint that is
equal for equal secrets, and of a JSON Web Token whose it is. Every other byte stays what it was: nothing
is parsed and written anew. Where it is doubtful whether something is a secret, it is one.

What was found once is looked for from then on, in every frame of the session and in other spellings.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from .encodings import View, views, whole_escapes
from .known_secrets import KnownSecrets, Secret
from .names import SecretNames, is_known_header
from .patterns import (
    IN_PAYLOADS,
    IN_TEXTS,
    IN_URLS,
    Recogniser,
    is_opaque,
    is_placeholder,
    may_hold_secret,
    open_from,
)
from .subprotocols import subprotocol_secrets
from .tokens import claims_of, is_jwt, placeholder

_LONGEST_OPEN = 65_536
_CONTEXT = 256
_AUTHORIZATION = ("authorization", "proxy-authorization")
_COOKIES = ("cookie", "set-cookie")
_REFERENCES = ("location", "content-location", "referer", "refresh", "link")  # relative ones too


class _Match(NamedTuple):
    """Where a secret stands in the payload, how many escapes deep it was read, and what must enclose its
    placeholder: a quote as it is spelled there, or nothing.
    """

    start: int
    end: int
    depth: int
    secret: Secret
    quote: bytes = b""


class _OpenPayload(NamedTuple):
    """What is left of the fragments of a payload whose end has not come.

    Attributes:
        context: the last bytes handed out, as they came: what comes next is read after them.
        withheld: bytes not handed out, because a secret may begin with them.
        dropping: whether an endless secret has begun: the rest of the payload is dropped.
    """

    context: bytes = b""
    withheld: bytes = b""
    dropping: bool = False


class Redactor:
    """Takes the secrets out of one session's payloads, headers, URLs and texts.

    Args:
        key: makes the fingerprints; under the same key equal secrets stay recognisably equal.
        known: secrets to look for from the start. Those shorter than 8 characters are not looked for.
        given_headers: headers that the user gave: their values are secret, but of harmless ones.
        secret_names: names of keys, parameters and headers whose values are secret too.
    """

    def __init__(
        self,
        key: bytes,
        known: Iterable[str] = (),
        secret_names: Iterable[str] = (),
        given_headers: Iterable[str] = (),
    ) -> None:
        self._key = key
        self._names = SecretNames(secret_names)
        self._private_headers = {name.strip().lower() for name in given_headers if not is_known_header(name)}
        self._known_secrets = KnownSecrets()
        self._open_payloads: dict[Hashable, _OpenPayload] = {}
        for text in known:
            self.add_secret(text)

    def add_secret(self, secret: str) -> None:
        """Look for this one too from now on, as for those that were known from the start."""
        named = Secret("jwt" if is_jwt(secret) else "token", secret)
        self._known_secrets.add([named], permanent=True)

    def payload(self, data: bytes, *, stream: Hashable, fin: bool, continuation: bool) -> bytes:
        """One frame's payload without its secrets; the very same object if it has none.

        ``stream`` names whose fragments belong together (a connection and a side); ``fin`` and
        ``continuation`` are the frame's. A secret that goes on in the next fragment is held back and
        its placeholder comes with the fragment that ends it, so that the joined fragments read as if the
        payload had come in one. One or two letters of a secret may go out before it is known to be one.
        """
        if fin and not continuation:
            return data if self.holds_no_secret((data,)) else self._redact(data, IN_PAYLOADS)
        before = self._open_payloads.pop(stream, None) if continuation else None
        return self._redact_fragment(data, before or _OpenPayload(), stream, fin=fin)

    def holds_no_secret(self, payloads: Sequence[bytes]) -> bool:
        """Whether none of these whole payloads of data frames has one; False if that takes a closer look.

        Many at once are looked through in half the time it takes for each.
        """
        data = payloads[0] if len(payloads) == 1 else b"\0".join(payloads)
        return not (may_hold_secret(data, self._names) or self._known_secrets.anywhere_in(data))

    def forget(self, stream: Hashable) -> None:
        """A connection is over: drop what was held back of a payload that will not be finished."""
        self._open_payloads.pop(stream, None)

    def headers(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Header lines without their secrets; names, order and scheme words stay."""
        return tuple((name, self._redact_header(name, value)) for name, value in pairs)

    def url(self, text: str) -> str:
        """A URL without its secrets: user, secret parameters, the bearer in an agent's path."""
        return self._redact_text(text, IN_URLS)

    def text(self, text: str) -> str:
        """A close reason, an error text or a log line without its secrets."""
        return self._redact_text(text, IN_TEXTS)

    def _redact_text(self, text: str, recognisers: Sequence[Recogniser]) -> str:
        data = text.encode("utf-8", "surrogatepass")
        redacted = self._redact(data, recognisers)
        return text if redacted is data else redacted.decode("utf-8", "surrogatepass")

    def _redact_header(self, name: str, value: str) -> str:
        plain = name.strip().lower()
        if plain in _COOKIES:
            self._add_cookies(value)
            return self._redact_whole(value, "cookie")
        if plain in _AUTHORIZATION:
            scheme, space, secret = value.strip().partition(" ")
            return (
                f"{scheme} {self._redact_whole(secret.strip(), 'auth')}"
                if space
                else self._redact_whole(scheme, "auth")
            )
        if plain == "sec-websocket-protocol":
            return self._redact_subprotocols(value)
        private = plain in self._private_headers
        if private or self._names.in_headers(name.strip().encode("utf-8", "surrogatepass")):
            return self._redact_whole(value, "token")
        is_url = "://" in value or plain in _REFERENCES
        return self._redact_text(value, IN_URLS if is_url else IN_PAYLOADS)

    def _redact_subprotocols(self, value: str) -> str:
        """A list of subprotocols; what is a token among them is replaced, names of subprotocols stay."""
        for secret in subprotocol_secrets(value.split(",")):
            blanked = self._redact_whole(secret, "token")
            value = value.replace(secret, blanked)
        return self._redact_text(value, IN_PAYLOADS)

    def _add_cookies(self, value: str) -> None:
        contents = (part.partition("=")[2].strip().strip('"') for part in value.split(";"))
        opaque = (text for text in contents if is_opaque(text.encode("utf-8", "surrogatepass")))
        self._known_secrets.add(Secret("cookie", text) for text in opaque)

    def _redact_whole(self, value: str, word: str) -> str:
        """A value that is secret from end to end."""
        if not value or is_placeholder(value):
            return value
        secret = Secret("jwt" if is_jwt(value) else word, value)
        self._known_secrets.add([secret])
        return self._placeholder(secret)

    def _redact(self, data: bytes, recognisers: Sequence[Recogniser]) -> bytes:
        matches = self._matches(data, recognisers)
        return self._replaced(data, matches, 0, len(data)) if matches else data

    def _matches(
        self, data: bytes, recognisers: Sequence[Recogniser], *, continues: bool = False
    ) -> list[_Match]:
        """Every secret in ``data``, in order, without overlaps.

        All are remembered; where ``data`` goes on in the next fragment, not the one it ends with,
        which may be half a secret.
        """
        seen = views(data)
        matches_found = [match for view in seen for match in self._recognised(data, view, recognisers)]
        whole = len(data) if continues else len(data) + 1
        self._known_secrets.add(match.secret for match in matches_found if match.end < whole)
        matches_found += (match for view in seen for match in self._known_matches(view))
        return _merged(matches_found)

    def _recognised(self, data: bytes, view: View, recognisers: Sequence[Recogniser]) -> Iterator[_Match]:
        for recognise in recognisers:
            for start, end, word, quote_at in recognise(view.data, self._names):
                text = view.data[start:end].decode("utf-8", "surrogateescape")
                secret = Secret("jwt" if is_jwt(text) else word, text)
                quote = data[slice(*view.original(quote_at, quote_at + 1))] if quote_at >= 0 else b""
                yield _Match(*view.original(start, end), view.depth, secret, quote)

    def _known_matches(self, view: View) -> Iterator[_Match]:
        for start, end, secret in self._known_secrets.occurrences(view.data):
            start, end = whole_escapes(view.data, start, end)
            yield _Match(*view.original(start, end), view.depth, secret)

    def _replaced(self, data: bytes, matches: Iterable[_Match], start: int, end: int) -> bytes:
        """``data[start:end]`` with a placeholder for every secret that ends in it."""
        pieces: list[bytes] = []
        position = start
        for match in matches:
            if position < match.end <= end:
                pieces.append(data[position : max(position, match.start)])
                pieces += (match.quote, self._placeholder(match.secret).encode(), match.quote)
                position = match.end
        return b"".join((*pieces, data[position:end]))

    def _placeholder(self, secret: Secret) -> str:
        claims = claims_of(secret.text) if secret.word == "jwt" else None
        full = placeholder(self._key, secret.text, word=secret.word, claims=claims)
        if claims is None or not self._known_secrets.anywhere_in(full.encode()):
            return full
        return placeholder(self._key, secret.text, word=secret.word)

    def _redact_fragment(self, data: bytes, before: _OpenPayload, stream: Hashable, *, fin: bool) -> bytes:
        """One fragment of a payload, read after what came before it."""
        if before.dropping:
            self._remember_open(stream, before, fin=fin)
            return b""
        window = before.context + before.withheld + data
        begin = len(before.context)
        matches = self._matches(window, IN_PAYLOADS, continues=not fin)
        cut = len(window) if fin else max(begin, self._end_of_safe_bytes(window, matches))
        endless = len(window) - cut > _LONGEST_OPEN
        if endless:
            cut = len(window)
        dropping = endless and bool(matches) and matches[-1].end == len(window)
        self._remember_open(stream, _OpenPayload(window[:cut][-_CONTEXT:], window[cut:], dropping), fin=fin)
        safe = self._replaced(window, matches, begin, cut)
        return data if safe == data else safe

    def _remember_open(self, stream: Hashable, unfinished: _OpenPayload, *, fin: bool) -> None:
        if not fin:
            self._open_payloads[stream] = unfinished

    def _end_of_safe_bytes(self, window: bytes, matches: Sequence[_Match]) -> int:
        """Up to where an unfinished payload can be handed out: no secret reaches from there to its end."""
        until = matches[-1].start if matches and matches[-1].end == len(window) else len(window)
        for view in views(window):
            opened = min(open_from(view.data, self._names), self._known_secrets.open_from(view.data))
            until = min(until, view.original(opened, opened)[0] if opened < len(view.data) else until)
        return next((match.start for match in matches if match.start < until < match.end), until)


def _merged(matches_found: list[_Match]) -> list[_Match]:
    """Overlapping finds as one, called what the longest is called, and of those the most disguised."""
    merged: list[_Match] = []
    best: list[tuple[int, int]] = []
    for match in sorted(matches_found):
        size = (match.end - match.start, match.depth)
        if not merged or match.start >= merged[-1].end:
            merged.append(match)
            best.append(size)
            continue
        last = merged[-1]
        better = size > best[-1]
        merged[-1] = _Match(
            last.start,
            max(last.end, match.end),
            match.depth if better else last.depth,
            match.secret if better else last.secret,
            match.quote if better else last.quote,
        )
        best[-1] = max(best[-1], size)
    return merged
