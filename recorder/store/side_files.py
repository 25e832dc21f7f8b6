"""What lies beside an archive file and is none of it: refused, or kept under a name that says so.

Where a file and a log do not belong together, nobody but the user knows which of the two is wanted: neither
is touched, and both ways out are told. Where there is no file at all, only a log, a new archive may be made:
the log is set aside. Nothing is ever deleted.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from recorder.errors import ArchiveUnusable, error_of_system

from .log_identity import JOURNAL, WAL, SideFile, journal_state, log_state, side_path


class _Kind(NamedTuple):
    suffix: str
    name: str
    long_name: str
    state_of: Callable[[Path], SideFile]


_KINDS = (
    _Kind(WAL, "log", "write-ahead log", log_state),
    _Kind(JOURNAL, "journal", "rollback journal", journal_state),
)


def check(path: Path) -> bool:
    """Whether part of the archive is in the write-ahead log beside its file. Changes nothing.

    Raises:
        ArchiveUnusable: a log or a journal of another file lies beside it, or one that cannot be read.
        sqlite3.Error: the file is no database.
    """
    try:
        states = {kind.suffix: kind.state_of(path) for kind in _KINDS}
    except OSError as error:
        says = f"what lies beside it cannot be read ({(error.strerror or '').lower()})"
        hint = error_of_system(error).hint or "the newest frames are in its -wal file"
        raise ArchiveUnusable(str(path), says, hint=hint) from error
    for kind in _KINDS:
        if states[kind.suffix] is SideFile.OTHER:
            side = side_path(path, kind.suffix)
            whose = "another file, or of another state of this one"
            says = f"the {kind.long_name} beside it, {side.name}, is that of {whose}"
            hint = (
                f"to use this file without that {kind.name}: mv '{side}' '{side}.aside'; "
                f"to have what is in the {kind.name}: put that file back in the place of this one"
            )
            raise ArchiveUnusable(str(path), says, hint=hint)
    return states[WAL] is SideFile.SAME


def set_aside(path: Path, say: Callable[[str], None]) -> None:
    """Rename the log or journal of a file that is gone, and what is none though it has the name of one.

    SQLite would write over either. Call it with the lock held, before SQLite opens the file.

    Raises:
        OSError: it cannot be renamed.
        sqlite3.Error: the file is no database.
    """
    is_there = path.exists()
    for kind in _KINDS:
        side = side_path(path, kind.suffix)
        if not side.exists() or side.stat().st_size == 0:
            continue
        if is_there and kind.state_of(path) is not SideFile.UNREADABLE:
            continue
        why = "unreadable" if is_there else "without-its-file"
        reason = "cannot be read as one" if is_there else f"is of a file {path.name} that is gone"
        kept = _rename(side, path.with_name(f"{path.name}.{kind.name}-{why}-{written_at(side)}"))
        say(f"the {kind.long_name} {side.name} {reason}: it is kept as {kept.name}")


def written_at(file: Path) -> str:
    """When the file was last written, as a part of a name: ``20260102T030405Z``."""
    return f"{datetime.fromtimestamp(int(file.stat().st_mtime), UTC):%Y%m%dT%H%M%SZ}"


def _rename(file: Path, target: Path) -> Path:
    """Rename a file and replace none: with a number more if the name is taken."""
    for number in itertools.count(2):
        try:
            os.link(file, target)
        except FileExistsError:
            target = target.with_name(f"{target.name.partition('Z-')[0].removesuffix('Z')}Z-{number}")
        else:
            file.unlink()
            break
    return target
