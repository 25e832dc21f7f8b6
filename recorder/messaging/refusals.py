"""What can be said of a refused request: the service's words, and a placeholder that nobody filled in."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Final

from . import typenames
from .envelopes import Request

LONGEST_REASON = 160
"""Characters that are kept of the service's words, so that a session of refusals stays small."""

_LONGEST_READ = 4_096
_BEGINNING = 24
_JWT_BEGINS = "eyJ"
# Where a text may be cut: never inside what may be a token, half of which nothing would take for a secret.
_BOUNDARY = re.compile(r"[^A-Za-z0-9._~+/=%-]")


def refusal_words(body: object, *, placeholder: str | None = None) -> str | None:
    """The words of a response's body, shortened; then ``placeholder``, what is wrong with the request.

    None where there is neither. Text is quoted; anything else stands as JSON.
    """
    parts = [part for part in (_words(body), placeholder) if part]
    return "; ".join(parts) or None


def _words(body: object) -> str:
    if type(body) is str:
        shortened = _shortened(body)
        return f'"{shortened}"' if shortened else ""
    if body is None or body == {} or body == []:
        return ""
    return _shortened(json.dumps(body, ensure_ascii=False, separators=(", ", ": ")))


def _shortened(text: str) -> str:
    words = " ".join(text[:_LONGEST_READ].split())
    if len(words) <= LONGEST_REASON and len(text) <= _LONGEST_READ:
        return words
    places = [found.start() for found in _BOUNDARY.finditer(words[: LONGEST_REASON + 1])]
    begins = places[-1] + 1 if places else 0
    return f"{_beginning(words, begins) or words[: places[-1] if places else 0].rstrip()}…"


def _beginning(words: str, begins: int) -> str:
    """The words with a few characters of the one that begins there, if that is too long ever to be shown.

    Empty where it is not, and where it is a JSON Web Token.
    """
    ends = _BOUNDARY.search(words, begins)
    length = (len(words) if ends is None else ends.start()) - begins
    if length <= LONGEST_REASON or words.startswith(_JWT_BEGINS, begins):
        return ""
    return words[: min(begins + _BEGINNING, LONGEST_REASON)]


# --- placeholders of a template ---------------------------------------------------------------------------

UNFILLED_PLACEHOLDER: Final = "unfilled-placeholder"

_LONGEST = 256
_MOST_VALUES = 1_000
_NAMED = 64

_ANYWHERE = re.compile(
    r"__[A-Za-z][A-Za-z0-9_]*?__|[$#]\{[^{}]*\}|\{\{[^{}]*\}\}|<[A-Za-z_][\w .-]*>|<%[^%]+%>"
    r"|(?<![A-Za-z0-9])(?i:your)[_-][A-Za-z][\w-]*"
)
_AS_A_WHOLE = re.compile(
    r"\$[A-Za-z_]\w*|%[A-Za-z_]+%|\{[A-Za-z_]\w*\}|\[[A-Za-z_][\w ]*\]|@[A-Za-z_]\w*@"
    r"|[A-Z]+(?:_[A-Z]+)*_ID|[A-Z]+(?:_[A-Z]+)*_HERE|%[sd]"
)


@lru_cache(maxsize=4096)
def holds_placeholder(text: str) -> bool:
    """Whether an id, or another value that no person writes, holds a placeholder."""
    if len(text) > _LONGEST:
        return False
    return _ANYWHERE.search(text) is not None or _AS_A_WHOLE.fullmatch(text) is not None


def placeholder_in(request: Request) -> str | None:
    """The first placeholder in a request, as a clause: ``the dialogId "__DIALOG_ID__" is …``; or None.

    Of a publish only its ids are looked at: what people write may hold anything.
    """
    for name, value in _values(request):
        if holds_placeholder(value):
            shown = value if len(value) <= _NAMED else f"{value[:_NAMED]}…"
            return f'the {name} "{shown}" is a placeholder that nobody filled in'
    return None


def _values(request: Request) -> list[tuple[str, str]]:
    """Name and text of the values to look at, those in the body first."""
    body = request.body
    if request.type == typenames.PUBLISH:
        get = body.get if type(body) is dict else {}.get
        named = ((name, get(name)) for name in ("dialogId", "conversationId"))
        return [(name, value) for name, value in named if type(value) is str]
    return _texts_in(body, "body") + _texts_in(request.raw.get("headers"), "header")


def _texts_in(value: Any, name: str) -> list[tuple[str, str]]:
    found = list[tuple[str, str]]()
    waiting = [(name, value)]
    for name, value in waiting:  # grows while it is read
        if len(waiting) > _MOST_VALUES:
            break
        if type(value) is str:
            found.append((name, value))
        elif type(value) is dict:
            waiting += value.items()
        elif type(value) is list:
            waiting += [(name, each) for each in value]
    return found
