"""Look into an archive: sessions, frames, messages, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Literal

from recorder.errors import BadOption, NotFound
from recorder.messaging.events import Event
from recorder.receipts.evidence import Rung, ask_life, life
from recorder.receipts.fold import fold
from recorder.receipts.queries import MessageView, view
from recorder.receipts.state import Transcript
from recorder.report.summary import Summary, count_frames
from recorder.store.archive import Archive
from recorder.store.info import SessionInfo
from recorder.store.projections import events_of
from recorder.store.verify import SessionVerdict
from recorder.store.verify import verify as verify_archive
from recorder.wire.records import RecordedFrame

Say = Callable[[str], None]


def silent(_says: str) -> None:
    """Say nothing: what library callers get who pass no ``say``."""


def open_archive(
    archive: str, *, mode: Literal["read", "write"] = "read", create: bool = False, say: Say = silent
) -> Archive:
    """Open an archive by path or URL; close it with ``with``.

    Raises:
        ArchiveUnusable: it is none, damaged, newer, or (reading) older than this program needs.
        StorageFailed: it cannot be written, or another process records into it.
    """
    return Archive.open(archive, mode=mode, create=create, say=say)


def events(archive: Archive, session: SessionInfo) -> Iterator[Event]:
    """What a session's frames tell, in their order."""
    connections = archive.connections(session.session)
    interrupted = session.state == "interrupted"
    return events_of(connections, archive.frames(session.session), interrupted=interrupted)


def transcript(archive: Archive, session: str) -> Transcript:
    """The messages and receipts of a session (id, prefix, name or "last"), folded from its frames."""
    return fold(events(archive, archive.find_session(session)))


def messages(archive: Archive, session: str, *, dialog: str | None = None) -> tuple[str, list[MessageView]]:
    """The session's id and its messages.

    Raises:
        NotFound: no such session, or no such dialog in it.
    """
    found = archive.find_session(session)
    folded = fold(events(archive, found))
    listed = view(folded, dialog)
    if dialog is not None and not listed:
        raise NotFound("dialog", dialog, close=sorted(folded.dialogs))
    return found.session, listed


def message_life(archive: Archive, session: str, reference: str) -> tuple[str, MessageView, list[Rung]]:
    """One message and every frame that bears on it.

    ``reference`` is SEQUENCE, DIALOG:SEQUENCE, or #FRAME of a publish that has no sequence.

    Raises:
        NotFound: no such message, or the sequence stands in several dialogs.
        BadOption: the reference is none.
    """
    found = archive.find_session(session)
    heard = list(events(archive, found))
    listed = view(fold(heard))
    message = _referred(listed, reference)
    if message.sequence is None or message.dialog_id is None:
        return found.session, message, ask_life(heard, message.ask or 0)
    return found.session, message, life(heard, message.dialog_id, message.sequence)


def _referred(listed: list[MessageView], reference: str) -> MessageView:
    if reference.startswith("#"):
        ask = _number(reference[1:], reference)
        fitting = [message for message in listed if message.ask == ask]
    else:
        dialog_id, _, written = reference.rpartition(":")
        sequence = _number(written, reference)
        fitting = [
            message
            for message in listed
            if message.sequence == sequence and dialog_id in ("", message.dialog_id)
        ]
    if len(fitting) == 1:
        return fitting[0]
    close = [f"{message.dialog_id}:{message.sequence}" for message in fitting]
    raise NotFound("message", reference, close=close, many=len(fitting) > 1)


def _number(written: str, reference: str) -> int:
    if not (written.isascii() and written.isdigit()):
        raise BadOption(
            "MESSAGE",
            f'"{reference}" is no SEQUENCE, DIALOG:SEQUENCE or #FRAME',
            hint="recorder message list shows them",
        )
    return int(written)


def frames(archive: Archive, session: str, *, connection: int | None = None) -> Iterator[RecordedFrame]:
    """The frames of a session in wire order.

    Raises:
        NotFound: no such session or connection.
    """
    found = archive.find_session(session)
    known = [str(each.connection) for each in archive.connections(found.session)]
    if connection is not None and str(connection) not in known:
        raise NotFound("connection", str(connection), close=known)
    return archive.frames(found.session, connection=connection)


def frame(archive: Archive, session: str, reference: str) -> RecordedFrame:
    """One frame by its number, ``41`` or ``#41``.

    Raises:
        NotFound: no such session or frame.
        BadOption: the reference is no number.
    """
    written = reference.removeprefix("#")
    if not (written.isascii() and written.isdigit()):
        raise BadOption("FRAME", f'"{reference}" is no frame number', hint="recorder frame list shows them")
    return archive.frame(archive.find_session(session).session, int(written))


def summary(archive: Archive, session: str) -> Summary:
    """One session at a glance."""
    found = archive.find_session(session)
    folded = fold(events(archive, found))
    oddities = sorted(folded.oddities, key=lambda oddity: oddity.evidence.frame)
    return Summary(
        session=found,
        connections=archive.connections(found.session),
        counts=count_frames(archive.frames(found.session)),
        messages=view(folded),
        oddities=[f"frame #{oddity.evidence.frame}: {oddity.detail}" for oddity in oddities],
    )


def verify(archive: str) -> list[SessionVerdict]:
    """Recount and rehash every session of an archive.

    Raises:
        ArchiveUnusable: it cannot be read at all.
    """
    with open_archive(archive) as opened:
        return verify_archive(opened)


def verdict_json(verdict: SessionVerdict) -> dict[str, object]:
    """One verdict as ``archive verify --json`` prints it."""
    return asdict(verdict)


def upgrade(archive: str, *, say: Say = silent) -> None:
    """Bring an archive up to this program's schema; ``say`` tells what was done and where the copy is."""
    with open_archive(archive, mode="write", create=False, say=say) as opened:
        say(f"the archive is at revision {opened.info().revision}, as this program writes it")
