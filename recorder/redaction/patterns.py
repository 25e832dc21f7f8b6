"""What looks like a secret: tokens by their shape, values by the name they stand under.

Everything here works on bytes and answers with positions, because what is no secret must stay exactly
as it was. Every pattern is linear in its input, whatever the input: none has two open repetitions that
can share a character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

from .names import KNOWN_NAMES, SecretNames, decoded_name
from .tokens import PLACEHOLDER


class SecretSpan(NamedTuple):
    """Start and end of a secret, and the word its placeholder begins with.

    ``quote_at`` is where a quote stands whose spelling must enclose the placeholder, because the secret is a
    number; below zero if none must.
    """

    start: int
    end: int
    word: str
    quote_at: int = -1


Recogniser = Callable[[bytes, SecretNames], Iterator[SecretSpan]]

_WORDS: Final = (
    ("sig", "sig"),
    ("cookie", "cookie"),
    ("pass", "password"),
    ("pwd", "password"),
    ("auth", "auth"),
    ("bearer", "auth"),
    ("cred", "auth"),
    ("secret", "secret"),
    ("key", "key"),
)

_PLACEHOLDER = re.compile(PLACEHOLDER.pattern.encode())
_OPENED: Final = "⟦".encode()
_RUN = re.compile(rb"[A-Za-z0-9_.\-]+")
_RUN_BYTES: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_TOKEN_BYTES: Final = _RUN_BYTES + b"~+/="
_SCHEME = re.compile(rb"(?i)(?<![A-Za-z0-9_])(?:bearer|jwt)[ \t]++([A-Za-z0-9._~+/=\-]{8,})")
_LEADING_SCHEME = re.compile(rb"(?i)(?:bearer|jwt|basic|token|digest)[ \t]++")
_NAME: Final = rb"((?:[^'\"\\\xff\r\n]|\\u[0-9a-fA-F]{4}|\\/){2,128}+)"
_KEY = re.compile(rb'"' + _NAME + rb'"\s*+:\s*+(?=["{\[0-9\-])')
_SINGLE_KEY = re.compile(rb"'" + _NAME + rb"'\s*+:\s*+(?=')")
# Where escapes were undone, 0xFF stands for the quotes that end the string they are in: nothing that is
# read there goes beyond it. In UTF-8 that byte never occurs.
_BODY = re.compile(rb'(?:[^"\\\xff]++|\\.)*+', re.DOTALL)
_SINGLE_BODY = re.compile(rb"(?:[^'\"\\\xff]++|\\.)*+", re.DOTALL)
_PART = re.compile(rb'"((?:[^"\\\xff]++|\\.)*+)"?(\s*+:)?|(-?[0-9][0-9.eE+\-]*+)|[{}\[\]\xff]', re.DOTALL)
_QUERY = re.compile(rb"""(?:^|[?&;#"'\xff])([A-Za-z0-9_.$:\[\]\-]{2,64})=([^&;\s"'<>\\#\xff]+)""")
_AUTHORITY = re.compile(rb"""://([^/\s"'<>\\?#\xff]++)""")
_NAMED_PAIR = re.compile(
    rb'(?:"(?:name|key|header|field)"\s*+:\s*+)"'
    + _NAME
    + rb'"\s*+,\s*+"(?:value|values)"\s*+:\s*+(?=["{\[0-9\-])'
)
_PAIR_NAMED = re.compile(
    rb'("(?:value|values)"\s*+:\s*+)(?:"((?:[^"\\\xff]++|\\.)*+)"|(-?[0-9][0-9.eE+\-]*+))'
    rb'\s*+,\s*+"(?:name|key|header|field)"\s*+:\s*+"' + _NAME + rb'"',
    re.DOTALL,
)
_LINE = re.compile(
    rb"""(?i)(?:^|(?<=["'\r\n\xff]))([a-z][a-z0-9_\-]{1,64}):[ \t]++"""
    rb"""(?:(?:bearer|jwt|basic|token|digest)[ \t]++)?"""
    rb"""([^\s"'\\\xff]{4,})(?=["'\\\r\n\xff]|\Z)"""
)
_COOKIE_LINE = re.compile(
    rb"""(?i)(?:^|(?<=["'\r\n\xff]))((?:set-)?cookie):[ \t]++([^\s"'\\=\xff]+=[^"'\\\r\n\xff]+)"""
)
_BRAND = re.compile(rb"""/messaging/brand/([^/?#\s"'<>\\\xff]+)""")
_HEADER_LINE = re.compile(
    rb"""(?i)(?<![A-Za-z])(authorization|proxy-authorization|cookie|set-cookie)["']?[ \t]*+[:=][ \t]*+"""
    rb"""(?:'([^'\r\n\xff]+)|"([^"\r\n\xff]+)|([^"'\s\xff][^"'\r\n\xff]*))"""
)
_ASSIGNED = re.compile(rb"""(?<![A-Za-z0-9_\-])([A-Za-z0-9_\-]{2,40})=([^\s&;,"'\xff]+)""")
_LABELLED = re.compile(rb"""(?<![A-Za-z0-9_\-])([A-Za-z0-9_\-]{2,40}):[ \t]*+([A-Za-z0-9._~+/=\-]{8,})""")
_END: Final = b"\xff"
_DEPTHS: Final = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}


def is_opaque(text: bytes) -> bool:
    """Whether a word looks made by a machine: a digit in it, or capitals where no word has them."""
    inner = text[1:]
    mixed = inner.lower() != inner and inner.upper() != inner
    return mixed or any(48 <= byte <= 57 for byte in text)


def jwts(view: bytes, names: SecretNames = KNOWN_NAMES) -> Iterator[SecretSpan]:
    """JSON Web Tokens, wherever they stand."""
    start = view.find(b"eyJ")
    while start >= 0:
        run = _RUN.match(view, start)
        end = start + 3 if run is None else run.end()
        if view.count(b".", start, end) >= 2:
            yield SecretSpan(start, _without_full_stop(view, start, end), "jwt")
        start = view.find(b"eyJ", end)


def _without_full_stop(view: bytes, start: int, end: int) -> int:
    run = view[start:end].rstrip(b".")
    return start + len(run) + max(0, 2 - run.count(b"."))


def authorization_values(view: bytes, names: SecretNames = KNOWN_NAMES) -> Iterator[SecretSpan]:
    """What follows the words of an Authorization value, if no human wrote it."""
    for found in _SCHEME.finditer(view):
        if is_opaque(found[1]):
            yield SecretSpan(*found.span(1), "auth")


def json_values(view: bytes, names: SecretNames = KNOWN_NAMES) -> Iterator[SecretSpan]:
    """The strings and numbers under secret names in JSON, or in what was JSON before it was cut."""
    done = 0
    for found in _KEY.finditer(view):
        if found.end() >= done and names.anywhere(found[1]):
            done = _closed_at(view, found.end())
            yield from _values_under(view, found.end(), done, found)


def python_values(view: bytes, names: SecretNames = KNOWN_NAMES) -> Iterator[SecretSpan]:
    """Strings under secret names in a Python ``repr`` of a dictionary."""
    for found in _SINGLE_KEY.finditer(view):
        value = _SINGLE_BODY.match(view, found.end() + 1)
        if value is not None and names.anywhere(found[1]):
            yield from _span_of_value(view, *value.span(), _placeholder_word(found[1]))


def _values_under(view: bytes, start: int, end: int, key: re.Match[bytes]) -> Iterator[SecretSpan]:
    """The string or number at ``start``, or every one in the object or array between start and end."""
    word = _placeholder_word(key[1])
    for part in _PART.finditer(view, start, end):
        is_key = part[2] is not None and part.start() > start
        if part[1] is not None and not is_key:
            yield from _span_of_value(view, *part.span(1), word)
        elif part[3] is not None:
            yield SecretSpan(*part.span(3), word, key.start())


def assignments(view: bytes, names: SecretNames = KNOWN_NAMES) -> Iterator[SecretSpan]:
    """``password=…`` and ``token: …`` as error texts and log lines have them."""
    yield from _parameters(_ASSIGNED, view, names)
    for span in _parameters(_LABELLED, view, names):
        if is_opaque(view[span.start : span.end]) and not _is_fingerprint(view, span.start):
            yield span


def _is_fingerprint(view: bytes, start: int) -> bool:
    """Whether a value is that of a placeholder: ``⟦token:4e389244⟧``."""
    opened = view.rfind(_OPENED, max(0, start - 20), start)  # a word of at most 16 letters
    placeholder = None if opened < 0 else _PLACEHOLDER.match(view, opened)
    return placeholder is not None and placeholder.end() > start


def _parameters(
    pattern: re.Pattern[bytes], view: bytes, names: SecretNames = KNOWN_NAMES
) -> Iterator[SecretSpan]:
    for found in pattern.finditer(view):
        if names.in_queries(found[1]):
            yield from _span_of_value(view, *found.span(2), _placeholder_word(found[1]))


def _parameters_of_urls(view: bytes, names: SecretNames = KNOWN_NAMES) -> Iterator[SecretSpan]:
    for found in _QUERY.finditer(view):
        if names.in_urls(found[1]):
            yield from _span_of_value(view, *found.span(2), _placeholder_word(found[1]))


def _unnamed_values(
    pattern: re.Pattern[bytes], word: str, view: bytes, _names: SecretNames = KNOWN_NAMES
) -> Iterator[SecretSpan]:
    for found in pattern.finditer(view):
        yield from _span_of_value(view, *found.span(1), word)


def named_pairs(view: bytes, names: SecretNames = KNOWN_NAMES) -> Iterator[SecretSpan]:
    """Values beside their names, in either order: ``{"name": "Authorization", "value": …}``."""
    for found in _NAMED_PAIR.finditer(view):
        if names.anywhere(found[1]):
            yield from _values_under(view, found.end(), _closed_at(view, found.end()), found)
    for found in _PAIR_NAMED.finditer(view):
        if not names.anywhere(found[4]):
            continue
        word = _placeholder_word(found[4])
        if found[3] is None:
            yield from _span_of_value(view, *found.span(2), word)
        else:
            yield SecretSpan(*found.span(3), word, found.start())


def lines_of_headers(view: bytes, names: SecretNames = KNOWN_NAMES) -> Iterator[SecretSpan]:
    """Lines of an HTTP head in a text: a secret name, and one word that no human wrote, or cookies."""
    for found in _LINE.finditer(view):
        if names.anywhere(found[1]) and is_opaque(found[2]):
            yield from _span_of_value(view, *found.span(2), _placeholder_word(found[1]))
    for found in _COOKIE_LINE.finditer(view):
        yield from _span_of_value(view, *found.span(2), "cookie")


def _users(view: bytes, _names: SecretNames = KNOWN_NAMES, *, lone: bool = False) -> Iterator[SecretSpan]:
    """User and password of URLs, whatever the password holds; with ``lone``, users without one too."""
    for found in _AUTHORITY.finditer(view):
        end = view.rfind(b"@", *found.span(1))
        if end >= 0 and (lone or b":" in view[found.start(1) : end]):
            yield from _span_of_value(view, found.start(1), end, "userinfo")


def header_lines(view: bytes, names: SecretNames = KNOWN_NAMES) -> Iterator[SecretSpan]:
    """The values of headers that carry secrets, in text that quotes them."""
    for found in _HEADER_LINE.finditer(view):
        yield from _span_of_value(view, *found.span(found.lastindex or 0), _placeholder_word(found[1]))


IN_PAYLOADS: Final[tuple[Recogniser, ...]] = (
    jwts,
    authorization_values,
    json_values,
    python_values,
    partial(_parameters, _QUERY),
    named_pairs,
    lines_of_headers,
    _users,
    partial(_unnamed_values, _BRAND, "auth"),
)
IN_TEXTS: Final[tuple[Recogniser, ...]] = (*IN_PAYLOADS, header_lines, assignments)
# In a text that is a URL as a whole more names are secret, and so is whatever stands before the "@".
IN_URLS: Final[tuple[Recogniser, ...]] = (
    *IN_PAYLOADS,
    _parameters_of_urls,
    partial(_users, lone=True),
)


def _span_of_value(view: bytes, start: int, end: int, word: str) -> Iterator[SecretSpan]:
    """The secret in a value: not its scheme word, and nothing if a placeholder already stands there."""
    scheme = _LEADING_SCHEME.match(view, start, end)
    start = start if scheme is None else scheme.end()
    already = _PLACEHOLDER.match(view, start)
    if start < end and (already is None or already.end() < end):
        yield SecretSpan(start, end, word)


def is_placeholder(text: str) -> bool:
    """Whether a placeholder stands there, and nothing else."""
    return PLACEHOLDER.fullmatch(text) is not None


def _placeholder_word(name: bytes) -> str:
    plain = decoded_name(name).lower()
    return next((word for part, word in _WORDS if part in plain), "token")


def may_hold_secret(data: bytes, names: SecretNames = KNOWN_NAMES) -> bool:
    """Whether a payload is worth a closer look, for the road all frames take."""
    return (
        (_AT in data and b"://" in data)
        or (_BACKSLASH in data and b"\\u00" in data)
        or (_PERCENT_SIGN in data and _PERCENT.search(data) is not None)
        or names.may_be_in(data, or_one_of=_MARKS)
    )


# As numbers: to look for a byte string, bytes first make an error that it is none, which takes a microsecond.
_AT, _BACKSLASH, _PERCENT_SIGN = b"@\\%"


_MARKS: Final = (b"eyJ", b"/messaging/brand/")
"""What a JSON Web Token begins with, and what stands before the key of a brand."""
_PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")


def open_from(view: bytes, names: SecretNames = KNOWN_NAMES) -> int:
    """Where a secret may have begun that the next fragment goes on with; ``len(view)`` if none has."""
    opened = (_open_token, _open_scheme, _open_user, _open_escape)
    return min(_open_container(view, names), *(begins(view) for begins in opened))


def _open_token(view: bytes) -> int:
    start = view.find(b"eyJ", len(view.rstrip(_RUN_BYTES)))
    return len(view) if start < 0 else start


def _open_scheme(view: bytes) -> int:
    start = len(view.rstrip(_TOKEN_BYTES))
    before = view[max(0, start - 64) : start]
    word = before.rstrip(b" \t")
    follows = len(word) < len(before) and word.lower().endswith((b"bearer", b"jwt"))
    return start if follows else len(view)


def _open_user(view: bytes) -> int:
    start = view.rfind(b"://") + 3
    return len(view) if start < 3 or _NOT_IN_USER.search(view, start) else start


_NOT_IN_USER = re.compile(rb"""[/\s"'<>\\?#\xff]""")


def _open_container(view: bytes, names: SecretNames) -> int:
    return min(_open_under(pattern, view, names) for pattern in (_KEY, _NAMED_PAIR))


def _open_under(pattern: re.Pattern[bytes], view: bytes, names: SecretNames) -> int:
    done = 0
    for found in pattern.finditer(view):
        if found.end() >= done and names.anywhere(found[1]):
            done = _closed_at(view, found.end())
            if done > len(view):
                return found.end()
    return len(view)


def _closed_at(view: bytes, start: int) -> int:
    """Where a string, an object or an array ends; beyond the end of the view if it does not."""
    depth = 0
    for part in _PART.finditer(view, start):
        if part[0] == _END:
            return part.start()
        depth += _DEPTHS.get(part[0], 0)
        if depth <= 0 and part[3] is not None and part.end() == len(view):
            break  # more digits may follow
        if depth <= 0:
            return part.end()
    return len(view) + 1


def _open_escape(view: bytes) -> int:
    cut = _CUT_ESCAPE.search(view, max(0, len(view) - 6))
    return len(view) if cut is None else cut.start()


_CUT_ESCAPE = re.compile(rb"(?:\\(?:u[0-9a-fA-F]{0,3})?|%[0-9A-Fa-f]?)\Z")
