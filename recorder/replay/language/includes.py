"""Files a script may include or send: those in its own folder and below, nothing outside."""

from __future__ import annotations

import os
import stat
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from recorder.documents import unknown

LONGEST_FILE = 20 << 20
"""Largest file, in bytes; LivePerson takes uploads of 3 MB."""


class Folder:
    """The folder of a script and what is below it. Names are relative to it and use ``/``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def display_name(self, name: str) -> str:
        """The path that error messages show: the script's folder as it was given, then the name."""
        return str(self._root / name)

    def name_of(self, given: str, *, referrer: str) -> str:
        """The normalised name of the file that ``referrer`` calls ``given``, relative to itself.

        Raises:
            ValueError: it leads out of the folder, or does not exist; the text is an error sentence.
        """
        _check_relative(given)
        name = str(PurePosixPath(referrer).parent / given)
        root = self._root.resolve()
        try:
            found = (root / name).resolve(strict=True)
        except FileNotFoundError:
            raise ValueError(self._not_found(given, PurePosixPath(name))) from None
        except (OSError, RuntimeError) as problem:  # RuntimeError: symbolic links in a circle
            raise ValueError(f"{given} cannot be read ({_reason(problem)})") from None
        if not found.is_relative_to(root):
            raise ValueError(f"{given} leads out of the script's folder; only what is inside can be used")
        return found.relative_to(root).as_posix()

    def read(self, name: str) -> bytes:
        """The contents of the file with this name (as ``name_of`` returns it).

        Raises:
            ValueError: it cannot be read; the text is an error sentence.
        """
        path = self._root.resolve() / name
        try:
            # O_NOFOLLOW: name_of resolved links, and its result may have been replaced by one since.
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise ValueError(f"{name} is no file")
                data = file.read(LONGEST_FILE + 1)
        except OSError as problem:
            raise ValueError(f"{name} cannot be read ({_reason(problem)})") from None
        if len(data) > LONGEST_FILE:
            raise ValueError(f"{name} is larger than {LONGEST_FILE >> 20} MiB")
        return data

    def _not_found(self, given: str, name: PurePosixPath) -> str:
        folder = self._root / name.parent
        files = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
        # Of many files only the closest: a list of all would bury it.
        return unknown("file", given, files if len(files) <= 10 else get_close_matches(name.name, files, n=1))


def _check_relative(given: str) -> None:
    if "://" in given:
        raise ValueError(f"{given} is an address; only files in the script's folder can be used")
    if "\0" in given or "\\" in given:
        raise ValueError("a file's name is written with /, and without other signs between folders")
    if given.startswith(("/", "~")):
        raise ValueError(f"{given} is absolute; say where it is as seen from this file")
    if ".." in PurePosixPath(given).parts:
        raise ValueError(f"{given} leads up with ..; only what is in the script's folder can be used")


def _reason(problem: Exception) -> str:
    return getattr(problem, "strerror", None) or "links in a circle"
