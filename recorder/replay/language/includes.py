"""The folder of a script: what it may include and send, and nothing outside of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

from recorder.documents import unknown

LONGEST_FILE = 20 << 20
"""Bytes; LivePerson takes 3 MB."""


class Folder:
    """The files beside a script, and below it. Names are those the script gives, with ``/``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def shown(self, name: str) -> str:
        """The file as messages name it: as the script itself was named."""
        return str(self._root / name)

    def name_of(self, given: str, *, beside: str) -> str:
        """The one name of a file: ``given`` stands in the file called ``beside``, and is relative to it.

        Raises:
            ValueError: it leads out of the folder, or nowhere; the message is made for people.
        """
        _check_form(given)
        name = str(PurePosixPath(beside).parent / given)
        root = self._root.resolve()
        try:
            found = (root / name).resolve(strict=True)
        except FileNotFoundError:
            raise ValueError(self._not_there(given, PurePosixPath(name))) from None
        except (OSError, RuntimeError) as problem:  # RuntimeError: symbolic links in a circle
            raise ValueError(f"{given} cannot be read ({_why(problem)})") from None
        if not found.is_relative_to(root):
            raise ValueError(f"{given} leads out of the script's folder; only what is inside can be used")
        return found.relative_to(root).as_posix()

    def read(self, name: str) -> bytes:
        """What is in the file with this name (as from ``name_of``).

        Raises:
            ValueError: it cannot be read; the message is made for people.
        """
        path = self._root.resolve() / name
        try:
            # Not following links: name_of did, and what it found may have been replaced since.
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise ValueError(f"{name} is no file")
                data = file.read(LONGEST_FILE + 1)
        except OSError as problem:
            raise ValueError(f"{name} cannot be read ({_why(problem)})") from None
        if len(data) > LONGEST_FILE:
            raise ValueError(f"{name} is larger than {LONGEST_FILE >> 20} MiB")
        return data

    def _not_there(self, given: str, name: PurePosixPath) -> str:
        folder = self._root / name.parent
        files = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
        return unknown("file", given, files[:1000] if len(files) <= 10 else _close(name.name, files))


def _close(name: str, files: list[str]) -> list[str]:
    """Of many files, those worth naming."""
    import difflib

    return difflib.get_close_matches(name, files, n=1)


def _check_form(given: str) -> None:
    if "://" in given:
        raise ValueError(f"{given} is an address; only files in the script's folder can be used")
    if "\0" in given or "\\" in given:
        raise ValueError("a file's name is written with /, and without other signs between folders")
    if given.startswith(("/", "~")):
        raise ValueError(f"{given} is absolute; say where it is as seen from this file")
    if ".." in PurePosixPath(given).parts:
        raise ValueError(f"{given} leads up with ..; only what is in the script's folder can be used")


def _why(problem: Exception) -> str:
    return getattr(problem, "strerror", None) or "links in a circle"
