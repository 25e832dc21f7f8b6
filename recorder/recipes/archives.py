"""The archive as a whole: open it, verify it, bring it up to date."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Literal

from recorder.store.archive import Archive
from recorder.store.remarks import Notify, silent

from .progress import ProgressCount

if TYPE_CHECKING:
    from recorder.store.verify import SessionVerdict


def open_archive(
    archive: str, *, mode: Literal["read", "write"] = "read", create: bool = False, say: Notify = silent
) -> Archive:
    """Open an archive by path or URL; close it with ``with``.

    Raises:
        ArchiveUnusable: it is none, damaged, newer, or (reading) older than this program needs.
        StorageFailed: it cannot be written, or another process records into it.
    """
    return Archive.open(archive, mode=mode, create=create, say=say)


def verify(archive: str, *, say: Notify = silent) -> list[SessionVerdict]:
    """Recount and rehash every session of an archive; ``say`` is called with the progress.

    Raises:
        ArchiveUnusable: it cannot be read at all.
    """
    from recorder.store.verify import verify as verify_archive  # every other command opens an archive, too

    with open_archive(archive) as opened:
        total = sum(session.frames for session in opened.sessions())
        progress = ProgressCount("verifying frames", say, total=total)
        return verify_archive(opened, through=progress.counting)


def verdict_json(verdict: SessionVerdict) -> dict[str, object]:
    """One verdict as ``archive verify --json`` prints it."""
    from recorder.report.json_views import named_counts

    return named_counts(asdict(verdict))


def upgrade(archive: str, *, say: Notify = silent) -> None:
    """Bring an archive up to this program's schema; ``say`` is called with what was done."""
    with open_archive(archive, mode="write", create=False, say=say) as opened:
        say(f"the archive is at revision {opened.info().revision}, as this program writes it")
