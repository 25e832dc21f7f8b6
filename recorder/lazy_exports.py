"""Load the public names of a package when they are first used (PEP 562).

A package imports its public names once, under ``if TYPE_CHECKING:``, where type checkers and editors find
them. At run time these statements are not executed but read, to learn which module each name comes from.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec, resolve_name
from pathlib import Path


def lazy_exports(package: str) -> Callable[[str], object]:
    """The ``__getattr__`` of a package whose public names are imported under ``if TYPE_CHECKING:``.

    It knows ``__all__`` as well. To use it::

        if TYPE_CHECKING:
            from .fold import fold as fold
        else:
            __getattr__ = lazy_exports(__name__)
    """

    @cache
    def module_of() -> dict[str, str]:
        return dict(_type_checking_imports(package))

    def load(name: str) -> object:
        if name == "__all__":
            return sorted(module_of())
        if name.startswith("__") or name not in module_of():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(module_of()[name]), name)

    return load


def _type_checking_imports(package: str) -> Iterator[tuple[str, str]]:
    """Each name and its module, from the ``if TYPE_CHECKING:`` block in the source of the package."""
    for statement in ast.parse(_source(package)).body:
        if not isinstance(statement, ast.If):
            continue
        for imported in statement.body:
            if isinstance(imported, ast.ImportFrom):
                module = resolve_name("." * imported.level + (imported.module or ""), package)
                yield from ((name.asname or name.name, module) for name in imported.names)


def _source(package: str) -> str:
    # The file, not the loader: pytest's, which loads the packages of plugins, has no get_source().
    spec = find_spec(package)
    return Path(spec.origin).read_text("utf-8") if spec is not None and spec.origin is not None else ""
