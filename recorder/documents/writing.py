"""YAML written for people: one line for each thing, comments where they help, read back the same."""

from __future__ import annotations

import re
from typing import Any

import yaml

_ENDLESS = 2**31 - 1
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


class _Writer(yaml.SafeDumper):
    """Keeps every text a text, on one line."""


def _text(writer: _Writer, text: str) -> yaml.Node:
    return writer.represent_scalar("tag:yaml.org,2002:str", text, _style(text))


def _style(text: str) -> str | None:
    """Quotes, where PyYAML's own choice would not do; None where it does."""
    if not text.isprintable():
        return '"'  # escapes line ends, which single quotes would fold over several lines
    # YAML 1.1 takes 1e3 for a text; ``read_document`` takes numbers as JSON does.
    return "'" if _NUMBER.fullmatch(text) else None


_Writer.add_representer(str, _text)


def in_line(value: Any) -> str:
    """The value in YAML's flow style on one line, as it may stand behind ``key:`` or ``-``.

    Reading it back (``read_document``) gives an equal value. Texts are quoted where they would be read as
    something else.
    """
    written = yaml.dump(
        [value], Dumper=_Writer, default_flow_style=True, width=_ENDLESS, allow_unicode=True, sort_keys=False
    )
    # Wrapped in a list: a bare scalar would be followed by a document end marker.
    return "".join(map(_shown, written.strip()[1:-1]))


def _shown(char: str) -> str:
    """PyYAML lets some characters through that turn a line around or are not seen; we quoted their text."""
    if char.isprintable():
        return char
    return f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}"


def entry(key: str, value: Any) -> str:
    """``key: value`` on one line; ``key`` alone where there is no value."""
    return key if value is None else f"{in_line(key)}: {in_line(value)}"


def comment(text: str) -> str:
    """The text as a comment, on one line whatever it holds."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return f"# {printable}"
