"""The modules of the package as text and as syntax trees, read once however many rules look at them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import recorder

ROOT = Path(recorder.__file__).parent
MODULES = sorted(path for path in ROOT.rglob("*.py") if "_migrations" not in path.parts)


@cache
def text_of(path: Path) -> str:
    return path.read_text("utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of the tree, in the order of ``ast.walk``."""
    return tuple(ast.walk(tree_of(path)))


def place_of(path: Path) -> str:
    """Where a module stands in the package: ``wire/frames.py``."""
    return path.relative_to(ROOT).as_posix()
