"""Export sessions: to a file, there whole or not at all, or to stdout.

JSONL, HAR and the log of wscat hold payloads and are imported again; Markdown, CSV, a diagram of Mermaid and
a trace for Perfetto show what was concluded from them.
"""

from __future__ import annotations

import sys
from codecs import getincrementaldecoder
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

from recorder.errors import BadOption
from recorder.formats import har_writer, jsonl, terminal_writer
from recorder.report.perfetto_trace import trace_pieces
from recorder.report.sequence_diagram import is_too_long, sequence_diagram
from recorder.report.session_csv import messages_csv
from recorder.report.session_markdown import markdown_lines
from recorder.store.archive import Archive

from .output_files import save_lines
from .progress import with_progress
from .queries import Notify, silent
from .redacted_session import RedactedSession
from .report_session import report_pieces
from .session_view import parse_parts, session_view

ExportFormat = Literal["jsonl", "har", "wscat", "html", "markdown", "csv", "mermaid", "perfetto"]
"""jsonl: all that is known; har: messages and requests, for other programs; wscat: messages, for people;
html: the page of ``recorder report``; markdown: messages with receipts, and findings; csv: a row for each
receipt; mermaid: a sequence diagram; perfetto: a trace of connections and participants."""

VIEWS = ("html", "markdown", "csv", "mermaid", "perfetto")
"""The formats that show conclusions; the others hold frames."""


def exported(
    archive: Archive,
    session: str,
    *,
    form: ExportFormat = "jsonl",
    redact: str | None = None,
    say: Notify = silent,
) -> Iterator[bytes]:
    """A session in this format, piece by piece. ``say`` is told what the format has lost.

    ``redact`` ("text,names") leaves texts, or ids and names of people, out of it.

    Raises ``NotFound`` or ``BadOption`` at the first piece.
    """
    if form not in get_args(ExportFormat):
        raise BadOption(
            "--format", f"there is no format {form}", hint=f"one of {', '.join(get_args(ExportFormat))}"
        )
    if form in VIEWS:
        yield from _shown(archive, session, form, redact, say)
        return
    found = archive.find_session(session)
    records = RedactedSession(archive, found, parse_parts(redact))
    connections = records.connections()
    if form == "har":
        yield from har_writer.write(
            connections, records.frames, exchanges=list(records.exchanges()), version=found.recorder_version
        )
    elif form == "wscat":
        yield from terminal_writer.write(connections, records.frames, say=say)
    else:
        yield from jsonl.write(
            records.header(),
            connections,
            records.frames(),
            exchanges=records.exchanges(),
            forwarded=records.forwarded(),
        )


def _shown(
    archive: Archive, session: str, form: ExportFormat, redact: str | None, say: Notify
) -> Iterator[bytes]:
    if form == "html":
        yield from report_pieces(archive, session, redact=redact)
        return
    view = session_view(archive, session, redact=redact)
    if form == "perfetto":
        yield from trace_pieces(view, archive.frames(view.session))
        return
    if form == "csv":
        yield _encoded(messages_csv(view))
        return
    lines = list(sequence_diagram(view) if form == "mermaid" else markdown_lines(view))
    if form == "mermaid" and is_too_long(lines):
        say("the diagram is longer than Mermaid draws unless its maxTextSize is raised")
    yield from (_encoded(f"{line}\n") for line in lines)


def _encoded(text: str) -> bytes:
    """UTF-8; half a surrogate pair as an escape."""
    return text.encode("utf-8", "backslashreplace")


def export_to_stdout(
    archive: Archive,
    session: str,
    *,
    form: ExportFormat = "jsonl",
    redact: str | None = None,
    say: Notify = silent,
) -> None:
    """Write a session to stdout; on a terminal, what would act on it is escaped."""
    pieces = exported(archive, session, form=form, redact=redact, say=say)
    for piece in _safe(pieces, form) if sys.stdout.isatty() else pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _safe(pieces: Iterator[bytes], form: ExportFormat) -> Iterator[bytes]:
    from recorder.report.terminal import safe_json, safe_lines

    decode = getincrementaldecoder("utf-8")("backslashreplace").decode
    for piece in pieces:
        text = decode(piece)
        yield (safe_json(text) if form in ("jsonl", "har", "perfetto") else safe_lines(text)).encode()


def export_to_file(
    archive: Archive,
    session: str,
    file: Path,
    *,
    form: ExportFormat = "jsonl",
    redact: str | None = None,
    say: Notify = silent,
) -> None:
    """Write a session to a file (mode 0600), which is there whole or not at all.

    Raises:
        NotFound: no such session.
        BadOption: the file cannot be there, or there is no such format.
        OutputFailed: the disk did not take it.
    """
    pieces = exported(archive, session, form=form, redact=redact, say=say)
    total = archive.find_session(session).frames if form == "jsonl" else None
    save_lines(with_progress(pieces, f"writing {file}", say, total=total), file)
