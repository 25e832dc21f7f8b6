"""What ``recorder find`` found: where it is, and the command that shows it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Literal

from recorder.counted import counted
from recorder.receipts.participants import participant_word
from recorder.wire.records import SessionInfo, iso_utc

from .cells import fit, shows_styles, styled
from .tables import print_line
from .terminal import safe_text
from .times import clock_time, moment_words

HitKind = Literal["session", "conversation", "participant", "connection", "request", "message", "frame"]

_EXCERPT = 72
"""Columns of a text. With a margin, and a mark where it is cut, a line has 78."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that was found.

    Attributes:
        kind: what it is.
        session: where it is.
        matched: which of its fields holds what was looked for.
        command: what to type next, after ``recorder``: words.
        dialog, conversation, sequence: of a message; the first two also of a conversation.
        participant, role, mine: the author of a message, or the participant.
        connection: number of the connection, of a connection and a frame.
        sender: "client" or "service", of a frame.
        frame: number of the frame that proves it, or first names it.
        at_us: time of that frame, microseconds since the epoch, UTC.
        type, code, status: of a request, message, frame or dialog.
        text: of a message; the payload of a frame; the name of a session or a participant.
        found_at: where in the text what was looked for begins.
        messages: how many there are in the dialog.
        words: what a frame says, in a few words.
    """

    kind: HitKind
    session: SessionInfo
    matched: str
    command: Sequence[str]
    dialog: str | None = None
    conversation: str | None = None
    sequence: int | None = None
    participant: str | None = None
    role: str | None = None
    mine: bool | None = None
    connection: int | None = None
    sender: str | None = None
    frame: int | None = None
    at_us: int | None = None
    type: str | None = None
    code: int | None = None
    status: str | None = None
    text: str | None = None
    found_at: int = 0
    messages: int | None = None
    words: str | None = None


def hit_json(hit: Hit, archive: Sequence[str] = ()) -> dict[str, object]:
    """A line of ``find --json``; ``archive`` are the words that name the archive to the next command."""
    return {
        "kind": hit.kind,
        "matched": hit.matched,
        "session": hit.session.session,
        "name": hit.session.name,
        "started_at": iso_utc(hit.session.started_at_us),
        "dialog": hit.dialog,
        "conversation": hit.conversation,
        "sequence": hit.sequence,
        "participant": hit.participant,
        "role": hit.role,
        "mine": hit.mine,
        "connection": hit.connection,
        "sender": hit.sender,
        "frame": hit.frame,
        "at": iso_utc(hit.at_us),
        "type": hit.type,
        "code": hit.code,
        "status": hit.status,
        "text": hit.text,
        "messages": hit.messages,
        "next": next_command(hit, archive),
    }


def next_command(hit: Hit, archive: Sequence[str] = ()) -> str:
    """The command line that shows a hit, quoted for a shell; it acts on no terminal, whatever an id holds."""
    return " ".join(map(_shell_word, ("recorder", *hit.command, *archive)))


def _shell_word(word: str) -> str:
    """The word quoted; what would act on a terminal is an escape within ``$'…'``, which Bash and zsh know."""
    if safe_text(word) == word:
        return shlex.quote(word)
    return "$'" + "".join(map(_shell_escaped, word)) + "'"


def _shell_escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    escaped = safe_text(character)
    return f"\\u{ord(character):04x}" if escaped.startswith("\\x") else escaped


def print_hits(
    stream: IO[str], hits: Iterable[Hit], archive: Sequence[str] = (), *, local: bool = False
) -> None:
    """Hits under the session that they are in, each with its next command; printed while they come.

    ``local``: times are those of this machine's zone.
    """
    shown = None
    for hit in hits:
        if hit.session.session != shown:
            if shown is not None:
                print_line(stream, "")
            shown = hit.session.session
            print_line(stream, _session_line(hit.session, local=local), style="bold")
        for line in _lines(hit, local=local):
            print_line(stream, line)
        command = f"    {next_command(hit, archive)}"  # not broken into lines: it is to be copied
        stream.write((styled(command, "cyan") if shows_styles(stream) else command) + "\n")


def _session_line(session: SessionInfo, *, local: bool) -> str:
    name = "" if session.name is None else f"  {session.name}"
    return f"{session.session}{name}  {moment_words(session.started_at_us, local=local)}  {session.state}"


def _lines(hit: Hit, *, local: bool) -> Iterator[str]:
    """What it is and where it stands; then the text around what was found."""
    words = _WORDS.get(hit.kind, _frame)
    yield f"  {words(hit, local)}"
    if hit.kind not in ("session", "participant") and hit.text is not None:
        yield f"    {excerpt(hit.text, hit.found_at)}"


def _named_session(hit: Hit, _: bool) -> str:
    return f"session, by its {hit.matched}: {counted(hit.session.frames, 'frame')}"


def _conversation(hit: Hit, _: bool) -> str:
    other = "" if hit.conversation in (None, hit.dialog) else f" of conversation {hit.conversation}"
    facts = ", ".join(filter(None, (hit.type, hit.status, counted(hit.messages or 0, "message"))))
    return f"dialog {hit.dialog}{other}: {facts}, from #{hit.frame}"


def _participant(hit: Hit, _: bool) -> str:
    name = f' "{hit.text}"' if hit.text else ""
    return f"participant {hit.participant}{name}: {hit.role or 'of no known role'}, from #{hit.frame}"


def _message(hit: Hit, local: bool) -> str:
    author = participant_word(hit.participant, hit.role, mine=hit.mine)
    place = f"{hit.dialog}:{hit.sequence}" if hit.sequence is not None else f"not published, #{hit.frame}"
    content = f"  [{hit.type or 'not seen'}]" if hit.text is None else ""
    return f"message {place}  {author}  {clock_time(hit.at_us, local=local)}  {hit.status}{content}"


def _frame(hit: Hit, local: bool) -> str:
    facts = [hit.sender, None if hit.words else hit.type]
    facts += [None if hit.code is None else str(hit.code), hit.status]
    time = None if hit.at_us is None else clock_time(hit.at_us, local=local)
    where = f"connection {hit.connection}" if hit.frame is None else f"frame #{hit.frame}"
    line = "  ".join(filter(None, (where, time, *facts)))
    if hit.words is None:
        return line
    return f"{line}  {fit(safe_text(hit.words), _EXCERPT - len(line)).rstrip()}"


_WORDS = {
    "session": _named_session,
    "conversation": _conversation,
    "participant": _participant,
    "message": _message,
}


def excerpt(text: str, place: int) -> str:
    """The part of a text around a place, escaped, in some 72 columns."""
    begin = max(0, min(place - _EXCERPT // 3, len(text) - _EXCERPT))
    part = safe_text(text[begin : begin + _EXCERPT])
    if begin + _EXCERPT < len(text):
        part += "…"
    if begin:
        part = f"…{part}"
    return fit(part, _EXCERPT + 2).rstrip()
