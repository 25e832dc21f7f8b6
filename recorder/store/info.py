"""Facts about an archive, and what its records claim about sessions and connections."""

from __future__ import annotations

from dataclasses import dataclass


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
    """Digests written for a connection in its end record and at the last barrier; None if not written.

    ``barrier_at_us`` is the time of the last frame before that barrier, if it has one.
    """

    number: int
    end: DigestPoint | None
    barrier: DigestPoint | None
    barrier_at_us: int | None = None


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
