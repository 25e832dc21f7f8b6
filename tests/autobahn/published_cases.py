"""Load the cases of the Autobahn TestSuite as they were published, for Python 2, under Python 3.

Runs in an environment of its own, with the packages ``autobahn`` and ``autobahntestsuite``. The suite itself
cannot be imported there: its modules import each other without dots, use ``print`` as a statement and treat
text as bytes. Its cases hold only what to send and what to expect, and are read from their source: 2to3
changes the syntax, and a string stands for the bytes of its Latin-1 form, which ``FuzzingPeer`` turns into
bytes where they are sent, and back where they come. In the folder $CONVERTED_CASES, if there is one, what was
converted is kept for the next program.
"""

from __future__ import annotations

import builtins
import importlib.util
import marshal
import os
import re
import sys
import types
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any

# What 2to3 cannot know: which results are bytes that the suite goes on treating as text, and what the library
# ``autobahn`` has renamed since.
_CHANGES = (
    (re.compile(r'unichr\((\w+)\)\.encode\("utf-?8"\)'), r"_utf8(\1)"),
    (re.compile(r"binascii\.b2a_hex\("), "_hex("),
    (re.compile(r"\.validate\(([^()]+)\)"), r".validate(_bytes(\1))"),
    (re.compile(r"from case9_9_1 import \*"), ""),  # not among the cases of the suite
    (re.compile(r"(request|accept)NoContextTakeover"), r"\1_no_context_takeover"),
    (re.compile(r"(request|accept)MaxWindowBits"), r"\1_max_window_bits"),
    (re.compile(r"\(object, Case, \)"), "(Case, )"),
    (re.compile(r"len\(self\.payload\) / "), "len(self.payload) // "),
)


def _utf8(code_point: int) -> str:
    return chr(code_point).encode("utf-8", "surrogatepass").decode("latin-1")


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")


def _hex(data: str | bytes) -> str:
    return (data.encode("latin-1") if isinstance(data, str) else data).hex()


builtins._utf8, builtins._bytes, builtins._hex = _utf8, _bytes, _hex  # type: ignore[attr-defined]


def _suite() -> Path:
    found = importlib.util.find_spec("autobahntestsuite")
    assert found is not None, "pip install autobahntestsuite"
    assert found.origin is not None
    return Path(found.origin).parent


class _Converter:
    """Finds the modules of the cases, by the bare names under which they import each other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        kept = os.environ.get("CONVERTED_CASES")
        self._kept = None if kept is None else Path(kept)

    @cached_property
    def _tool(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it leaves the standard library with Python 3.13
            from lib2to3.refactor import RefactoringTool, get_fixers_from_package
        return RefactoringTool(get_fixers_from_package("lib2to3.fixes"))

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        file = self._folder / f"{name}.py"
        return importlib.util.spec_from_loader(name, self) if file.exists() else None

    def create_module(self, spec: object) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        exec(self.code(module.__name__), module.__dict__)

    def code(self, name: str) -> types.CodeType:
        """The code of a module, of this or an earlier conversion."""
        kept = None if self._kept is None else self._kept / name
        if kept is not None and kept.exists():
            return marshal.loads(kept.read_bytes())
        code = self._converted(name)
        if kept is not None:
            kept.write_bytes(marshal.dumps(code))
        return code

    def _converted(self, name: str) -> types.CodeType:
        file = self._folder / f"{name}.py"
        source = file.read_text("latin-1").replace("\t", "   ")
        source = re.sub(r"^#.*coding[:=].*$", "#", source, count=2, flags=re.MULTILINE)
        for pattern, replacement in _CHANGES:
            source = pattern.sub(replacement, source)
        converted = str(self._tool.refactor_string(source.rstrip() + "\n", name))
        converted = re.sub(r"^from \.(\w+) import", r"from \1 import", converted, flags=re.MULTILINE)
        return compile(converted, str(file), "exec")


def load() -> dict[str, type]:
    """Every case of the suite by its number ("7.1.2"), in the order of the suite."""
    suite = types.ModuleType("autobahntestsuite")
    suite.__file__, suite.__path__ = str(_suite() / "__init__.py"), [str(_suite())]
    suite.__spec__ = importlib.util.spec_from_file_location("autobahntestsuite", suite.__file__)
    sys.modules["autobahntestsuite"] = suite  # some cases look for files beside it
    converter = _Converter(_suite() / "case")
    sys.meta_path.insert(0, converter)  # type: ignore[arg-type]
    cases = types.ModuleType("cases")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(converter.code("__init__"), cases.__dict__)
    return {case.__name__.removeprefix("Case").replace("_", "."): case for case in cases.Cases}


if __name__ == "__main__":
    print("\n".join(load()))
