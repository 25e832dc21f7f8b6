"""Run the code blocks of a page, in order, in a folder as a newcomer has it.

* ``console``: every ``$ command`` runs in a shell; below it stands what it prints (of stderr only errors and
  hints), and ``[exit 3]`` where its exit code is not 0. ``export`` holds for the commands after it. A
  ``recorder simulate`` runs on, as in a terminal of its own, until the page is over.
* ``yaml`` and ``python`` blocks whose first line is a comment with a file name are written to that file. A
  YAML block is checked as a script or a part of one; a Python block without a file name is executed.
* ``sql``: runs in plain sqlite3 on the folder's ``recorder.db``, opened read-only; a ``text`` block behind it
  holds the rows.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from builders.preloaded import Preloaded, shell

import recorder
from recorder import recipes
from recorder.documents import read_document

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PORT = "8765"
"""Stands on the pages; a free one takes its place when they run."""

# What differs from run to run, and what takes its place. Widths follow the values, so blanks count as one.
CHANGING = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"\b[0-9a-f]{12}\b", "SESSION"),
    (r"\beyJ[^\"\s]*", "JWT"),
    (r"⟦(\w+):[0-9a-f]{8}", r"⟦\1:FINGERPRINT"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "TIMESTAMP"),
    (r"\b\d{13}\b", "MS"),
    (r"(?<=\":)\d{1,12}…", "MS…"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "DATE"),
    (r"\d\d:\d\d:\d\d\.\d{3}", "TIME"),
    (r"\+\d+\.\d{3}s", "DELAY"),
    (r"after: \d+(\.\d+)?m?s\b", "after: DELAY"),
    (r"#\d+", "#N"),
    (r"\bframe \d+", "frame N"),
    (r"\bin \d+\.\d+s\b", "in SECONDS"),
    (r"[ \t]+", " "),
)


class Run(NamedTuple):
    """One command or query of a page: what the page shows below it, and what it printed."""

    command: str
    shown: str
    printed: str

    @property
    def agrees(self) -> bool:
        """Whether the page shows what was printed, apart from what differs from run to run."""
        return normal(self.shown) == normal(self.printed)


def normal(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, word in CHANGING:
        text = re.sub(pattern, word, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


class PageRunner:
    """A folder with the samples and the programs that pages call, and one page's blocks run in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = _free_port()
        self._servers: list[Preloaded] = []
        shutil.copytree(ROOT / "samples", folder / "samples")
        programs = folder / "bin"
        programs.mkdir()
        for name, call in (("recorder", "-m recorder"), ("pytest", "-m pytest"), ("python", "")):
            (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n')
            (programs / name).chmod(0o755)
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("RECORDER_", "PYTEST_"))
        } | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(Path(recorder.__file__).parents[1]),
        }

    def run(self, page: str) -> list[Run]:
        """Run all blocks; returns what its commands and queries printed."""
        try:
            return list(self._run(BLOCK.findall(page)))
        finally:
            for server in self._servers:
                server.send_signal(signal.SIGINT)
                server.communicate(timeout=20)

    def _run(self, blocks: list[tuple[str, str]]) -> Iterator[Run]:
        for place, (language, text) in enumerate(blocks):
            if language == "console":
                yield from self._console(text)
            elif language == "yaml":
                self._yaml(text)
            elif language == "python":
                self._python(text)
            elif language == "sql":
                rows = self._rows(text)
                for behind, shown in blocks[place + 1 : place + 2]:
                    if behind == "text":  # else the page shows no rows
                        yield Run(text, shown, rows)

    def _console(self, block: str) -> Iterator[Run]:
        parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
        for command, shown in zip(parts[::2], parts[1::2], strict=True):
            if command.startswith("pip install "):  # installing is what the test run itself began with
                _, _, rest = command.partition("&& ")
                if rest in ("", "pytest"):
                    continue
                yield Run(command, shown, self._printed(rest))
            elif command.startswith("export "):
                words = shlex.split(self._here(command))[1:]
                self._environment |= dict(word.split("=", 1) for word in words)
            elif command.startswith("recorder simulate") and "--list-moods" not in command:
                yield Run(command, shown, self._serve(command, lines=shown.rstrip().count("\n") + 1))
            else:
                yield Run(command, shown, self._printed(command))

    def _here(self, text: str) -> str:
        return text.replace(PORT, str(self._port))

    def _printed(self, command: str) -> str:
        done = shell(self._here(command), cwd=self._folder, env=self._environment)
        printed = done.stdout
        if done.returncode:
            printed += "".join(re.findall(r"^(?:error|hint): .*\n", done.stderr, re.MULTILINE))
            printed += f"[exit {done.returncode}]\n"
        return printed.replace(str(self._port), PORT)

    def _serve(self, command: str, *, lines: int) -> str:
        """Start a server; return so many of the lines that it prints first."""
        server = Preloaded(
            shlex.split(self._here(command))[1:],
            cwd=self._folder, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
        self._servers.append(server)
        assert server.stdout is not None
        printed = "".join(server.stdout.readline() for _ in range(lines))
        return printed.replace(str(self._port), PORT)

    def _yaml(self, block: str) -> None:
        name = _file_name(block)
        if name is not None:
            (self._folder / name).write_text(block, "utf-8")
        script = self._folder / f"checked-{name or 'part.yaml'}"
        script.write_text(_whole_script(block), "utf-8")
        recipes.check_script(script, variables=["UMS_URL=ws://127.0.0.1", "UMS_JWT=token"], say=str)
        script.unlink()

    def _python(self, block: str) -> None:
        name = _file_name(block)
        code = compile(block, name or "page", "exec")
        if name is not None:
            (self._folder / name).write_text(block, "utf-8")
            return
        with contextlib.chdir(self._folder), contextlib.redirect_stdout(io.StringIO()):
            exec(code, {})

    def _rows(self, queries: str) -> str:
        """The rows as ``sqlite3 -column -header`` prints them; widths do not matter."""
        with contextlib.closing(
            sqlite3.connect(f"file:{self._folder / 'recorder.db'}?mode=ro", uri=True)
        ) as opened:
            cursor = opened.execute(queries)
            heads = tuple(column[0] for column in cursor.description)
            return columns([heads, *cursor.fetchall()])


def columns(rows: list[tuple[Any, ...]]) -> str:
    """Rows in columns, two blanks apart."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in texts)
    return "\n".join(lines) + "\n"


def _file_name(block: str) -> str | None:
    named = re.match(r"# ([\w-]+\.(?:yaml|py))\n", block)
    return named and named[1]


def _whole_script(block: str) -> str:
    """The block as a script: steps alone, or a section of a script, are completed."""
    written = read_document(block, file="page").value
    if isinstance(written, list):
        return "steps:\n" + block
    return block if "steps" in written else f"{block}\nsteps: [wait: 0]\n"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def with_printed(page: str, runs: list[Run]) -> str:
    """The page with what was printed where it shows something else."""
    place = 0
    for run in runs:
        prefix = f"$ {run.command}\n" if f"$ {run.command}\n" in page else ""
        place = page.index(prefix + run.shown, place) + len(prefix)
        shown = run.shown if run.agrees else run.printed
        page = page[:place] + shown + page[place + len(run.shown) :]
        place += len(shown)
    return page
