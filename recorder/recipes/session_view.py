"""Gather what a session looks like to other people: its messages, findings, and how far it is complete."""

from __future__ import annotations

from recorder.checks import engine
from recorder.errors import BadOption
from recorder.receipts.participants import people_words
from recorder.receipts.queries import view
from recorder.receipts.self_facts import known_people, people_of
from recorder.redaction.people import PARTS, Part
from recorder.report.redacted_view import redacted_view
from recorder.report.session_view import SessionView
from recorder.report.summary import count_frames
from recorder.store.archive import Archive

from .check_session import check_input_of


def parse_parts(text: str | None) -> frozenset[Part]:
    """The parts that ``--redact text,names`` leaves out. Raises ``BadOption``."""
    named = [each.strip() for each in (text or "").split(",") if each.strip()]
    for each in named:
        if each not in PARTS:
            raise BadOption("--redact", f'"{each}" cannot be left out', hint=f"one of {', '.join(PARTS)}")
    return frozenset(part for part in PARTS if part in named)


def session_view(archive: Archive, session: str, *, redact: str | None = None) -> SessionView:
    """A session as other people are shown it, without the parts that ``redact`` names ("text,names").

    Raises:
        NotFound: no such session.
        BadOption: ``redact`` names something else.
    """
    parts = parse_parts(redact)
    found = archive.find_session(session, connected=True)
    looked_at = check_input_of(archive, found)
    messages = view(looked_at.transcript)
    people = {**people_of(messages), **known_people(looked_at.transcript)}
    shown = SessionView(
        session=found,
        connections=archive.connections(found),
        connection_facts=looked_at.connections,
        messages=messages,
        people=people,
        names=people_words(people),
        findings=engine.check(looked_at),
        missing=looked_at.missing,
        recording=looked_at.recording,
        counts=count_frames(archive.frames(found.session)),
    )
    return redacted_view(shown, parts)
