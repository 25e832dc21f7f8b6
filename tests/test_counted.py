"""Numbers with their noun."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from builders.sources import MODULES, nodes_of

from recorder.counted import counted, counted_is, counted_was


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 frames"), (1, "1 frame"), (2, "2 frames"), (1_000, "1,000 frames")]
)
def test_one_is_singular(number: int, words: str):
    assert counted(number, "frame") == words


@pytest.mark.parametrize(
    ("number", "past", "present"), [(1, "1 frame was", "1 frame is"), (2, "2 frames were", "2 frames are")]
)
def test_the_verb_agrees_with_the_number(number, past, present):
    assert (counted_was(number, "frame"), counted_is(number, "frame")) == (past, present)


NOUN = re.compile(r" (?:[a-z-]+ )?([a-z]{2,}s)\b(?!/)")
# Verbs after an id or a name, and words that end so.
NO_NOUN = frozenset(
    {
        "as", "belongs", "carries", "derives", "does", "events", "goes", "gone", "has", "includes", "is",
        "its", "lateness", "leads", "less", "makes", "others", "sends", "stands", "stays", "this", "us",
        "was", "ways", "ends", "writes", "holds", "times", "comes", "names", "waits", "takes", "says",
    }
)  # fmt: skip


TWO_AT_LEAST = {"decoder.py": "total"}
"""By module the value that is never 1: a frame has two bytes at least."""


def plural_nouns(path: Path, nodes: Iterable[ast.AST]) -> list[str]:
    """Places where a value that is no constant of the module is followed by a noun in the plural."""
    found = []
    for text in (node for node in nodes if isinstance(node, ast.JoinedStr)):
        for value, after in pairwise(text.values):
            if not (isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant)):
                continue
            noun, shown = NOUN.match(str(after.value)), ast.unparse(value.value)
            if shown == TWO_AT_LEAST.get(path.name):
                continue
            if noun and noun[1] not in NO_NOUN and not re.match(r"[_A-Z]+\b", shown):
                found.append(f"{path.name}:{value.lineno}: {{{shown}}}{noun[0]}")
    return found


def test_a_number_before_a_noun_goes_through_counted():
    """``1 receipts sent`` is what comes of anything else."""
    assert [place for path in MODULES for place in plural_nouns(path, nodes_of(path))] == []


def test_the_search_finds_such_places():
    planted = 'f"{len(x)} receipts sent"; f"{n} open files"; f"{MOST} users"; f"{n} stays"'
    found = plural_nouns(Path("m.py"), ast.walk(ast.parse(planted)))
    assert found == ["m.py:1: {len(x)} receipts", "m.py:1: {n} open files"]
