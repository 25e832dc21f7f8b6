"""Parse YAML into a ``Document``: strictly, without recursion while parsing, with limits on its size."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from recorder.errors import BadScript

from .document import Document, ValuePath

MAX_CHARACTERS = 1 << 20
MAX_ALIASES = 50
MAX_NODES = 100_000
MAX_DEPTH = 64


def read_document(text: str | bytes, *, file: str) -> Document:
    """Parse one YAML document.

    Raises:
        BadScript: it is not UTF-8, not YAML, empty, too large, or uses a refused feature; with file and line.
    """
    decoded = _decoded(text, file)
    if len(decoded) > MAX_CHARACTERS:
        raise BadScript(file, f"it has {len(decoded):,} characters; {MAX_CHARACTERS:,} are the limit")
    root = _Composer(file, decoded).compose()
    lines: dict[ValuePath, int] = {}
    value = _to_python(root, (), lines)
    return Document(file, value, lines)


def _decoded(text: str | bytes, file: str) -> str:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise BadScript(file, "it is not UTF-8 text", line=line, hint="save it as UTF-8") from None


class _Node(NamedTuple):
    """A parsed value. ``size`` (number of values) and ``depth`` count aliases as often as they are used."""

    kind: type
    value: Any
    line: int
    size: int
    depth: int


class _OpenContainer:
    """A mapping or list whose end event has not come yet."""

    def __init__(self, kind: type, line: int, anchor: str | None) -> None:
        self.kind = kind
        self.line = line
        self.anchor = anchor
        self.items: list[_Node] = []
        self.keys: dict[str, int] = {}
        self.key: str | None = None
        self.size = 1
        self.depth = 1


class _Composer:
    """Builds one node from the events of the YAML parser, with a stack instead of recursion."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
        self._open: list[_OpenContainer] = []
        self._anchors: dict[str, _Node] = {}
        self._aliases = 0
        self._root: _Node | None = None
        self._documents = 0

    def compose(self) -> _Node:
        for event in self._events():
            self._handle(event)
        if self._root is None or (self._root.kind is str and self._root.value is None):
            raise BadScript(self._file, "it is empty")
        return self._root

    def _events(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self._text, Loader=yaml.SafeLoader)
        except yaml.reader.ReaderError as error:
            line = self._text.count("\n", 0, error.position) + 1
            problem = f"the control character U+{int(error.character):04X} cannot stand here"
            raise self._error(problem, line) from None
        except yaml.MarkedYAMLError as error:
            line, problem = _problem_of(error)
            raise self._error(problem, line) from None
        except (ValueError, OverflowError):  # an escape like "\U00110000", a %YAML directive of 5000 digits
            line = self._open[-1].line if self._open else 1
            raise self._error("there is an escape or a number here that means nothing", line) from None

    def _error(self, problem: str, line: int) -> BadScript:
        return BadScript(self._file, problem, line=line)

    def _handle(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise self._error('a second document begins here ("---"); one file is one document', line)
            case yaml.AliasEvent():
                self._add(self._alias(event.anchor or "", line), line)
            case yaml.ScalarEvent():
                self._refuse_tag(event, line)
                self._add_scalar(event, line)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._refuse_tag(event, line)
                self._begin(event, line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()

    def _refuse_tag(self, event: Any, line: int) -> None:
        if event.tag is not None:
            raise self._error(f"the tag {event.tag} is not allowed; values are plain YAML", line)

    def _alias(self, anchor: str, line: int) -> _Node:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise self._error(f"more than {MAX_ALIASES} aliases (*{anchor})", line)
        if any(container.anchor == anchor for container in self._open):
            raise self._error(f"*{anchor} stands inside &{anchor} itself", line)
        if anchor not in self._anchors:
            raise self._error(f"there is no &{anchor} above for *{anchor}", line)
        return self._anchors[anchor]

    def _add_scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        inside = self._open[-1] if self._open else None
        text = self._joined_surrogates(event.value, line)
        plain = event.style is None
        if inside is not None and inside.kind is dict and inside.key is None:
            if plain and text == "<<":
                raise self._error('merge keys ("<<") are not supported; write the keys out', line)
            self._add_key(inside, text, line)
            return self._set_anchor(event.anchor, _Node(str, text, line, 1, 1))
        node = _Node(str, _scalar_value(text) if plain and event.implicit[0] else text, line, 1, 1)
        self._set_anchor(event.anchor, node)
        return self._add(node, line)

    def _joined_surrogates(self, text: str, line: int) -> str:
        """Join surrogate pairs: JSON escapes a character beyond U+FFFF as two; YAML does not join them."""
        if not _SURROGATE.search(text):
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            problem = "half of a surrogate pair cannot stand here; write the character itself"
            raise self._error(problem, line) from None

    def _add_key(self, inside: _OpenContainer, key: str, line: int) -> None:
        if key in inside.keys:
            first = inside.keys[key]
            raise self._error(f'the key "{key}" is here twice: lines {first} and {line}', line)
        inside.keys[key] = line
        inside.key = key

    def _begin(self, event: Any, line: int) -> None:
        inside = self._open[-1] if self._open else None
        if inside is not None and inside.kind is dict and inside.key is None:
            raise self._error("a key must be text, not a list or a mapping", line)
        if len(self._open) >= MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH} levels", line)
        kind = dict if isinstance(event, yaml.MappingStartEvent) else list
        self._open.append(_OpenContainer(kind, line, event.anchor))

    def _end(self) -> None:
        ended = self._open.pop()
        value: Any = ended.items
        if ended.kind is dict:
            value = dict(zip(ended.keys.items(), ended.items, strict=True))
        node = _Node(ended.kind, value, ended.line, ended.size, ended.depth)
        self._set_anchor(ended.anchor, node)
        self._add(node, ended.line)

    def _set_anchor(self, anchor: str | None, node: _Node) -> None:
        if anchor is not None:
            self._anchors[anchor] = node

    def _add(self, node: _Node, line: int) -> None:
        if not self._open:
            self._root = node
            return
        inside = self._open[-1]
        if inside.kind is dict and inside.key is None:  # an alias as a key
            raise self._error("a key must be text, not an alias", line)
        inside.items.append(node)
        inside.key = None
        inside.size += node.size
        inside.depth = max(inside.depth, node.depth + 1)
        if len(self._open) + node.depth > MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH} levels", line)
        if sum(container.size for container in self._open) > MAX_NODES:
            raise self._error(f"more than {MAX_NODES:,} values", line)


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


