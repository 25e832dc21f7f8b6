"""Find what somebody knows of a conversation, an id or some words, in all sessions of an archive.

Newest sessions first. Whatever is asked, an answer tells the session and the next command to type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from recorder.counted import counted
from recorder.errors import BadOption
from recorder.projection.derived.search_texts import folded
from recorder.projection.derived.searchable import SearchableRows, searchable_rows
from recorder.report.frame_words import FrameWords
from recorder.report.hits import Hit
from recorder.report.json_views import payload_text
from recorder.store.archive import Archive
from recorder.store.remarks import Notify, silent
from recorder.store.search_index import sessions_without
from recorder.store.versions import DERIVATION_VERSION
from recorder.wire.records import RecordedFrame, SessionInfo

from .filters import Filters
from .frame_filter import FrameFilter
from .payload_query import PayloadQuery, json_of, leaves_of

_LEAST_OF_AN_ID = 4
"""So many characters of an id are taken for its beginning; fewer have to be the whole."""

_OF_A_HISTORY = re.compile(r"ms::(?:conv|dialog):(.+)::msg:\d+", re.ASCII)
"""How the service's history names a message: by its conversation; the number is not always the sequence."""


@dataclass(frozen=True, slots=True)
class _SoughtText:
    """What is looked for: the text, ready to be compared. ``in_texts``: in texts and names of people, too."""

    text: str
    folded: str
    number: int | None
    in_texts: bool = True

    @property
    def indexed(self) -> str:
        """What any row that fits has in one of its columns: of ``DIALOG:SEQUENCE`` only the dialog."""
        dialog, colon, sequence = self.folded.rpartition(":")
        return dialog if colon and sequence.isdigit() else self.folded

    def is_whole(self, *values: str | None) -> bool:
        return any(value is not None and folded(value) == self.folded for value in values)

    def begins(self, value: str | None) -> bool:
        if value is None:
            return False
        whole = folded(value)
        return whole == self.folded or (len(self.folded) >= _LEAST_OF_AN_ID and whole.startswith(self.folded))

    def is_type(self, value: str | None) -> bool:
        return value is not None and self.is_whole(value, value.rpartition(".")[2])

    def place_in_written(self, text: str | None) -> int | None:
        """As ``place_in``, of what people wrote or are called."""
        return self.place_in(text) if self.in_texts else None

    def place_in(self, text: str | None) -> int | None:
        """Where in the text it begins, or None."""
        place = -1 if text is None else folded(text).find(self.folded)
        return None if place < 0 else place


def find_everywhere(
    archive: Archive,
    written: str,
    *,
    session: str | None = None,
    filters: Filters | None = None,
    in_texts: bool = True,
    say: Notify = silent,
) -> Iterator[Hit]:
    """What fits ``written`` in all sessions, or in one; of each session first what is largest.

    ``written`` is an id (or its first four characters and more) of a session, conversation, dialog,
    participant or message (``DIALOG:SEQUENCE``); a request's id; a type; a code; or words of a text or a
    name, in upper or lower case. What begins with ``$`` is a JSONPath expression, that payloads are tried on.
    Where nothing fits, the payloads of all frames are searched, and ``say`` is called before.

    Without ``in_texts``, nothing is found by what people wrote, or by names in profiles.

    Of ``filters``, ``since`` and ``until`` (times) and ``limit`` are used.

    Raises:
        NotFound: there is no such session.
        BadOption: the expression is none, or ``since`` or ``until`` is no time.
    """
    filters = filters or Filters()
    _check_times(filters)
    if not written.strip():
        raise BadOption("TEXT", "there is nothing to look for", hint="give an id, some words, or '$.…'")
    chosen = archive.sessions() if session is None else [archive.find_session(session)]
    sessions = [each for each in reversed(chosen) if _may_hold(each, filters)]
    found = _found(archive, written, sessions, filters, in_texts, say)
    return found if filters.limit is None else _first(found, filters.limit, say)


def _found(
    archive: Archive,
    written: str,
    sessions: list[SessionInfo],
    filters: Filters,
    in_texts: bool,
    say: Notify,
) -> Iterator[Hit]:
    if written.startswith("$"):
        query = PayloadQuery(written, option="TEXT")
        for each in sessions:
            yield from _by_expression(archive, each, replace(filters, where=query, limit=None))
        return
    asked = replace(_asked(written), in_texts=in_texts)
    with archive.reader() as reader:
        without = sessions_without(reader, asked.indexed, version=DERIVATION_VERSION)
    nothing = True
    for each in sessions:
        hits = _in_session(each, asked)
        if each.session not in without:
            hits = chain(hits, _in_rows(each, asked, archive, searchable_rows(archive, each)))
        for hit in hits:
            if _is_within(hit, filters):
                nothing = False
                yield hit
    if nothing:
        say("no id, name, text, type or code is like that; searching the payloads of all frames")
        for each in sessions:
            for hit in _in_payloads(archive, each, asked):
                if _is_within(hit, filters):
                    nothing = False
                    yield hit
    if nothing:
        say(f"nothing is like that in {counted(len(sessions), 'session')}")


