"""Facts about an archive, its sessions and their connections."""

from __future__ import annotations

from dataclasses import dataclass

from recorder.wire.frames import Side


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """One session of the archive.

    Attributes:
        session: public id, 12 hex digits.
        name: what the user called it, or None.
        source: "client", "proxy", "replay", "har", "jsonl" or "text".
        state: "recording" (being written now), "complete", or "interrupted" (it has no end record).
        started_at_us, ended_at_us: microseconds since the epoch, UTC; None where unknown.
        connections, frames: how many it holds.
        detail: one sentence more about its end, or None.
        recorder_version: version of the program that wrote it.
        source_digest: SHA-256 of the imported file in hex, or None.
    """

    session: str
    name: str | None
    source: str
    state: str
    started_at_us: int | None
    ended_at_us: int | None
    connections: int
    frames: int
    detail: str | None = None
    recorder_version: str = ""
    source_digest: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """One connection; fields as in ``ConnectionOpened``, ``HandshakeSeen`` and ``ConnectionClosed``.

    ``how`` is None while it is open, or if its end was not seen. ``frames`` counts the stored frames.
    """

    connection: int
    url: str | None
    opened_at_us: int | None
    opened_offset_us: int | None
    request_line: str | None
    request_headers: tuple[tuple[str, str], ...]
    response_status: int | None
    response_headers: tuple[tuple[str, str], ...]
    closed_at_us: int | None
    closed_offset_us: int | None
    close_code: int | None
    close_reason: str | None
    closed_by: Side | None
    how: str | None
    detail: str | None
    frames: int


@dataclass(frozen=True, slots=True)
class ArchiveInfo:
    """The archive itself.

    Attributes:
        path: file path, or URL without its password.
        kind: "sqlite" or "postgresql".
        revision, head_revision: schema it has, schema this program writes.
        file_bytes, wal_bytes: sizes on disk; None for a PostgreSQL database (``file_bytes`` is its size).
        sessions, connections, frames: how many it holds.
        library_version: of SQLite, or of the PostgreSQL server.
        wal_reset_bug: whether this SQLite has the WAL-reset bug (then only one process may ever write).
        journal_mode, synchronous: as the database answers; None where it has no such thing.
        holder: who records into it now ("pid 12 on host since …"), or None.
    """

    path: str
    kind: str
    revision: str
    head_revision: str
    file_bytes: int
    wal_bytes: int | None
    sessions: int
    connections: int
    frames: int
    library_version: str
    wal_reset_bug: bool
    journal_mode: str | None
    synchronous: str | None
    holder: str | None


@dataclass(frozen=True, slots=True)
class DigestPoint:
    """Rolling digest of the first ``count`` frames of a connection."""

    count: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class ConnectionClaims:
    """Digests written for a connection in its end record and at the last barrier; None if not written."""

    number: int
    end: DigestPoint | None
    barrier: DigestPoint | None


@dataclass(frozen=True, slots=True)
class SessionClaims:
    """What the end record and the lock file say of a session, to be compared with its frames.

    ``ended``: it has an end record, and ``frames`` is the count in it; an end record written after its
    recorder died has no count. ``mark`` is the count that the lock file says was on disk.
    """

    session: str
    name: str | None
    state: str
    ended: bool
    frames: int | None
    mark: int | None
