"""Filters as they are typed into the line at the bottom: the options of ``frame list``."""

from __future__ import annotations

import shlex

from recorder.errors import BadOption
from recorder.recipes.filters import Filters, FilterWords, parse_filters

_NAMES = tuple(FilterWords.__annotations__)


def parse_filter_line(line: str) -> Filters | None:
    """``--status READ --since '#12'`` as filters; a word without an option is a ``--grep``.

    None for an empty line.

    Raises:
        BadOption: it is none.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        raise BadOption("FILTER", "a quotation mark is not closed") from None
    given: FilterWords = {}
    while words:
        name, value = _next_option(words)
        if name == "limit":
            given["limit"] = _limit(value)
        else:
            given[name] = value  # type: ignore[literal-required]  # one of their names
    return parse_filters(**given) if given else None


def _next_option(words: list[str]) -> tuple[str, str]:
    """Take one option and its value from the beginning of the words."""
    first = words.pop(0)
    if not first.startswith("--"):
        return "grep", first
    option, equals, value = first.partition("=")
    name = option.removeprefix("--")
    if name not in _NAMES:
        raise BadOption("FILTER", f"no filter {option}", hint=f"--{', --'.join(_NAMES)}")
    if equals:
        return name, value
    if not words:
        raise BadOption(option, "its value is missing")
    return name, words.pop(0)


def _limit(value: str) -> int:
    if value.isascii() and value.isdigit() and 0 < int(value) < 10**12:
        return int(value)
    raise BadOption("--limit", f'"{value}" is no number of lines')
