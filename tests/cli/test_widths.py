"""Whatever a terminal draws how wide: no line of a table is longer than it, in no command."""

from __future__ import annotations

import json
import re

import pytest
import typer.main
from builders.terminal_output import shown_on_a_terminal
from builders.wide_texts import FAMILY, WIDE_TEXTS, wide_capture

from recorder.cli.app import app
from recorder.report.cells import cell_width

TRIED = [
    "session list", "session show two", "session diff one two", "session diff played two", "message list two",
    "message list two --follow", "message show two 0", "message show two 3", "frame list two",
    "frame list two --raw", "frame show two 1", "check two", "check two -v", "check two --watch",
    "check --explain all", "check --explain read-without-accept", "find family", "find 日本",
    f"find {FAMILY}", "find ms.Messaging", "sql", "sql unread", "sql slowest-reads", "samples", "guide",
    "sql 'SELECT * FROM message'", "sql 'SELECT * FROM receipt'", "archive info", "archive verify",
    "simulate --list-moods", "replay SCRIPT --dry-run", "replay SCRIPT --clock virtual -q",
    "replay SCRIPT --users 1 -q",
]  # fmt: skip
NO_TABLES = {
    "archive rebuild", "archive upgrade", "attach", "bundle", "import", "login", "mcp",
    "proxy", "record", "report", "session delete", "session export", "session script", "view", "watch",
}  # fmt: skip
"""They print no tables: payloads as they came, documents, what is to be copied, or remarks."""
TO_BE_COPIED = re.compile(r"^    recorder |^ *(?:https?|wss?)://|\S{60}")
"""A command, an address or an id is not broken into lines, however long it is."""
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def words_of(run, archive, tmp_path, monkeypatch):
    """The words of each command, in an archive with two conversations of wide texts."""
    lines = [json.dumps(line) for line in wide_capture().lines]
    for name, kept in (("one", lines[:-4]), ("two", lines)):
        (tmp_path / name).write_text("\n".join(kept))
        assert run("import", str(tmp_path / name), "--name", name).exit_code == 0
    script = tmp_path / "s.yaml"
    said = "".join(f"- say: {json.dumps(text)}\n" for text in WIDE_TEXTS)
    script.write_text(f"name: {FAMILY * 9}\nsteps:\n- open_conversation:\n{said}agent: []\n")
    monkeypatch.setenv("RECORDER_ARCHIVE", str(archive))
    return lambda command: [
        str(script) if word == "SCRIPT" else word.strip("'") for word in re.findall("'[^']*'|[^ ]+", command)
    ]


def commands(group, words=()):
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        yield from [" ".join((*words, name))] if inner is None else commands(command, (*words, name))


def test_every_command_is_tried_or_has_no_tables():
    every = set(commands(typer.main.get_command(app)))
    tried = {words for words in every if any(f"{each} ".startswith(f"{words} ") for each in TRIED)}
    assert tried | NO_TABLES == every
    assert tried & NO_TABLES == set()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(("term", "encoding"), [("xterm", "utf-8"), ("dumb", "utf-8"), ("dumb", "ascii")])
def test_no_line_is_wider_than_the_terminal(words_of, monkeypatch, width, term, encoding):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in {"COLUMNS": str(width), "TERM": term}.items():
        monkeypatch.setenv(name, value)
    for command in TRIED:
        lines = shown_on_a_terminal(words_of(command), monkeypatch, encoding=encoding)
        assert lines, command
        if term == "dumb":
            assert not any("\x1b" in line for line in lines), command
        shown = [CONTROL.sub("", line) for line in lines]
        wide = [line for line in shown if cell_width(line) > width and not TO_BE_COPIED.search(line)]
        assert wide == [], command
