"""The archive: open it, begin sessions, read sessions and frames. An SQLite file or a PostgreSQL database.

What only writing needs is imported when it is needed: to read a file loads no database library.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from recorder.counted import counted_is
from recorder.errors import BadOption, StorageFailed
from recorder.wire.records import SessionInfo

from . import description, opening, reading, revisions, sqlitefile
from .archive_queries import ArchiveQueries, id_of
from .db_errors import FILE_ERRORS, WithClose, archive_unusable, storage_failed
from .info import ArchiveInfo, ConnectionClaims, SessionClaims
from .lock import holder_of, read_note
from .opened import OpenedArchive
from .reader import FileReader, Reader
from .remarks import Notify, silent
from .stored_text import storable
from .versions import program_version

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from .group_commit import GroupCommit
    from .intake import Intake, IntakeOptions
    from .retry import MonotonicClock
    from .writer import ArchiveWriter


class Archive(ArchiveQueries):
    """An open archive; a context manager. Make one with ``Archive.open``.

    Opened for writing it may be used from several threads, and several sessions may be recorded into it at
    once.
    """

    def __init__(self, opened: OpenedArchive, say: Notify) -> None:
        self.where = opened.where
        """The path, or the URL without its password."""
        self.revision = opened.revision
        """Schema revision."""
        super().__init__(say)
        self._opened = opened
        self._writer: ArchiveWriter | None = None
        self._lost_frames: Mapping[str, int] = {}
        self._closed = False

    @classmethod
    def open(
        cls,
        where: str | Path,
        *,
        mode: Literal["read", "write"],
        create: bool = True,
        say: Notify = silent,
        scripts: Path | None = None,
    ) -> Self:
        """Open the archive at a path or a ``postgresql://`` URL.

        Reading changes nothing and works beside a recorder. Writing takes the lock of a file, upgrades
        an older archive (after a copy as ``<file>.bak-<revision>``), and creates it if ``create`` and there
        is none; ``say`` is called with a sentence for each thing that was done or found.

        Raises:
            NotFound: there is none.
            ArchiveUnusable: damaged, newer, or not ours; the file was not touched.
            ArchiveBusy: another process records into it.
            StorageFailed: it cannot be written.
        """
        scripts = scripts or revisions.scripts_location()
        if mode == "read":
            return cls(opening.for_reading(where, scripts), say)
        opened = opening.for_writing(where, scripts, create=create, say=say)
        archive = cls(opened, say)
        try:
            if opened.connection is not None:
                archive._start_writing(opened.connection)
        except BaseException:
            archive.close()
            raise
        return archive

    @property
    def path(self) -> Path | None:
        """The archive file, symbolic links resolved; None for a PostgreSQL database."""
        return self._opened.path

    @property
    def address(self) -> str:
        """Path or URL that opens it again, from another process too. The URL holds the password."""
        if self._opened.url is not None:
            return self._opened.url.render_as_string(hide_password=False)
        return self.where if self._opened.path is None else str(self._opened.path.absolute())

    def _start_writing(self, connection: Connection) -> None:
        from . import maintenance, schema
        from .write_errors import DATABASE_ERRORS
        from .writer import ArchiveWriter

        lock, reader = self._opened.lock, self._opened.reader
        self._writer = ArchiveWriter(self._opened, connection, self._say)
        try:
            schema.give_id(connection)
            if lock is not None:
                lock.set_archive(reading.archive_id(reader))
                self._lost_frames = maintenance.lost_frames(reader, lock.marks)
            for sentence in maintenance.note_interrupted(self._writer, self._is_live):
                self._say(sentence)
        except DATABASE_ERRORS as error:
            raise storage_failed(self.where, error) from error
        for session, frames in self._lost_frames.items():
            self._say(
                f"session {session}: {counted_is(frames, 'frame')} missing from {self.where}"
                " that had been on disk"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            self.close()
        except StorageFailed:
            if kind is None:  # else that is what ended it, or hides it
                raise

    def close(self) -> None:
        """Close it. Sessions without an end record count as interrupted. A second call does nothing.

        Raises:
            StorageFailed: its files were harmed since they were last looked at.
        """
        if self._closed:
            return
        connection: WithClose = self._opened.reader if self._writer is None else self._writer.connection
        files, lock = None if self._writer is None else self._writer.files, self._opened.lock
        self._closed = True
        try:
            # On a full or failing disk the log stays: whoever opens the archive next reads it.
            with suppress(*FILE_ERRORS):
                # Harm that was told already is not told again.
                if lock is not None and files is not None and not files.harmed and files.empty_log():
                    lock.forget(lock.marks.keys() - self._lost_frames.keys())
        finally:
            if files is None or not files.harmed:
                connection.close()
            if files is not None:
                files.close()
            if lock is not None:
                lock.release()

    @property
    def _reader(self) -> Reader:
        return self._opened.reader if self._writer is None else self._writer.reader

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """The connection for queries, while no other thread of this process uses it.

        Raises:
            ArchiveUnusable: a query failed.
        """
        with self._writer.guard if self._writer else nullcontext():
            reader = self._reader
            try:
                yield reader
            except reader.errors as error:
                raise archive_unusable(self.where, error) from error

    @contextmanager
    def writer(self) -> Iterator[ArchiveWriter]:
        """The writer, while no other thread uses it; an error rolls back what is not committed.

        Raises:
            StorageFailed: a write failed, or the archive was opened for reading.
        """
        if self._writer is None:
            raise StorageFailed(self.where, "it was opened for reading only")
        with self._writer.writing():
            yield self._writer

    # Recording

    def begin_session(
        self,
        *,
        source: str,
        started_at_us: int | None,
        clock: MonotonicClock,
        session: str | None = None,
        name: str | None = None,
        source_digest: str | None = None,
        options: IntakeOptions | None = None,
    ) -> Intake:
        """Begin a session, and return the sink for its records.

        ``source_digest`` is the SHA-256 of an imported file.

        Raises:
            StorageFailed: it cannot be written, or there is a session of that id.
        """
        from .intake import Intake, IntakeOptions
        from .retry import RetryPolicy
        from .rows import SessionRows

        public_id = storable(session) if session else secrets.token_hex(6)
        options = options or IntakeOptions()
        redactor = None if options.keep_secrets else options.redactor
        if redactor is None and not options.keep_secrets:
            from recorder.redaction.redactor import Redactor

            redactor = Redactor(
                self.redaction_key(), tuple(options.known_secrets), tuple(options.secret_names)
            )
        values = {
            "session": public_id,
            "name": None if name is None else storable(name if redactor is None else redactor.text(name)),
            "source": source,
            "started_at_us": started_at_us,
            "recorder_version": program_version(),
            "source_digest": source_digest,
        }
        with self.writer() as writer:
            session_id = self._insert_session(writer, values)
            rows = SessionRows(public_id, session_id, redactor, writer.values)
        retry = RetryPolicy(clock, options.storage_wait_s)
        return Intake(writer, rows, retry=retry, always_full=options.durability == "full")

    def group_commit(self, *, clock: MonotonicClock, storage_wait_s: float | None = None) -> GroupCommit:
        """Commits for many sessions recorded from one thread. Raises ``StorageFailed``."""
        from .group_commit import GroupCommit
        from .intake import STORAGE_WAIT_S
        from .retry import RetryPolicy

        wait_s = STORAGE_WAIT_S if storage_wait_s is None else storage_wait_s
        with self.writer() as writer:
            return GroupCommit(writer, retry=RetryPolicy(clock, wait_s))

    def _insert_session(self, writer: ArchiveWriter, values: Mapping[str, object]) -> int:
        from sqlalchemy.exc import IntegrityError

        from .tables import session as session_table

        try:
            writer.connection.exec_driver_sql(writer.begin)
            result = writer.connection.execute(session_table.insert(), dict(values))
            session_id = int(result.inserted_primary_key[0])  # type: ignore[index]  # one row, one key
            writer.claim(session_id)  # before others can see the session, and take it for interrupted
            writer.connection.exec_driver_sql("COMMIT")
        except IntegrityError as error:
            says = f"there is a session {values['session']} already"
            raise StorageFailed(self.where, says) from error
        return session_id

    def redaction_key(self) -> bytes:
        """The 32 bytes that key the placeholders of blanked secrets in this archive. Secret."""
        with self.reader() as connection:
            return reading.redaction_key(connection)

    def info(self) -> ArchiveInfo:
        """Kind, schema, sizes, counts and settings of the archive, and who records into it."""
        with self.reader() as connection:
            return description.info(
                self._opened, connection, self._holder(), writing=self._writer is not None
            )

    # Maintenance

    def delete_session(self, session: str | SessionInfo) -> None:
        """Remove a session so that nothing of its content is left in the file or its log.

        Raises:
            NotFound: there is no such session.
            StorageFailed: it cannot be written, or the session is being recorded.
        """
        from .maintenance import delete_session

        name = id_of(session)
        with self.writer() as writer:
            session_id = reading.session_row(writer.reader, name)
            if self._is_live(session_id):
                raise StorageFailed(self.where, f"session {name} is being recorded", hint="stop that first")
            delete_session(writer.connection, writer.reader, session_id, writer.begin)
            if self._opened.lock is not None:
                self._opened.lock.forget({name})
                if writer.files is not None and not writer.files.empty_log():
                    self._say(
                        "somebody is reading: what was deleted leaves the write-ahead log when they end"
                    )

    def backup(self, target: Path) -> None:
        """Write a whole copy of an archive file to the new file ``target`` (mode 0600).

        Raises:
            BadOption: there is a file already, or the archive is a database.
            StorageFailed: it could not be written.
        """
        with self.reader() as reader:
            if not isinstance(reader, FileReader):
                raise BadOption("--archive", "a PostgreSQL database is backed up with pg_dump")
            try:
                sqlitefile.backup(reader.handle, target)
            except FileExistsError as error:
                raise BadOption(str(target), "there is a file of that name already") from error
            except (OSError, sqlite3.Error) as error:
                raise StorageFailed(str(target), f"the copy could not be written ({error})") from error

    def session_claims(self) -> list[SessionClaims]:
        """End record, state and mark of every session; ``verify`` compares them with the frames."""
        with self.reader() as connection:
            return reading.session_claims(connection, self._is_live, self.marks())

    def connection_claims(self, session: str | SessionInfo) -> list[ConnectionClaims]:
        """Digests of every connection of a session, in order. Raises ``NotFound``."""
        with self.reader() as connection:
            return reading.connection_claims(connection, reading.session_row(connection, id_of(session)))

    def marks(self) -> Mapping[str, int]:
        """How many frames of each session were certainly on disk, by the lock file."""
        if self._opened.path is None:
            return {}
        note = read_note(self._opened.path)
        with self.reader() as connection:
            is_ours = note.archive in (None, reading.archive_id(connection))
        return note.marks if is_ours else {}

    def integrity_problems(self) -> list[str]:
        """What the database itself finds wrong with the file, a sentence each."""
        with self.reader() as connection:
            return description.integrity_problems(connection)

    def _is_live(self, session_id: int) -> bool:
        """Whether somebody writes this session, which has no end record, now."""
        if self._opened.url is not None:
            return session_id in self._live_sessions()
        if self._writer is not None:
            return self._writer.is_writing(session_id)
        return self._holder() is not None

    def _holder(self) -> str | None:
        if self._opened.path is not None:
            return holder_of(self._opened.path)
        backends = sorted(set(self._live_sessions().values()))
        return f"server process {', '.join(map(str, backends))}" if backends else None

    def _live_sessions(self) -> Mapping[int, int]:
        from .postgresql import live_sessions

        return live_sessions(self._reader)
