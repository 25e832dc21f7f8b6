"""What of a session can be looked for: its dialogs, people, requests and messages, as rows.

They come from the derived tables; of a session that is being recorded, or whose rows are those of older
rules, from its frames. Both are the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from recorder.store import reading
from recorder.store.archive import Archive
from recorder.store.db_errors import InvalidContent
from recorder.store.driver_values import Row
from recorder.wire.records import SessionInfo

from ..incremental import IncrementalTranscript
from .other_rows import OtherRows
from .row_views import MessageRow, checked
from .rows import MessageRows
from .stored_listing import is_up_to_date
from .text_columns import decode_text

_BATCH_ROWS = 4_096


class DialogRow(NamedTuple):
    """Columns of ``dialog``, as stored."""

    dialog: str
    conversation: str | None
    type: str | None
    state: str | None
    first_frame: int
    last_frame: int
    messages: int


class ParticipantRow(NamedTuple):
    """Columns of ``participant``, as stored."""

    participant: str
    role: str | None
    mine: int | bool | None
    first_frame: int
    name: str | None


class RequestRow(NamedTuple):
    """Columns of ``request``, as stored."""

    frame: int
    connection: int
    request_id: str | None
    type: str
    code: int | None
    answer_frame: int | None
    asked_at_us: int | None
    asked_offset_us: int | None
    answered_at_us: int | None
    answered_offset_us: int | None


class ContentText(NamedTuple):
    """The first columns of ``content``, as stored: one of several contents of a message."""

    dialog: str
    sequence: int
    place: int
    author: str | None
    type: str | None
    text: str | None


RowKindT = TypeVar("RowKindT", DialogRow, ParticipantRow, RequestRow, ContentText, MessageRow)


# Put together from our own names only.
_SELECT = {
    kind: f"SELECT {', '.join(kind._fields)} FROM {table} WHERE session_id = ?"  # noqa: S608
    for kind, table in (
        (DialogRow, "dialog"),
        (ParticipantRow, "participant"),
        (RequestRow, "request"),
        (ContentText, "content"),
        (MessageRow, "message"),
    )
}


class SearchableRows(NamedTuple):
    """The rows of one session that can be looked for, in any order, each read when it is iterated over."""

    dialogs: Iterable[DialogRow]
    participants: Iterable[ParticipantRow]
    requests: Iterable[RequestRow]
    messages: Iterable[MessageRow]
    contents: Iterable[ContentText]


def searchable_rows(archive: Archive, session: SessionInfo) -> SearchableRows:
    """The rows of a session, their texts decoded."""
    if not is_up_to_date(archive, session):
        return _folded_rows(archive, session)
    return SearchableRows(
        _Stored(archive, session, DialogRow),
        _Stored(archive, session, ParticipantRow),
        _Stored(archive, session, RequestRow),
        _Stored(archive, session, MessageRow),
        _Stored(archive, session, ContentText),
    )


class _Stored(Iterable[RowKindT]):
    """The rows of one kind, read from its table at each iteration."""

    def __init__(self, archive: Archive, session: SessionInfo, kind: type[RowKindT]) -> None:
        self._archive = archive
        self._session = session
        self._kind: type[RowKindT] = kind

    def __iter__(self) -> Iterator[RowKindT]:
        with self._archive.reader() as reader:
            session_id = reading.session_row(reader, self._session.session)
            rows = reader.run(_SELECT[self._kind], session_id)
            try:
                yield from (_decoded(self._kind, row) for row in checked(rows, self._kind))
            except ValueError as error:
                raise InvalidContent(str(error)) from error


def _decoded(kind: type[RowKindT], row: Iterable[Any]) -> RowKindT:
    return kind._make(decode_text(value) if isinstance(value, str) else value for value in row)


def _folded_rows(archive: Archive, session: SessionInfo) -> SearchableRows:
    folded = IncrementalTranscript(archive, session.session)
    folded.update()
    others = OtherRows(0, folded.transcript, folded.entities, folded.concluded)
    made = list(MessageRows(0, folded.transcript, folded.concluded).all_rows(_BATCH_ROWS))
    return SearchableRows(
        _made(DialogRow, others.dialogs()),
        _made(ParticipantRow, others.participants()),
        _made(RequestRow, others.requests()),
        _made(MessageRow, chain.from_iterable(some.messages for some in made)),
        _made(ContentText, chain.from_iterable(some.contents for some in made)),
    )


def _made(kind: type[RowKindT], rows: Iterable[Row]) -> list[RowKindT]:
    """Rows as they are made, which begin with the session, as tuples of this kind."""
    return [_decoded(kind, row[1 : 1 + len(kind._fields)]) for row in rows]