def _asked(written: str) -> _SoughtText:
    text = written.strip()
    if named := _OF_A_HISTORY.fullmatch(text):
        text = named[1]
    number = int(text) if re.fullmatch("0|[1-9][0-9]{0,17}", text) else None
    return _SoughtText(text, folded(text), number)


def _first(hits: Iterator[Hit], limit: int, say: Notify) -> Iterator[Hit]:
    for count, hit in enumerate(hits, 1):
        if count > limit:
            say(f"there are more than {limit}; --limit shows more")
            return
        yield hit


# --- time -----------------------------------------------------------------------------------------------


def _check_times(filters: Filters) -> None:
    for option, moment in (("--since", filters.since), ("--until", filters.until)):
        if moment is not None and moment.field != "at_us":
            hint = "write 2026-01-31T12:00:00Z, or 2026-01-31"
            raise BadOption(option, "all sessions together have times only, no frames and offsets", hint=hint)


def _may_hold(session: SessionInfo, filters: Filters) -> bool:
    """Whether a session is not over before ``since`` and does not begin after ``until``."""
    begun, ended = session.started_at_us, session.ended_at_us
    if filters.since is not None and (begun is None or (ended is not None and ended < filters.since.value)):
        return False
    return filters.until is None or (begun is not None and begun <= filters.until.value)


def _is_within(hit: Hit, filters: Filters) -> bool:
    if hit.at_us is None:
        return True
    if filters.since is not None and hit.at_us < filters.since.value:
        return False
    return filters.until is None or hit.at_us <= filters.until.value


# --- rows -----------------------------------------------------------------------------------------------


def _in_session(session: SessionInfo, asked: _SoughtText) -> Iterator[Hit]:
    if asked.begins(session.session):
        yield Hit(kind="session", session=session, matched="id", command=("session", "show", session.session))
    elif asked.place_in(session.name) is not None:
        command = ("session", "show", session.session)
        yield Hit(kind="session", session=session, matched="name", command=command)


def _in_rows(
    session: SessionInfo, asked: _SoughtText, archive: Archive, rows: SearchableRows
) -> Iterator[Hit]:
    yield from sorted(_dialogs(session, asked, rows), key=_order)
    yield from sorted(_participants(session, asked, rows), key=_order)
    if asked.number is not None:
        yield from _connections(session, asked.number, archive)
    yield from sorted(_requests(session, asked, rows), key=_order)
    yield from sorted(_messages(session, asked, rows), key=_order)


def _order(hit: Hit) -> tuple[int, str, int]:
    return hit.frame or 0, hit.dialog or hit.participant or "", hit.sequence or 0


def _dialogs(session: SessionInfo, asked: _SoughtText, rows: SearchableRows) -> Iterator[Hit]:
    for row in rows.dialogs:
        matched = (
            "conversation"
            if asked.begins(row.conversation)
            else "dialog"
            if asked.begins(row.dialog)
            else None
        )
        if matched is not None:
            yield Hit(
                kind="conversation",
                session=session,
                matched=matched,
                command=("message", "list", session.session, "--dialog", row.dialog),
                dialog=row.dialog,
                conversation=row.conversation,
                type=row.type,
                status=row.state,
                frame=row.first_frame,
                messages=row.messages,
            )


def _participants(session: SessionInfo, asked: _SoughtText, rows: SearchableRows) -> Iterator[Hit]:
    for row in rows.participants:
        by_id = asked.begins(row.participant)
        if by_id or asked.place_in_written(row.name) is not None:
            yield Hit(
                kind="participant",
                session=session,
                matched="participant" if by_id else "name",
                command=("message", "list", session.session, "--participant", row.participant),
                participant=row.participant,
                role=row.role,
                mine=None if row.mine is None else bool(row.mine),
                frame=row.first_frame,
                text=row.name,
            )


