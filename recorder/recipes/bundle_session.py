"""One zip file for a ticket: a session alone as an archive, a report, a script that reproduces it, versions.

Texts and names of people can be left out: first of all, so that every file is made of what is left. No secret
may leave in it: the session is imported anew with everything blanked that looks like one, and what differs
afterwards is told, as is what looks like one in the other files. The same session gives the same bytes.
"""

from __future__ import annotations

import hashlib
import platform
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import orjson

from recorder.counted import counted
from recorder.errors import BadOption, BadScript, ExpectationFailed
from recorder.formats.capture_file import BUNDLED_SESSION, BUNDLED_VERSIONS
from recorder.redaction.people import PARTS, Part
from recorder.redaction.redactor import Redactor
from recorder.redaction.tokens import PLACEHOLDER
from recorder.store.archive import Archive
from recorder.store.sqlitefile import make_reproducible
from recorder.store.versions import SCHEMA_REVISION, program_version
from recorder.wire.records import SessionInfo

from .archives import open_archive
from .export_session import export_to_file, exported
from .generate_script import session_script
from .import_file import import_capture
from .output_files import check_place, save_lines, save_zip
from .queries import Notify, silent
from .report_session import report_pieces
from .session_view import parse_parts

ARCHIVE, REPORT, SCRIPT = "archive.db", "report.html", "script.yaml"

_PLACES_TOLD = 5


def bundle(
    archive: Archive,
    session: str,
    file: Path | None = None,
    *,
    redact: str | None = None,
    say: Notify = silent,
) -> Path:
    """Write a session and what explains it to a zip file (mode 0600), by default ID.zip; return its path.

    ``redact`` ("text,names") leaves what people wrote, or their ids and names, out of every file in it.

    Raises:
        NotFound: no such session.
        BadOption: it is being recorded, the file cannot be there, or ``redact`` names something else.
        ExpectationFailed: something in it looks like a secret; the sentence says where. No file is written.
        OutputFailed, StorageFailed: the disk did not take it.
    """
    found = archive.find_session(session)
    if found.state == "recording":
        raise BadOption("SESSION", f"{found.session} is being recorded", hint="bundle it once it has ended")
    parts = parse_parts(redact)
    target = file or Path(f"{found.session}.zip")
    check_place("--output", target)
    with tempfile.TemporaryDirectory() as folder:
        members = _members(archive, found, Path(folder), parts, say)
        save_zip(members, target)
    if kept := [_INSIDE[part] for part in PARTS if part not in parts]:
        say(f"{' and '.join(kept)} are inside; leave them out by --redact {','.join(PARTS)}")
    return target


_INSIDE: dict[Part, str] = {"text": "the texts of messages", "names": "ids and names of people"}


def _members(
    archive: Archive, found: SessionInfo, folder: Path, parts: Collection[Part], say: Notify
) -> dict[str, Path | bytes]:
    """The files of the bundle. Raises ``ExpectationFailed`` if one holds a secret."""
    lines, copy, page = folder / BUNDLED_SESSION, folder / ARCHIVE, folder / REPORT
    redact = ",".join(part for part in PARTS if part in parts)
    export_to_file(archive, found.session, lines, redact=redact, say=say)
    with open_archive(str(copy), mode="write", create=True) as alone:
        imported = import_capture(alone, lines, say=say)
        places = list(_changed_places(lines, exported(alone, imported.session)))
        # Of what was blanked, and before it is packed into blocks.
        save_lines(report_pieces(alone, imported.session, redact=redact), page)
        script, why_none = _script(alone, imported)
    with lines.open("rb") as stream:
        make_reproducible(copy, hashlib.file_digest(stream, "sha256").digest())
    texts = {BUNDLED_VERSIONS: _versions(found, parts, why_none)}
    texts |= {} if script is None else {SCRIPT: script}
    places += _secret_places(texts)
    if places:
        raise ExpectationFailed(_refusal(places), hint=_HINT.format(session=found.session))
    if why_none is not None:
        say(f"there is no script in it: {why_none}")
    return {BUNDLED_SESSION: lines, ARCHIVE: copy, REPORT: page} | {
        name: _encoded(text) for name, text in texts.items()
    }


_HINT = (
    "blank them in a copy: recorder session export {session} -o copy.jsonl, then recorder import copy.jsonl"
    " --archive copy.db, and bundle that"
)


def _changed_places(lines: Path, again: Iterator[bytes]) -> Iterator[str]:
    """Where the lines of an export changed when they were imported with their secrets blanked."""
    with lines.open("rb") as stream:
        for before, after in zip(stream, again, strict=True):
            if before != after and (place := _place(orjson.loads(before), orjson.loads(after))) is not None:
                yield place


def _place(before: Mapping[str, object], after: Mapping[str, object]) -> str | None:
    """What a changed line is about; None: only whose program wrote it."""
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    if "recorder" in before:
        named = [key for key in changed if key != "source" and before.get(key) is not None]
        return f"the {' and '.join(named)} of the session" if named else None
    if "sender" in before:
        return f"frame #{before.get('number')}"
    if "exchange" in before:
        return f"an HTTP request ({', '.join(changed)})"
    return f"connection {before.get('connection')} ({', '.join(changed)})"


def _script(archive: Archive, found: SessionInfo) -> tuple[str | None, str | None]:
    """The script that reproduces the session, or why there is none."""
    try:
        return session_script(archive, found.session), None
    except BadScript as error:
        return None, str(error)


def _versions(found: SessionInfo, parts: Collection[Part], why_no_script: str | None) -> str:
    facts = {
        "bundle": 1,
        "session": found.session,
        "left_out": sorted(parts),
        "recorded_with": found.recorder_version,
        "recorder": program_version(),
        "schema": SCHEMA_REVISION,
        "python": platform.python_version(),
        "system": platform.platform(),
        "script": None if why_no_script is not None else SCRIPT,
        "why_no_script": why_no_script,
    }
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _secret_places(texts: Mapping[str, str]) -> Iterator[str]:
    """The lines of these files in which something looks like a secret."""
    for name, text in texts.items():
        redactor = Redactor(b"")
        for number, line in enumerate(text.splitlines(), 1):
            # What stands beside a placeholder, such as a quote, would look like a longer secret with it.
            if any(redactor.text(part) != part for part in _between_placeholders(line)):
                yield f"{name}, line {number}"


# Also a variable of a script, which stands where a secret was.
_PLACEHOLDER = re.compile(rf"{PLACEHOLDER.pattern}|\$\{{[A-Za-z_]\w*\}}")


def _between_placeholders(line: str) -> Iterator[str]:
    end = 0
    for placeholder in _PLACEHOLDER.finditer(line):
        yield line[end : placeholder.start()]
        end = placeholder.end()
    yield line[end:]


def _refusal(places: list[str]) -> str:
    more = len(places) - _PLACES_TOLD
    told = ", ".join(places[:_PLACES_TOLD]) + (f" and {more} more" if more > 0 else "")
    return f"no bundle: what looks like a secret is in {counted(len(places), 'place')}: {told}"


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