def _to_python(node: _Node, path: ValuePath, lines: dict[ValuePath, int]) -> Any:
    lines.setdefault(path, node.line)
    if node.kind is list:
        return [_to_python(item, (*path, index), lines) for index, item in enumerate(node.value)]
    if node.kind is dict:
        for (key, line), _ in node.value.items():
            lines[(*path, key)] = line
        return {key: _to_python(item, (*path, key), lines) for (key, _), item in node.value.items()}
    return node.value


# Part of PyYAML's error text → the sentence we show. Tried in order.
_PROBLEMS = (
    ("character '\\t'", "there is a tab where YAML wants spaces"),
    (
        "mapping values are not allowed",
        'a ":" stands where none fits; put text that has ": " in it in quotes',
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
    ("found duplicate anchor", "the same &anchor is given twice"),
    ("unknown escape character", "in \"…\" a backslash begins an escape; write \\\\ or use '…'"),
)


def _problem_of(error: yaml.MarkedYAMLError) -> tuple[int, str]:
    problem = error.problem or "it is no YAML"
    problem = next((words for sign, words in _PROBLEMS if sign in problem), f"it is no YAML: {problem}")
    opened = "never closed" in problem and error.context_mark is not None
    mark = error.context_mark if opened else error.problem_mark or error.context_mark
    return (1 if mark is None else mark.line + 1), problem
