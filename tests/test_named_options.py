"""Every ``--option`` that the package names in a hint, a help text, an error or its manual exists.

Where ``recorder COMMAND`` stands before it on the line, that command has it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.main
from builders.sources import MODULES, ROOT, nodes_of, place_of

from recorder.cli.app import app

README = Path(__file__).parents[1] / "README.md"  # it is not installed with the package
TEXTS = sorted([*ROOT.glob("guide/*.md"), README])

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?![\w-])")
COMMAND = re.compile(r"\brecorder((?: [a-z]+){1,2})\b")

# Options of other programs that stand in examples and in what other programs are started with.
OF_OTHERS = {
    "locust": {"--expect-workers", "--headless", "--master", "--master-host", "--worker"},
    "Chromium": {
        "--disable-component-update",
        "--host-resolver-rules",
        "--log-net-log",
        "--net-log-capture-mode",
        "--no-default-browser-check",
        "--no-first-run",
        "--no-sandbox",
        "--remote-debugging-address",
        "--remote-debugging-port",
        "--user-data-dir",
    },
    "curl": {"--cacert"},
    "mitmdump": {"--mode", "--set"},
    "playwright": {"--trace"},
    "wscat": {"--passphrase"},
    "wsdump": {"--timings"},
}
COMMAND_NAMED = re.compile(r"(?:^\$ |`|\| )recorder ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", re.MULTILINE)


@cache
def commands() -> dict[tuple[str, ...], frozenset[str]]:
    """The options of every command, by its words: ``("session", "list")``."""
    found: dict[tuple[str, ...], frozenset[str]] = {}

    def walk(group: typer.core.TyperGroup, words: tuple[str, ...]) -> None:
        for name, command in group.commands.items():
            options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
            found[*words, name] = frozenset(options) | {"--help"}
            if hasattr(command, "commands"):
                walk(command, (*words, name))

    top = typer.main.get_command(app)
    options = {name for each in top.params for name in each.opts}
    found[()] = frozenset(options) | {"--help", "--install-completion", "--show-completion"}
    walk(top, ())
    return found


@cache
def every_option() -> frozenset[str]:
    return frozenset().union(*commands().values())


def command_before(text: str) -> tuple[str, ...] | None:
    """The command that the end of this text names last; None if it names none."""
    named = [found[1].split() for found in COMMAND.finditer(text)]
    for words in reversed(named):
        for length in (2, 1):
            if tuple(words[:length]) in commands():
                return tuple(words[:length])
    return None


def unknown_options(text: str) -> Iterator[str]:
    """The options in this text that do not exist where it says."""
    for line in text.splitlines():
        for found in OPTION.finditer(line):
            option = found[0]
            command = command_before(re.split(r"[`|;]", line[: found.start()])[-1])
            if command is None:
                known = every_option().union(*OF_OTHERS.values())
            else:
                known = commands()[command] | commands()[()]
            if option not in known:
                yield f"{option} of {' '.join(('recorder', *(command or ('…',))))}"


@cache
def literals(path: Path) -> list[tuple[int, str]]:
    """The texts of a module with their lines; the parts of an f-string as one, docstrings included."""
    inside: set[ast.AST] = set()
    found: list[tuple[int, str]] = []
    for node in nodes_of(path):
        if isinstance(node, ast.JoinedStr):
            inside.update(node.values)
            parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
            found.append((node.lineno, "".join(map(str, parts))))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside:
            found.append((node.lineno, node.value))
    return found


def test_options_of_others_are_none_of_ours_and_are_named_somewhere() -> None:
    """An option of ours among them would stay unnoticed when it goes."""
    named = {
        option for path in (*MODULES, *TEXTS) for option in OPTION.findall(path.read_text(encoding="utf-8"))
    }
    of_others = frozenset().union(*OF_OTHERS.values())
    assert (of_others & every_option(), of_others - named) == (set(), set())


def test_texts_of_the_code_name_options_that_exist() -> None:
    assert [
        f"{place_of(path)}:{line}: {each}"
        for path in MODULES
        for line, text in literals(path)
        for each in unknown_options(text)
    ] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_pages_name_options_that_exist(path: Path) -> None:
    lines = enumerate(path.read_text("utf-8").splitlines(), 1)
    assert [(number, each) for number, line in lines for each in unknown_options(line)] == []


def unknown_commands(text: str) -> Iterator[str]:
    """The commands in a code span or at a prompt that do not exist."""
    for found in COMMAND_NAMED.finditer(text):
        group = any(words[:1] == (found[1],) and len(words) == 2 for words in commands())
        words = (found[1], found[2]) if group and found[2] else (found[1],)
        if words not in commands():
            yield " ".join(("recorder", *words))


def test_commands_that_are_named_exist() -> None:
    texts = [(path.name, path.read_text("utf-8")) for path in TEXTS]
    texts += [(f"{place_of(path)}:{line}", text) for path in MODULES for line, text in literals(path)]
    assert [f"{place}: {each}" for place, text in texts for each in unknown_commands(text)] == []


def test_a_command_that_does_not_exist_is_found() -> None:
    text = "`recorder rapport`, `recorder check`\n$ recorder session shwo x\nrecorder is"
    assert list(unknown_commands(text)) == ["recorder rapport", "recorder session shwo"]


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("try --connect-timeout 20s", []),
        ("try --conect-timeout 20s", ["--conect-timeout of recorder …"]),
        ("recorder check --explain x; recorder session list --junit f", ["--junit of recorder session list"]),
        ("recorder session list --json | recorder import - --name x", []),
        ("`recorder check` knows `--users`", []),
        ("curl --cacert ca.pem", []),
        ("recorder proxy --cacert ca.pem", ["--cacert of recorder proxy"]),
        ("two dashes -- and a----rule", []),
    ],
)
def test_an_option_that_does_not_exist_is_found(text: str, unknown: list[str]) -> None:
    assert list(unknown_options(text)) == unknown
