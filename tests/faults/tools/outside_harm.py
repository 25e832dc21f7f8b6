"""Do to the files of an archive what others may do while it is recorded into; see ``HARMS``.

By hand: ``python -m faults.tools.outside_harm NAME ARCHIVE``; ``--list`` tells the names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_MAKE = """
import sys
from recorder.store.archive import Archive
Archive.open(sys.argv[1], mode="write").close()
"""


def _beside(archive: Path, suffix: str) -> Path:
    return archive.with_name(archive.name + suffix)


def _other_archive(folder: Path) -> Path:
    """An archive of another run; made by a process of its own, so that no lock of ours goes with it."""
    other = folder / "other.db"
    subprocess.run([sys.executable, "-c", _MAKE, str(other)], check=True)
    _beside(other, ".lock").unlink()
    return other


def _replaced(archive: Path) -> None:
    _other_archive(archive.parent).replace(archive)


def _overwritten(archive: Path) -> None:
    """As cp does: the same file, and other bytes in it."""
    other = _other_archive(archive.parent)
    subprocess.run(["cp", other, archive], check=True)
    other.unlink()


def _halved(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 8192 * 4096)


def _log_overwritten(archive: Path) -> None:
    log = _beside(archive, "-wal")
    with log.open("r+b") as file:
        file.write(os.urandom(log.stat().st_size))


HARMS: dict[str, Callable[[Path], None]] = {
    "file-cut-to-nothing": lambda archive: os.truncate(archive, 0),
    "file-cut-in-half": _halved,
    "file-removed": Path.unlink,
    "file-renamed": lambda archive: archive.rename(archive.with_name("renamed.db")),
    "replaced": _replaced,
    "overwritten": _overwritten,
    "log-cut-to-nothing": lambda archive: os.truncate(_beside(archive, "-wal"), 0),
    "log-cut-in-half": lambda archive: _halved(_beside(archive, "-wal")),
    "log-removed": lambda archive: _beside(archive, "-wal").unlink(),
    "log-overwritten": _log_overwritten,
    "lock-removed": lambda archive: _beside(archive, ".lock").unlink(),
    "folder-removed": lambda archive: shutil.rmtree(archive.parent),
}


def main() -> None:
    """Do the harm that is named."""
    if sys.argv[1:] == ["--list"]:
        print(*HARMS, sep="\n")
        return
    name, archive = sys.argv[1:]
    HARMS[name](Path(archive))


if __name__ == "__main__":
    main()
