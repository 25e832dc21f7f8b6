"""Help fits a screen, and groups what belongs together."""

from __future__ import annotations

import os
import re

from builders import preloaded
from typer.main import get_command

from recorder.cli.app import app


def helped(*arguments: str, columns: int = 80) -> list[str]:
    environment = {**os.environ, "COLUMNS": str(columns)}
    return preloaded.run(*arguments, "--help", env=environment).stdout.splitlines()


def test_the_list_of_commands_fits_a_screen():
    lines = helped()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    for name in get_command(app).commands:
        assert any(re.match(rf"(.*  |  ){name}  ", line) for line in lines), name
    assert not any("..." in line for line in lines[lines.index("Commands:") :])


def test_a_narrow_terminal_has_one_column():
    lines = helped(columns=60)
    assert max(map(len, lines)) <= 60
    commands = lines[lines.index("Commands:") + 1 :]
    names = [line.split()[0] for line in commands[: commands.index("")]]
    assert names == list(get_command(app).commands)


def test_options_stand_under_headings():
    headings = [line for line in helped("replay") if re.fullmatch(r"[A-Z][a-z ]+:", line)]
    assert headings == [
        "Arguments:", "Options:", "Token:", "Connection:", "Many users:", "Recording:", "Every command:",
    ]  # fmt: skip
