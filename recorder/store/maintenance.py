"""Sessions that were interrupted, lost frames, or are deleted: what an archive sees to when it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, func, select

from . import reading, search_index
from .db_errors import InvalidContent
from .reader import Reader
from .row_digests import write_digests
from .stored_text import storable
from .tables import connection as connection_table
from .tables import frame, session
from .writer import ArchiveWriter

_FRAMES_THERE = """
SELECT coalesce(max(number), 0) FROM frame WHERE session_id = (SELECT id FROM session WHERE session = ?)
"""


def lost_frames(reader: Reader, marks: Mapping[str, int]) -> dict[str, int]:
    """Per session, how many frames the marks say were on disk and are not in the archive."""
    lost = {}
    for public_id, frames in marks.items():
        there = reader.value(_FRAMES_THERE, storable(public_id))
        if type(there) is not int:
            raise InvalidContent("frame.number holds what it cannot")
        if there < frames:
            lost[public_id] = frames - there
    return lost


def note_interrupted(writer: ArchiveWriter, is_live: reading.IsLive) -> Iterator[str]:
    """Mark sessions without an end record that nobody writes as interrupted; a sentence each."""
    connection = writer.connection
    query = select(session.c.id, session.c.session).where(session.c.end_state.is_(None))
    ended = [row for row in connection.execute(query).all() if not is_live(row.id)]
    for row in ended:
        count = select(func.count()).where(frame.c.session_id == row.id)
        frames = connection.execute(count).scalar_one()
        with writer.reader.one_state():
            connection.execute(session.update().where(session.c.id == row.id).values(end_state="interrupted"))
            write_digests(writer.reader, row.id)
        yield f"session {row.session} has no end record (its recorder died); frames kept: {frames}"


def delete_session(connection: Connection, reader: Reader, session_id: int, begin: str) -> None:
    """Delete the rows of a session, all or none. ``reader`` is the same connection."""
    connection.exec_driver_sql(begin)
    search_index.forget(reader, session_id, wipe=True)
    connection.execute(frame.delete().where(frame.c.session_id == session_id))
    connection.execute(connection_table.delete().where(connection_table.c.session_id == session_id))
    connection.execute(session.delete().where(session.c.id == session_id))
    connection.exec_driver_sql("COMMIT")
