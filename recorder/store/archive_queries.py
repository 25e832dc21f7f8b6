"""What can be asked of an open archive: its sessions, their connections, frames and HTTP requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager

from recorder.errors import NotFound
from recorder.wire.records import (
    ConnectionInfo,
    FrameForwarded,
    HttpExchange,
    ReceiptPlan,
    RecordedFrame,
    SessionInfo,
)

from . import reading
from .frame_chunks import ScannedFrame
from .frame_scan import scan_frames
from .reader import Reader
from .remarks import Notify
from .row_digests import (
    DerivedDigests,
    RowDigests,
    derived_digests,
    digests_of_rows,
    stored_digests,
)


class ArchiveQueries(ABC):
    """The queries of an archive, each in short transactions; ``ArchiveUnusable`` is raised if one fails."""

    def __init__(self, say: Notify) -> None:
        self._say = say
        self._said: set[str] = set()

    @abstractmethod
    def reader(self) -> AbstractContextManager[Reader]:
        """The connection for queries, while no other thread of this process uses it."""

    @abstractmethod
    def _is_live(self, session_id: int) -> bool:
        """Whether somebody writes this session, which has no end record, now."""

    def sessions(self) -> list[SessionInfo]:
        """Every session, oldest first."""
        with self.reader() as connection:
            return reading.sessions(connection, self._is_live)

    def find_session(self, name: str, *, connected: bool = False) -> SessionInfo:
        """The session meant by ``last``, an id, a name, or the unique beginning of an id; see ``pick``.

        Of several with one name it is the newest, which ``say`` is called with once; with ``connected`` the
        newest that connected.

        Raises:
            NotFound: there is none (with those that come close), or more than one.
        """
        with self.reader() as connection:
            return reading.find(connection, self._is_live, name, self._say_once, connected=connected)

    def _say_once(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self._say(sentence)

    def find_import(self, source_digest: str) -> SessionInfo | None:
        """The latest session that was imported from a file with this SHA-256, or None."""
        return next((each for each in reversed(self.sessions()) if each.source_digest == source_digest), None)

    def connections(self, session: str | SessionInfo) -> list[ConnectionInfo]:
        """The connections of a session, in order. Raises ``NotFound``."""
        with self.reader() as connection:
            return reading.connections(connection, reading.session_row(connection, id_of(session)))

    def frames(
        self,
        session: str | SessionInfo,
        *,
        connection: int | None = None,
        first: int | None = None,
        last: int | None = None,
    ) -> Iterator[RecordedFrame]:
        """The frames of a session in order, read as they are asked for, in short transactions.

        Only those of one connection, or numbered from ``first`` to ``last``, if given. Frames that are
        committed meanwhile are included. Raises ``NotFound`` at the first frame.
        """
        for chained in self.chained_frames(session, connection=connection, first=first, last=last):
            yield chained.frame

    def chained_frames(
        self,
        session: str | SessionInfo,
        *,
        connection: int | None = None,
        first: int | None = None,
        last: int | None = None,
    ) -> Iterator[reading.ChainedFrame]:
        """The frames as ``frames`` gives them, each with the bytes of the rolling digest stored with it."""
        with self.reader() as reader:
            session_id = reading.session_row(reader, id_of(session))
        frame_range = reading.FrameRange(session_id, connection, last)
        after = None if first is None else first - 1
        while True:
            with self.reader() as reader:
                chunk = reading.chunk(reader, frame_range, after)
            if not chunk:
                return
            yield from chunk
            after = chunk[-1].frame.number

    def scan_frames(
        self, session: str | SessionInfo, *, after: int = 0, last: int | None = None
    ) -> Iterator[ScannedFrame]:
        """The fields of frames above ``after`` that a fold reads, four times as fast as ``frames``.

        (tests/benchmarks/fold.py.) Raises ``NotFound`` at the first frame.
        """
        with self.reader() as reader:
            session_id = reading.session_row(reader, id_of(session))
        yield from scan_frames(self.reader, session_id, after=after, last=last)

    def forwarded(
        self, session: str | SessionInfo, *, after: int = 0, last: int | None = None
    ) -> Iterator[FrameForwarded]:
        """When frames numbered above ``after`` and up to ``last`` were passed on by a proxy, in their order.

        Read as they are asked for, like ``frames``. Raises ``NotFound`` at the first.
        """
        with self.reader() as reader:
            session_id = reading.session_row(reader, id_of(session))
        while True:
            with self.reader() as reader:
                chunk = reading.forwarded_chunk(reader, session_id, after=after, last=last)
            if not chunk:
                return
            yield from chunk
            after = chunk[-1].number

    def exchanges(self, session: str | SessionInfo) -> list[HttpExchange]:
        """The HTTP requests beside the WebSockets of a session, in order. Raises ``NotFound``."""
        with self.reader() as connection:
            return reading.exchanges(connection, reading.session_row(connection, id_of(session)))

    def receipt_plans(self, session: str | SessionInfo) -> list[ReceiptPlan]:
        """The receipts that a replay planned, in order, and what came of each. Raises ``NotFound``."""
        with self.reader() as connection:
            return reading.receipt_plans(connection, reading.session_row(connection, id_of(session)))

    def compressed_counts(self, session: str | SessionInfo) -> tuple[int, int]:
        """How many frames came compressed, and how many of them are withheld. Raises ``NotFound``."""
        with self.reader() as connection:
            session_id = reading.session_row(connection, id_of(session))
            return reading.compressed_counts(connection, session_id)

    def row_digests(self, session: str | SessionInfo) -> tuple[RowDigests, RowDigests]:
        """The digests of the rows of a session and of its connections: stored, and as they are now.

        Raises ``NotFound``.
        """
        with self.reader() as connection, connection.one_state():
            session_id = reading.session_row(connection, id_of(session))
            return stored_digests(connection, session_id), digests_of_rows(connection, session_id)

    def derived_digests(self, session: str | SessionInfo) -> DerivedDigests:
        """The digests of the derived rows of a session. Raises ``NotFound``."""
        with self.reader() as connection, connection.one_state():
            return derived_digests(connection, reading.session_row(connection, id_of(session)))

    def frame(self, session: str | SessionInfo, number: int) -> RecordedFrame:
        """One frame of a session. Raises ``NotFound``."""
        for frame in self.frames(session, first=number, last=number):
            return frame
        raise NotFound("frame", f"#{number}")


def id_of(session: str | SessionInfo) -> str:
    return session if isinstance(session, str) else session.session
