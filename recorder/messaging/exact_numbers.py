"""Numbers of JSON that a 64-bit integer or a double cannot hold, read as they were written.

``orjson`` turns an integer of more than 64 bits into a double, and refuses a number that no double can hold.
Two ids of twenty digits would be one, and a sequence would be told that nobody sent. So a payload with such
numbers is read once more, by a parser that is slower and exact.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

# Where a value stands: many digits, or an exponent. In a text it matches too, which costs time only.
# Possessive, because most values are no numbers: it gives up on each of them at once.
_SUSPICIOUS = re.compile(rb"[:\[,][ \t\r\n]*+-?+[0-9](?:[0-9.]{15}|[0-9]*+(?:\.[0-9]++)?[eE])")
_DIGITS = 400
_EXACT_IN_A_DOUBLE = 2**53


def may_be_rounded(data: bytes) -> bool:
    """Whether this JSON may hold a number that a double or 64 bits cannot."""
    return _SUSPICIOUS.search(data) is not None


def loads_exact(data: bytes) -> Any:
    """The JSON of this payload, its numbers exact.

    Whole numbers are int, whatever their size and spelling, but for those below 2⁵³ that are written as a
    fraction or with an exponent: these are float, as are all others that a double holds as they are written.
    The text of a number stands for one that no double holds, and for one of more than 400 digits.

    Raises:
        ValueError, RecursionError: it is no JSON, or nested too deeply.
    """
    return json.loads(data, parse_int=_whole, parse_float=_fraction, parse_constant=_no_number)


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= _DIGITS else text


def _fraction(text: str) -> float | int | str:
    try:
        exact = Decimal(text)
    except InvalidOperation:  # an exponent of twenty digits
        return text
    if exact.adjusted() > _DIGITS:
        return text
    if abs(exact) >= _EXACT_IN_A_DOUBLE and exact == exact.to_integral_value():
        return int(exact)
    number = float(text)
    return number if exact == Decimal(repr(number)) else text


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON")


# Stand around a number while the rest is written anew; private to Unicode, and in no number.
_MARKS = "\ue000\ue001"
_MARKED = re.compile(f'"{_MARKS[0]}([^"]*){_MARKS[1]}"')


def formatted_json(text: str) -> str:
    """This JSON on several lines, its numbers spelt as they were.

    Raises:
        ValueError, RecursionError: it is no JSON, cannot be written as UTF-8, or is nested too deeply.
    """
    if any(mark in text for mark in _MARKS):
        raise ValueError("a private character stands in the text")
    loaded = json.loads(text, parse_int=_marked, parse_float=_marked, parse_constant=_no_number)
    written = json.dumps(loaded, indent=2, ensure_ascii=False)
    written.encode("utf-8")
    return _MARKED.sub(r"\1", written)


def _marked(number: str) -> str:
    return f"{_MARKS[0]}{number}{_MARKS[1]}"
