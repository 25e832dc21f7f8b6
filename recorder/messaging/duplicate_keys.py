"""Duplicate keys in JSON objects: the last one counts, and the others are lost to every JSON parser.

Looked for when a session is checked, not when it is folded: to look at every key costs as much as parsing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import suppress
from typing import Any

import orjson

_END_OF_KEY = re.compile(rb'"[ \t\r\n]*:')
_ESCAPED_ASCII = b"\\u00"  # a quote, a colon or a blank may be written so, and is written otherwise again


def duplicate_keys_in(data: bytes) -> tuple[str, ...]:
    """The keys that an object in this payload has more than once, each named once. Never raises.

    Empty for what is no JSON.
    """
    try:
        raw = orjson.loads(data)
        rewritten = orjson.dumps(raw)
    except (ValueError, TypeError, RecursionError):
        return ()
    # Written again, every key stands there once. Nearly always that is as many as before, and all is said:
    # what looks like a key inside of a text does so both times, or goes with the value that a later one hid.
    if _ESCAPED_ASCII not in data and _keys_in(data) == _keys_in(rewritten):
        return ()
    repeated: dict[str, None] = {}
    # Numbers of thousands of digits and a thousand levels are too much for it: then what was seen counts.
    with suppress(ValueError, RecursionError):
        json.loads(data, object_pairs_hook=lambda pairs: repeated.update(_repeated(pairs)))
    return tuple(repeated)


def _keys_in(data: bytes) -> int:
    """How many keys there are, and places inside of texts that look like the end of one."""
    return len(_END_OF_KEY.findall(data))


def _repeated(pairs: list[tuple[str, Any]]) -> dict[str, None]:
    times = Counter(key for key, _ in pairs)
    return {key: None for key, count in times.items() if count > 1}
