"""Parse YAML into a ``Document``: strictly, with limits on its size and depth."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from recorder.counted import counted
from recorder.errors import BadScript

from .document import Document, ValuePath

MAX_CHARACTERS = 1 << 20
MAX_ALIASES = 50
MAX_NODES = 100_000
MAX_DEPTH = 64


class TooLarge(BadScript):
    """It has more characters or values than a file may have."""


def read_document(text: str | bytes, *, file: str) -> Document:
    """Parse one YAML document.

    Raises:
        BadScript: it is not UTF-8, not YAML, empty, or uses a refused feature; with file and line.
        TooLarge: it has more than ``MAX_CHARACTERS`` or ``MAX_NODES``.
    """
    decoded = _decoded(text, file)
    if len(decoded) > MAX_CHARACTERS:
        raise TooLarge(file, f"it has {counted(len(decoded), 'character')}; {MAX_CHARACTERS:,} are the limit")
    root = _compose(file, decoded)
    lines: dict[ValuePath, int] = {}
    written: dict[ValuePath, str] = {}
    value = _to_python(root, (), lines, written)
    return Document(file, value, lines, written)


def _decoded(text: str | bytes, file: str) -> str:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise BadScript(file, "it is not UTF-8 text", line=line, hint="save it as UTF-8") from None


class _Node(NamedTuple):
    """A parsed value. ``size`` (number of values) and ``depth`` count aliases as often as they are used.

    ``written`` is the text of a number.
    """

    kind: type
    value: Any
    line: int
    size: int
    depth: int
    written: str | None = None


class _RefusedByLibyaml(Exception):
    """Where libyaml cannot parse, PyYAML's own parser may, and names the problem and its place."""


def _compose(file: str, text: str) -> _Node:
    """The root of the document, by libyaml where PyYAML was built with it: that takes a fifth of the time.

    libyaml takes some more: a tab behind a value, a "?" in a text in brackets. What both take, they read
    alike, but for a byte order mark in the middle.
    """
    if yaml.__with_libyaml__ and "\ufeff" not in text:
        try:
            return _Composer(file, text, yaml.CSafeLoader).compose()
        except _RefusedByLibyaml:
            pass
    return _Composer(file, text, yaml.SafeLoader).compose()


