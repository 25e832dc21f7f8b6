"""The archive: open it, ask it, begin a session in it. A file or a PostgreSQL database, the same promises."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from recorder.errors import BadOption, StorageFailed
from recorder.redaction.redactor import Redactor
from recorder.wire.records import RecordedFrame

from . import maintenance, opening, postgresql, reading, schema, sqlitefile
from .db_errors import DATABASE_ERRORS, archive_unusable, storage_failed
from .frame_chunks import Skimmed
from .frame_scan import skim
from .group_commit import Gathering
from .info import ArchiveInfo, ConnectionInfo, ConnectionStanding, SessionInfo, SessionStanding
from .intake import Intake
from .lock import holder_of, read_note
from .opening import Opened, Say
from .rows import Redacts, SessionRows, storable
from .tables import session as session_table
from .writer import Ledger, Patience, Timekeeper

STORAGE_WAIT_S = 10.0


def _nothing(_: str) -> None:
    """Say it to nobody."""


class Archive:
    """An open archive; a context manager. Make one with ``Archive.open``.

    Opened for writing it may be used from several threads, and several sessions may be recorded into
    it at once.
    """

    def __init__(self, opened: Opened, say: Say) -> None:
        self.where = opened.where
        """What people call it: the path, or the URL without its password."""
        self.revision = opened.revision
        """The schema it has."""
        self._opened = opened
        self._say = say
        self._ledger: Ledger | None = None
        self._lost: Mapping[str, int] = {}

    @classmethod
    def open(
        cls,
        where: str | Path,
        *,
        mode: Literal["read", "write"],
        create: bool = True,
        say: Say = _nothing,
        scripts: Path | None = None,
    ) -> Self:
        """Open the archive at a path or a ``postgresql://`` URL.

        To read changes nothing and works beside a recorder. To write takes the lock of a file, upgrades
        an older archive (after a copy as ``<file>.bak-<revision>``), and makes it if ``create`` and there
        is none; ``say`` is then told in sentences what was done or found.

        Raises:
            NotFound: there is none.
            ArchiveUnusable: damaged, newer, or not ours; the file was not touched.
            ArchiveBusy: another process records into it.
            StorageFailed: it cannot be written.
        """
        scripts = scripts or schema.scripts_location()
        if mode == "read":
            return cls(opening.for_reading(where, scripts), say)
        archive = cls(opening.for_writing(where, scripts, create=create, say=say), say)
        try:
            archive._start_writing()
        except BaseException:
            archive.close()
            raise
        return archive

    @property
    def address(self) -> str:
        """What opens it again, from another process too. A URL with its password: keep it to yourself."""
        if self._opened.url is not None:
            return self._opened.url.render_as_string(hide_password=False)
        return self.where if self._opened.path is None else str(self._opened.path.absolute())

    def _start_writing(self) -> None:
        opened = self._opened
        self._ledger = Ledger(
            self.where, opened.connection, path=opened.path, lock=opened.lock, url=opened.url
        )
        try:
            if opened.lock is not None:
                self._lost = maintenance.lost_frames(opened.connection, opened.lock.marks)
            for sentence in maintenance.note_interrupted(opened.connection, self._is_live):
                self._say(sentence)
        except DATABASE_ERRORS as error:
            raise storage_failed(self.where, error) from error
        for session, frames in self._lost.items():
            self._say(f"session {session}: {frames} frames that were on disk are missing from {self.where}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let it go. Sessions without an end record count as interrupted. A second call does nothing."""
        connection, lock = self._connection, self._opened.lock
        if connection.closed:
            return
        try:
            # On a full or failing disk the log stays: whoever opens the archive next reads it.
            with suppress(*DATABASE_ERRORS):
                if lock is not None and maintenance.empty_log(connection):
                    lock.forget(lock.marks.keys() - self._lost.keys())
        finally:
            connection.close()
            if lock is not None:
                lock.release()

    @property
    def _connection(self) -> Connection:
        return self._opened.connection if self._ledger is None else self._ledger.connection

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        with self._ledger.guard if self._ledger else nullcontext():
            try:
                yield self._connection
            except DATABASE_ERRORS as error:
                raise archive_unusable(self.where, error) from error

    @contextmanager
    def _writing(self) -> Iterator[Ledger]:
        if self._ledger is None:
            raise StorageFailed(self.where, "it was opened for reading only")
        with self._ledger.guard:
            try:
                yield self._ledger
            except DATABASE_ERRORS as error:
                self._ledger.abandon()
                raise storage_failed(self.where, error) from error
            except BaseException:
                self._ledger.abandon()
                raise

    # Recording

    def begin_session(
        self,
        *,
        source: str,
        started_at_us: int | None,
        clock: Timekeeper,
        session: str | None = None,
        name: str | None = None,
        source_digest: str | None = None,
        redactor: Redacts | None = None,
        keep_secrets: bool = False,
        known_secrets: Iterable[str] = (),
        durability: Literal["barrier", "full"] = "barrier",
        storage_wait_s: float = STORAGE_WAIT_S,
    ) -> Intake:
        """Begin a session, and return the sink for its records.

        Secrets, ``known_secrets`` among them, are blanked with ``redactor`` (by default one keyed for
        this archive) before anything is written, unless ``keep_secrets``. With ``durability="full"``
        every commit survives a power cut, not only those before the last barrier. ``storage_wait_s`` is
        how long a full or locked disk is waited for. ``source_digest`` is the SHA-256 of an imported file.

        Raises:
            StorageFailed: it cannot be written, or there is a session of that id.
        """
        public_id = storable(session) if session else secrets.token_hex(6)
        if keep_secrets:
            redactor = None
        elif redactor is None:
            redactor = Redactor(self.redaction_key(), known=tuple(known_secrets))
        values = {
            "session": public_id,
            "name": None if name is None else storable(name if redactor is None else redactor.text(name)),
            "source": source,
            "started_at_us": started_at_us,
            "recorder_version": _own_version(),
            "source_digest": source_digest,
        }
        with self._writing() as ledger:
            rows = SessionRows(public_id, self._insert_session(ledger, values), redactor)
        patience = Patience(clock, storage_wait_s)
        return Intake(ledger, rows, patience=patience, always_full=durability == "full")

    def gathering(self, *, clock: Timekeeper, storage_wait_s: float = STORAGE_WAIT_S) -> Gathering:
        """What commits for many sessions, recorded from one thread, at once. Raises ``StorageFailed``."""
        with self._writing() as ledger:
            return Gathering(ledger, patience=Patience(clock, storage_wait_s))

    def _insert_session(self, ledger: Ledger, values: Mapping[str, object]) -> int:
        try:
            ledger.connection.exec_driver_sql(ledger.begin)
            result = ledger.connection.execute(session_table.insert(), dict(values))
            session_id = int(result.inserted_primary_key[0])  # type: ignore[index]  # one row, one key
            ledger.claim(session_id)  # before others can see the session, and take it for dead
            ledger.connection.exec_driver_sql("COMMIT")
        except IntegrityError as error:
            says = f"there is a session {values['session']} already"
            raise StorageFailed(self.where, says) from error
        return session_id

    def redaction_key(self) -> bytes:
        """The 32 bytes that key the placeholders of this archive. Keep them to yourself."""
        with self._asking() as connection:
            return reading.redaction_key(connection)

    # Asking

    def sessions(self) -> list[SessionInfo]:
        """Every session, oldest first."""
        with self._asking() as connection:
            return reading.sessions(connection, self._is_live)

    def find_session(self, name: str) -> SessionInfo:
        """The session meant by ``last``, an id, a name, or the unique beginning of an id.

        Raises:
            NotFound: there is none (with those that come close), or more than one.
        """
        with self._asking() as connection:
            return reading.find(connection, self._is_live, name)

    def find_import(self, source_digest: str) -> SessionInfo | None:
        """The latest session that was imported from a file with this SHA-256, or None."""
        return next((each for each in reversed(self.sessions()) if each.source_digest == source_digest), None)

    def connections(self, session: str | SessionInfo) -> list[ConnectionInfo]:
        """The connections of a session, in order. Raises ``NotFound``."""
        with self._asking() as connection:
            return reading.connections(connection, reading.session_row(connection, _id(session)))

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
        committed while this goes on are among them. Raises ``NotFound`` at the first frame.
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
    ) -> Iterator[reading.Chained]:
        """The same, each with the piece of the rolling digest that was stored with it."""
        with self._asking() as reader:
            session_id = reading.session_row(reader, _id(session))
        wanted = reading.Wanted(session_id, connection, last)
        after = None if first is None else first - 1
        while True:
            with self._asking() as reader:
                chunk = reading.chunk(reader, wanted, after)
            if not chunk:
                return
            yield from chunk
            after = chunk[-1].frame.number

    def skim(
        self, session: str | SessionInfo, *, after: int = 0, last: int | None = None
    ) -> Iterator[Skimmed]:
        """The same, skimmed: what a fold needs of each frame, four times as fast. Above ``after``."""
        with self._asking() as reader:
            session_id = reading.session_row(reader, _id(session))
        yield from skim(self._asking, session_id, after=after, last=last)

    def frame(self, session: str | SessionInfo, number: int) -> RecordedFrame:
        """One frame of a session. Raises ``NotFound``."""
        for frame in self.frames(session, first=number, last=number):
            return frame
        raise reading.no_frame(number)

    def info(self) -> ArchiveInfo:
        """What the archive is, and how it does."""
        with self._asking() as connection:
            return maintenance.info(
                self._opened, connection, self._holder(), writing=self._ledger is not None
            )

    # Upkeep

    def delete_session(self, session: str | SessionInfo) -> None:
        """Remove a session so that nothing of its content is left in the file or its log.

        Raises:
            NotFound: there is no such session.
            StorageFailed: it cannot be written, or the session is being recorded.
        """
        public_id = _id(session)
        with self._writing() as ledger:
            session_id = reading.session_row(ledger.connection, public_id)
            if self._is_live(session_id):
                raise StorageFailed(
                    self.where, f"session {public_id} is being recorded", hint="stop that first"
                )
            maintenance.delete_session(ledger.connection, session_id, ledger.begin)
            if self._opened.lock is not None:
                self._opened.lock.forget({public_id})
                if not maintenance.empty_log(ledger.connection):
                    self._say(
                        "somebody is reading: what was deleted leaves the write-ahead log when they end"
                    )

    def backup(self, target: Path) -> None:
        """Write a whole copy of an archive file to the new file ``target`` (mode 0600).

        Raises:
            BadOption: there is a file already, or the archive is a database.
            StorageFailed: it could not be written.
        """
        if self._opened.path is None:
            raise BadOption("--archive", "a PostgreSQL database is backed up with pg_dump")
        with self._asking() as connection:
            try:
                sqlitefile.backup(connection, target)
            except FileExistsError as error:
                raise BadOption(str(target), "there is a file of that name already") from error
            except (OSError, sqlite3.Error) as error:
                raise StorageFailed(str(target), f"the copy could not be written ({error})") from error

    def standings(self) -> list[SessionStanding]:
        """What every session claims of itself; ``verify`` compares it with the frames."""
        with self._asking() as connection:
            return reading.standings(connection, self._is_live, self.marks())

    def connection_standings(self, session: str | SessionInfo) -> list[ConnectionStanding]:
        """The same of every connection of a session, in order. Raises ``NotFound``."""
        with self._asking() as connection:
            return reading.connection_standings(connection, reading.session_row(connection, _id(session)))

    def marks(self) -> Mapping[str, int]:
        """How many frames of a session were certainly on disk, as the lock file has it."""
        return {} if self._opened.path is None else read_note(self._opened.path).marks

    def integrity_problems(self) -> list[str]:
        """What the database itself finds wrong with the file, a sentence each."""
        with self._asking() as connection:
            return maintenance.integrity_problems(connection)

    def _is_live(self, session_id: int) -> bool:
        """Whether somebody writes this session, which has no end record, now."""
        if self._opened.url is not None:
            return session_id in postgresql.live_sessions(self._connection)
        if self._ledger is not None:
            return self._ledger.is_writing(session_id)
        return self._holder() is not None

    def _holder(self) -> str | None:
        if self._opened.path is not None:
            return holder_of(self._opened.path)
        backends = sorted(set(postgresql.live_sessions(self._connection).values()))
        return f"server process {', '.join(map(str, backends))}" if backends else None


def _id(session: str | SessionInfo) -> str:
    return session if isinstance(session, str) else session.session


@cache
def _own_version() -> str:
    try:
        return version("ums-recorder")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"
