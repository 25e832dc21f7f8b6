"""Write YAML: values in flow style on one line, ``key: value`` entries and comments."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import yaml

_ENDLESS = 2**31 - 1
_LONGEST_KEY = 128
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


class _Writer(yaml.SafeDumper):
    """Dumps every text so that ``read_document`` reads it as text, on one line."""


def _text(writer: _Writer, text: str) -> yaml.Node:
    # YAML 1.1 reads 1e3 as text; ``read_document`` reads JSON numbers. None: PyYAML chooses.
    style = "'" if _NUMBER.fullmatch(text) else None
    if not text.isprintable():
        style = '"'  # escapes line ends, which single quotes would fold over several lines
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style)


_Writer.add_representer(str, _text)


def to_flow_yaml(value: Any) -> str:
    """The value in YAML's flow style on one line, to put after ``key:`` or ``-``.

    ``read_document`` reads an equal value back: texts are quoted where they would be read as something else.
    """
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_key(key)}: {to_flow_yaml(each)}' for key, each in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(to_flow_yaml, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    return _scalar(value, of=type(value).__name__)


# Longer than every word that YAML 1.1 reads as something else ("false"): nothing has to be asked about these.
_PLAIN = re.compile(r"(?=.{6,80}\Z)[A-Za-z][A-Za-z0-9_]*(?: [A-Za-z0-9_]+)*", re.ASCII)


def _key(key: Any) -> str:
    """A key, marked as one where it is too long to be known for one by the colon behind it."""
    written = to_flow_yaml(key)
    return written if len(written) < _LONGEST_KEY else f"? {written}"


@lru_cache(maxsize=4_096)
def _scalar(value: Any, *, of: str) -> str:
    """One value that holds no others; ``of`` names its type: 1 and True are one key of a cache."""
    written = yaml.dump(
        [value], Dumper=_Writer, default_flow_style=True, width=_ENDLESS, allow_unicode=True, sort_keys=False
    )
    # Wrapped in a list: a bare scalar would be followed by a document end marker.
    written = written.strip()[1:-1]
    return written if written.isprintable() else "".join(map(_escaped, written))


def _escaped(char: str) -> str:
    """Escapes unprintable characters PyYAML leaves as they are, like U+202E; their text is double-quoted."""
    if char.isprintable():
        return char
    return f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}"


def entry(key: str, value: Any) -> str:
    """``key: value`` on one line; ``key`` alone where the value is None."""
    return key if value is None else f"{to_flow_yaml(key)}: {to_flow_yaml(value)}"


def comment(text: str) -> str:
    """The text as a YAML comment on one line: line ends and unprintable characters become spaces."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return f"# {printable}"
