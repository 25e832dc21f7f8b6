"""Scripts without playing them: read, check, describe to editors, and tell what would happen when."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from recorder.errors import BadOption, BadScript
from recorder.redaction.redactor import Redactor
from recorder.replay.dry_run import Row, timetable, timetable_lines
from recorder.replay.language.includes import Folder
from recorder.replay.language.script import Script, load

from .queries import Say, silent

__all__ = [
    "check_script",
    "folder_of",
    "given_variables",
    "read_script",
    "script_schema",
    "script_text",
    "script_timetable",
    "timetable_lines",
    "without_secret_name",
]

LONGEST_SCRIPT = 1 << 22
"""Bytes; far more than the characters a document may have."""


def read_script(script: Path | str, variables: Sequence[str] = ()) -> Script:
    """A script from its file, checked; "-" reads it from stdin, where it can include nothing.

    ``variables`` are "NAME=value" for ``${NAME}``, before the environment.

    Raises:
        BadScript, BadOption: it cannot be played as written or asked for.
    """
    return _read(script, {**os.environ, **given_variables(variables)})


def given_variables(written: Sequence[str]) -> dict[str, str]:
    """What ``--var NAME=VALUE`` says.

    Raises:
        BadOption: it says something else.
    """
    named = {}
    for each in written:
        name, equals, value = each.partition("=")
        if not equals or not (name.isascii() and name.isidentifier()):
            raise BadOption("--var", f'"{each}" is not NAME=VALUE')
        named[name] = value
    return named


def check_script(script: Path | str, variables: Sequence[str] = (), *, say: Say = silent) -> str:
    """Check a script, its agent and simulator sections too; returns one sentence about it.

    ``say`` gets what is allowed but better not done, and what is missing against a real service.

    Raises:
        BadScript, BadOption: it cannot be played as written or asked for.
    """
    from .casting import agent_of, moods_of

    given = given_variables(variables)
    known = _Looked({**os.environ, **given})
    read = _read(script, known)
    agent_of(read)
    moods_of(read)
    for note in (*read.notes, *_missing(read, known), *_unused(given, known)):
        say(note)
    return f"{script}: {_size(read)}: fine"


def script_timetable(script: Path | str, variables: Sequence[str] = ()) -> Iterator[Row]:
    """What a script would do and when, step by step.

    Raises:
        BadScript, BadOption: it cannot be played as written or asked for.
    """
    return timetable(read_script(script, variables))


def script_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of scripts, agent and simulator sections included."""
    from recorder.replay.language.schema import script_schema as of_script

    from .simulator_schema import simulator_schemas

    agent, moods, others = simulator_schemas()
    return of_script(agent=agent, simulator=moods, others=others)


# --- reading --------------------------------------------------------------------------------------------


def _read(script: Path | str, variables: Mapping[str, str]) -> Script:
    text = script_text(script)
    return load(text, file=str(script), variables=variables, folder=folder_of(script))


def script_text(script: Path | str) -> bytes:
    """What is in the file; "-" is stdin.

    Raises:
        BadScript: it cannot be read, or is far too large.
    """
    try:
        data = _bytes(script)
    except OSError as problem:
        raise BadScript(str(script), f"it cannot be read ({problem.strerror})") from None
    if len(data) > LONGEST_SCRIPT:
        raise BadScript(str(script), f"it is larger than {LONGEST_SCRIPT >> 20} MiB")
    return data


def _bytes(script: Path | str) -> bytes:
    if str(script) == "-":
        return sys.stdin.buffer.read(LONGEST_SCRIPT + 1)
    with Path(script).open("rb") as file:
        return file.read(LONGEST_SCRIPT + 1)


def folder_of(script: Path | str) -> Folder | None:
    """Where a script lies, for ``load``; None for stdin."""
    return None if str(script) == "-" else Folder(Path(script).parent)


# --- what a check says ----------------------------------------------------------------------------------


class _Looked(Mapping[str, str]):
    """Variables that remember which of them were asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


def _missing(script: Script, known: Mapping[str, str]) -> Iterator[str]:
    for name in script.consumers:
        try:
            script.consumer(known, name)
        except BadScript as problem:
            yield f"{problem}; it is needed against a real service only"


def _unused(given: Mapping[str, str], known: _Looked) -> Iterator[str]:
    yield from (f"--var {name}: the script has no ${{{name}}}" for name in given if name not in known.asked)


def without_secret_name(script: Script) -> Script:
    """The script to play: a token that ``${…}`` put into its name would stand in lists and reports."""
    return replace(script, name=Redactor(secrets.token_bytes(16)).text(script.name))


def _size(script: Script) -> str:
    parts = [_counted(len(script.steps), "step")]
    if len(script.consumers) > 1:
        parts.append(_counted(len(script.consumers), "consumer"))
    if script.agent is not None:
        parts.append(_counted(len(script.agent), "rule") + " for the agent")
    if script.simulator:
        parts.append(_counted(len(script.simulator), "mood") + " of the simulator")
    return ", ".join(parts)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
