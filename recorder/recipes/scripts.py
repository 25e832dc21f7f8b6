"""Scripts without playing them: read, check, JSON Schema, dry run."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from recorder.counted import counted
from recorder.documents import Document
from recorder.errors import BadOption, BadScript
from recorder.redaction.redactor import Redactor
from recorder.replay.dry_run import ScheduledStep, schedule
from recorder.replay.dry_run import timetable_lines as timetable_lines
from recorder.replay.language.includes import Folder
from recorder.replay.language.script import Script, load

from .input_files import missing_file_hint
from .queries import Notify, silent

_KEYS_OF_CAPTURES = frozenset({"recorder", "connection", "sender", "opcode", "kind", "log"})
LONGEST_SCRIPT = 1 << 22
"""Bytes; more than any document of the allowed number of characters has."""


def read_script(script: Path | str, variables: Sequence[str] = ()) -> Script:
    """Read and check a script; "-" is stdin, from where it can include no files.

    ``variables`` are "NAME=value" for ``${NAME}``; they override the environment.

    Raises:
        BadScript: it is not valid.
        BadOption: a variable is not written NAME=value.
    """
    return _read(script, {**os.environ, **given_variables(variables)})


def given_variables(written: Sequence[str]) -> dict[str, str]:
    """Parse ``--var NAME=VALUE`` options.

    Raises:
        BadOption: one is not written so.
    """
    variables = {}
    for each in written:
        name, equals, value = each.partition("=")
        if not equals or not (name.isascii() and name.isidentifier()):
            raise BadOption("--var", f'"{each}" is not NAME=VALUE')
        variables[name] = value
    return variables


def check_script(script: Path | str, variables: Sequence[str] = (), *, say: Notify = silent) -> str:
    """Check a script, its agent and simulator sections too; returns one sentence about it.

    ``say`` gets warnings: the script's notes, variables a real service needs, unused ``--var`` options.

    Raises:
        BadScript: it is not valid.
        BadOption: a variable is not written NAME=value.
    """
    from .script_simulator import agent_and_moods_of

    given = given_variables(variables)
    known = _UsedVariables({**os.environ, **given})
    read = _read(script, known)
    agent_and_moods_of(read)
    unused = (f"--var {name}: the script has no ${{{name}}}" for name in given if name not in known.used)
    for note in (*read.notes, *_missing(read, known), *unused):
        say(note)
    return f"{script}: {_summary(read)}: fine"


def script_timetable(script: Path | str, variables: Sequence[str] = ()) -> Iterator[ScheduledStep]:
    """The dry run: when each step of a script can begin, and what it waits for.

    Raises:
        BadScript: it is not valid.
        BadOption: a variable is not written NAME=value.
    """
    return schedule(read_script(script, variables))


def script_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of scripts, agent and simulator sections included."""
    from recorder.replay.language.schema import script_schema as of_script

    from .simulator_schema import simulator_schemas

    agent, moods, others = simulator_schemas()
    return of_script(agent=agent, simulator=moods, others=others)


# --- reading --------------------------------------------------------------------------------------------


def _read(script: Path | str, variables: Mapping[str, str]) -> Script:
    return load_script(script_text(script), script, variables)


def load_script(text: bytes, script: Path | str, variables: Mapping[str, str]) -> Script:
    """Check a script's text; of one that is not valid, the simulator's sections are checked, too.

    Raises:
        BadScript: it is not valid.
    """
    return load(
        text,
        file=str(script),
        variables=variables,
        folder=folder_of(script),
        check_sections=_problems_of_sections,
    )


def _problems_of_sections(document: Document, consumers: Collection[str]) -> Iterable[BadScript]:
    from .script_simulator import problems_of_sections

    return problems_of_sections(document, consumers)


def script_text(script: Path | str) -> bytes:
    """The bytes of a script file; "-" is stdin.

    Raises:
        BadScript: it cannot be read, or is larger than ``LONGEST_SCRIPT``.
    """
    try:
        data = _bytes(script)
    except OSError as problem:
        hint = missing_file_hint(script)
        raise BadScript(str(script), f"it cannot be read ({problem.strerror})", hint=hint) from None
    if len(data) > LONGEST_SCRIPT:
        raise BadScript(str(script), f"it is larger than {LONGEST_SCRIPT >> 20} MiB")
    if _is_capture(data):
        hint = f"recorder import {script}, then: recorder session script last"
        raise BadScript(str(script), "it is a capture, not a script", hint=hint)
    return data


def _is_capture(data: bytes) -> bool:
    """Whether the first line is one of a capture in JSON: a script in JSON has none of these keys."""
    try:
        first = orjson.loads(data.lstrip().partition(b"\n")[0])
    except ValueError:
        return False
    return isinstance(first, dict) and not _KEYS_OF_CAPTURES.isdisjoint(first)


def _bytes(script: Path | str) -> bytes:
    if str(script) == "-":
        return sys.stdin.buffer.read(LONGEST_SCRIPT + 1)
    with Path(script).open("rb") as file:
        return file.read(LONGEST_SCRIPT + 1)


def folder_of(script: Path | str) -> Folder | None:
    """The folder of a script, for ``load``; None for stdin."""
    return None if str(script) == "-" else Folder(Path(script).parent)


# --- the sentence of a check ------------------------------------------------------------------------------


class _UsedVariables(dict[str, str]):
    """Variables that record which of them were looked up."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(variables)
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.used.add(name)
        return super().__getitem__(name)


def _missing(script: Script, known: Mapping[str, str]) -> Iterator[str]:
    for name in script.consumers:
        try:
            script.consumer(known, name)
        except BadScript as problem:
            yield f"{problem}; it is needed against a real service only"


def without_secret_name(script: Script) -> Script:
    """The script with tokens, which ``${…}`` may put there, redacted from its name: reports show it."""
    return replace(script, name=Redactor(secrets.token_bytes(16)).text(script.name))


def _summary(script: Script) -> str:
    parts = [counted(len(script.steps), "step")]
    if len(script.consumers) > 1:
        parts.append(counted(len(script.consumers), "consumer"))
    if script.agent is not None:
        parts.append(counted(len(script.agent), "rule") + " for the agent")
    if script.simulator:
        parts.append(counted(len(script.simulator), "mood") + " of the simulator")
    return ", ".join(parts)