def _connections(session: SessionInfo, code: int, archive: Archive) -> Iterator[Hit]:
    for each in archive.connections(session):
        if code in (each.close_code, each.response_status):
            yield Hit(
                kind="connection",
                session=session,
                matched="close code" if code == each.close_code else "status of the upgrade",
                command=("session", "show", session.session),
                connection=each.connection,
                code=code,
                at_us=each.closed_at_us if code == each.close_code else each.opened_at_us,
                text=each.close_reason or each.detail,
            )


def _requests(session: SessionInfo, asked: _SoughtText, rows: SearchableRows) -> Iterator[Hit]:
    for row in rows.requests:
        if row.request_id == asked.text:
            matched = "request id"
        elif asked.is_type(row.type):
            matched = "type"
        elif asked.number is not None and row.code == asked.number:
            matched = "code"
        else:
            continue
        by_answer = matched == "code" and row.answer_frame is not None
        frame = row.answer_frame if by_answer else row.frame
        yield Hit(
            kind="request",
            session=session,
            matched=matched,
            command=("frame", "show", session.session, str(frame)),
            connection=row.connection,
            frame=frame,
            at_us=row.answered_at_us if by_answer else row.asked_at_us,
            type=row.type,
            code=row.code,
        )


def _messages(session: SessionInfo, asked: _SoughtText, rows: SearchableRows) -> Iterator[Hit]:
    contents = {
        (row.dialog, row.sequence): row.text
        for row in rows.contents
        if asked.place_in_written(row.text) is not None
    }
    for row in rows.messages:
        text = contents.get((row.dialog, row.place), row.text)
        place = asked.place_in_written(text)
        named = row.sequence is not None and asked.is_whole(f"{row.dialog}:{row.sequence}")
        if place is None and not named and not asked.is_type(row.type):
            continue
        frame = row.sent_frame if row.sequence is not None else row.ask_frame
        name = f"{row.dialog}:{row.sequence}" if row.sequence is not None else f"#{row.ask_frame}"
        yield Hit(
            kind="message",
            session=session,
            matched="text" if place is not None else "message" if named else "type",
            command=("message", "show", session.session, name),
            dialog=row.dialog or None,
            sequence=row.sequence,
            participant=row.author,
            role=row.role,
            mine=None if row.mine is None else bool(row.mine),
            frame=frame,
            at_us=row.sent_at_us,
            type=row.type,
            status=row.status,
            text=text,
            found_at=place or 0,
        )


# --- frames ---------------------------------------------------------------------------------------------


def _by_expression(archive: Archive, session: SessionInfo, filters: Filters) -> Iterator[Hit]:
    expression_alone, words = replace(filters, since=None, until=None), FrameWords()
    for frame in FrameFilter(expression_alone, words).passing(archive.frames(session)):
        hit = _frame_hit(session, frame, "expression", words.of(frame))
        if _is_within(hit, filters):
            yield hit


def _in_payloads(archive: Archive, session: SessionInfo, asked: _SoughtText) -> Iterator[Hit]:
    words = FrameWords()
    for frame in archive.frames(session):
        said, place = words.feed(frame), asked.place_in(payload_text(frame))
        if place is not None:
            yield _frame_hit(session, frame, _kind_in(frame, asked), said, place)


def _kind_in(frame: RecordedFrame, asked: _SoughtText) -> str:
    """Whether what is looked for is a type, a code or an id in this payload; "payload" if it is a text."""
    try:
        document = json_of(frame.payload)
    except ValueError:
        return "payload"
    kinds = (_kind_of(key.lower(), value, asked) for key, value in leaves_of(document))
    return next((kind for kind in kinds if kind is not None), "payload")


def _kind_of(key: str, value: object, asked: _SoughtText) -> str | None:
    """Whether this value of a payload is a type, a code or an id like what is looked for."""
    told = str(value) if isinstance(value, str | int) else None
    if key.endswith("type") and asked.is_type(told):
        return "type"
    if key in ("code", "status") and asked.is_whole(told):
        return "code"
    return "id" if key.endswith("id") and asked.begins(told) else None


def _frame_hit(session: SessionInfo, frame: RecordedFrame, matched: str, words: str, place: int = 0) -> Hit:
    text = payload_text(frame)
    return Hit(
        kind="frame",
        session=session,
        matched=matched,
        command=("frame", "show", session.session, str(frame.number)),
        connection=frame.connection,
        sender=frame.sender.value,
        frame=frame.number,
        at_us=frame.at_us,
        type=_type_of(frame),
        text=text,
        found_at=place,
        words=words,
    )


def _type_of(frame: RecordedFrame) -> str | None:
    try:
        document = json_of(frame.payload)
    except ValueError:
        return None
    told = document.get("type") if isinstance(document, dict) else None
    return told if isinstance(told, str) else None
