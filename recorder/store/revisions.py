"""The schema revisions that this program knows, and whether it can read an archive of one of them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from recorder.errors import ArchiveUnusable

from .versions import READABLE_REVISIONS


def scripts_location() -> Path:
    """The folder of the migrations: inside the installed package, or in the checkout."""
    package = Path(__file__).parent.parent
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


@lru_cache
def known(scripts: Path) -> tuple[str, ...]:
    """Every known revision, oldest first: ``0001_frames.py`` is revision 0001."""
    return tuple(sorted(file.name.partition("_")[0] for file in (scripts / "versions").glob("[0-9]*_*.py")))


def head_revision(scripts: Path | None = None) -> str:
    """The revision this program writes."""
    return known(scripts or scripts_location())[-1]


def check_readable(where: str, revision: str, scripts: Path) -> None:
    """Check that an archive has the schema of this program, or one that it reads as it is.

    Raises:
        ArchiveUnusable: it is older (and how to upgrade it), or newer.
    """
    check_known(where, revision, scripts)
    head = head_revision(scripts)
    if revision != head and revision not in READABLE_REVISIONS:
        says = f"it was written by an older recorder (schema {revision}, this one reads {head})"
        raise ArchiveUnusable(where, says, hint=f"recorder archive upgrade --archive {where}")


def check_known(where: str, revision: str, scripts: Path) -> None:
    """Raise ``ArchiveUnusable`` for a revision this program does not know."""
    if revision not in known(scripts):
        says = (
            f"it was written by a newer recorder (schema {revision}, this one knows {head_revision(scripts)})"
        )
        raise ArchiveUnusable(where, says, hint="use that recorder, or record into another file")