class _Composer:
    """Builds one node from the events of the YAML parser; recursive, at most ``MAX_DEPTH`` deep."""

    def __init__(self, file: str, text: str, loader: Any) -> None:
        self._file = file
        self._text = text
        self._loader = loader
        self._events = self._parsed()
        self._open: list[Any] = []  # start events of the mappings and lists that have not ended
        self._anchors: dict[str, _Node] = {}
        self._aliases = 0
        self._values = 0

    def compose(self) -> _Node:
        root: _Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                problem = 'a second document begins here ("---"); one file is one document'
                raise self._error(problem, _line(event))
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event)
        if root is None or (root.kind is str and root.value is None):
            raise BadScript(self._file, "it is empty")
        return root

    def _parsed(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self._text, Loader=self._loader)
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            if self._loader is not yaml.SafeLoader:
                raise _RefusedByLibyaml from error
            raise self._syntax_error(error) from None

    def _syntax_error(self, error: Exception) -> BadScript:
        if isinstance(error, yaml.reader.ReaderError):
            line = self._text.count("\n", 0, error.position) + 1
            return self._error(f"the control character U+{int(error.character):04X} cannot stand here", line)
        if isinstance(error, yaml.MarkedYAMLError):
            line, problem = _problem_of(error)
            return self._error(problem, line)
        # an escape like "\U00110000", a %YAML directive of 5000 digits
        line = _line(self._open[-1]) if self._open else 1
        return self._error("there is an escape or a number here that means nothing", line)

    def _error(self, problem: str, line: int) -> BadScript:
        return BadScript(self._file, problem, line=line)

    def _node(self, event: Any) -> _Node:
        """The value that begins with this event."""
        line = _line(event)
        match event:
            case yaml.AliasEvent():
                node = self._alias(event)
                self._values += node.size
            case yaml.ScalarEvent():
                text = self._scalar_text(event)
                value = text if event.style else _scalar_value(text)
                node = _Node(str, value, line, 1, 1, text if isinstance(value, int | float) else None)
                self._values += 1
            case _:
                node = self._collection(event)
        if not isinstance(event, yaml.AliasEvent):
            self._set_anchor(event, node)
        if len(self._open) + node.depth > MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH} levels", line)
        if self._values > MAX_NODES:
            raise TooLarge(self._file, f"more than {MAX_NODES:,} values", line=line)
        return node

    def _collection(self, event: Any) -> _Node:
        self._refuse_tag(event)
        if len(self._open) >= MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH} levels", _line(event))
        kind = dict if isinstance(event, yaml.MappingStartEvent) else list
        values_before = self._values
        self._values += 1
        self._open.append(event)
        keys: dict[str, int] = {}
        items: list[_Node] = []
        while not isinstance(inner := next(self._events), yaml.CollectionEndEvent):
            if kind is dict:
                self._add_key(keys, inner)
                inner = next(self._events)
            items.append(self._node(inner))
        self._open.pop()
        value = dict(zip(keys.items(), items, strict=True)) if kind is dict else items
        depth = 1 + max((item.depth for item in items), default=0)
        return _Node(kind, value, _line(event), self._values - values_before, depth)

    def _add_key(self, keys: dict[str, int], event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._alias(event)
            raise self._error("a key must be text, not an alias", _line(event))
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse_tag(event)
            raise self._error("a key must be text, not a list or a mapping", _line(event))
        key, line = self._scalar_text(event), _line(event)
        if not event.style and key == "<<":
            raise self._error('merge keys ("<<") are not supported; write the keys out', line)
        if key in keys:
            raise self._error(f'the key "{key}" is here twice: lines {keys[key]} and {line}', line)
        keys[key] = line
        self._set_anchor(event, _Node(str, key, line, 1, 1))

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            raise self._error(f"the tag {event.tag} is not allowed; values are plain YAML", _line(event))

    def _alias(self, event: yaml.AliasEvent) -> _Node:
        anchor, line = event.anchor, _line(event)
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise self._error(f"more than {MAX_ALIASES} aliases (*{anchor})", line)
        if any(container.anchor == anchor for container in self._open):
            raise self._error(f"*{anchor} stands inside &{anchor} itself", line)
        if anchor not in self._anchors:
            raise self._error(f"there is no &{anchor} above for *{anchor}", line)
        return self._anchors[anchor]

    def _set_anchor(self, event: yaml.NodeEvent, node: _Node) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = node

    def _scalar_text(self, event: yaml.ScalarEvent) -> str:
        """The text. Joins surrogate pairs: JSON escapes a character beyond U+FFFF as two; YAML does not."""
        self._refuse_tag(event)
        text: str = event.value
        if not _SURROGATE.search(text):
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            problem = "half of a surrogate pair cannot stand here; write the character itself"
            raise self._error(problem, _line(event)) from None


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


_SURROGATE = re.compile("[\ud800-\udfff]")
_CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][-+]?[0-9]{1,3})?", re.ASCII)


def _scalar_value(text: str) -> str | int | float | bool | None:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    number = _JSON_NUMBER.fullmatch(text)
    if number is None:
        return text
    if number.group(1) is None and number.group(2) is None:
        return int(text)
    return float(text) if math.isfinite(float(text)) else text


def _to_python(
    node: _Node, path: ValuePath, lines: dict[ValuePath, int], written: dict[ValuePath, str]
) -> Any:
    lines.setdefault(path, node.line)
    if node.kind is list:
        return [_to_python(item, (*path, index), lines, written) for index, item in enumerate(node.value)]
    if node.kind is dict:
        for (key, line), _ in node.value.items():
            lines[(*path, key)] = line
        return {key: _to_python(item, (*path, key), lines, written) for (key, _), item in node.value.items()}
    if node.written is not None and node.written != str(node.value):
        written[path] = node.written
    return node.value


# Part of PyYAML's error text → the sentence we show. Tried in order.
_PROBLEMS = (
    ("character '\\t'", "there is a tab where YAML wants spaces"),
    (
        "mapping values are not allowed",
        'a ":" stands where none fits: the indentation does not fit the lines above,'
        ' or a text that has ": " in it is not in quotes',
    ),
    ("unexpected end of stream", "a quote is opened here and never closed"),
    ("could not find expected ':'", 'this line has no ":" after its key'),
    (
        "expected <block end>",
        "the indentation does not fit the lines above, or a bracket or quote is left open",
    ),
    ("expected ',' or", "a bracket is opened here and never closed"),
    ("found '<stream end>'", "the file ends in the middle of something; a bracket is left open"),
    ("cannot start any token", "text that begins with this character must be in quotes"),
    ("unknown escape character", "in \"…\" a backslash begins an escape; write \\\\ or use '…'"),
)


def _problem_of(error: yaml.MarkedYAMLError) -> tuple[int, str]:
    problem = error.problem or "it is no YAML"
    problem = next((words for sign, words in _PROBLEMS if sign in problem), f"it is no YAML: {problem}")
    opened = "never closed" in problem and error.context_mark is not None
    mark = error.context_mark if opened else error.problem_mark or error.context_mark
    return (1 if mark is None else mark.line + 1), problem
