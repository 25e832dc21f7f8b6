"""Every error a user can meet, and its exit code.

RecorderError                      exit code
├── InputUnusable                  2   an option, script, capture or name cannot be used
│   ├── BadOption                      a value on the command line or in the environment
│   ├── BadFile                        a file that is read: its line and the problem
│   │   ├── BadScript                      a replay script: the step, too
│   │   └── BadCapture                     a capture to import
│   ├── NotFound                       no such session, message or frame here
│   └── SystemRefused                  the operating system refused it: a name, a permission, a limit
├── ExpectationFailed              3   an expectation of a script, or a check, failed
├── CannotConnect                  4   the service cannot be reached, or refused the connection
│   └── HandshakeRefused               the service answered the upgrade with a status other than 101
├── RecordingIncomplete            5   recorded, but something is missing
├── StorageFailed                  6   the archive could not be written
│   ├── ArchiveBusy                    another process records into it
│   └── ArchiveHarmed                  others removed, replaced or cut its files meanwhile
├── OutputFailed                   6   a report, or standard output, could not be written: the disk failed
├── ArchiveUnusable                7   damaged, newer, or no archive; the file is left untouched
└── Stopped                        130/143  a signal ended it, cleanly

``str(error)`` is one sentence, ``error.hint`` what to try next. Protocol violations of the service are not
errors: they are recorded and labelled.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence


class RecorderError(Exception):
    """An error that a user can understand and act on. Any other exception is a bug of this package.

    Attributes:
        exit_code: of the command line.
        hint: what to try next, or None.
    """

    exit_code = 1

    def __init__(self, sentence: str, *, hint: str | None = None) -> None:
        super().__init__(sentence)
        self.hint = hint


class InputUnusable(RecorderError):
    """What the user typed or passed cannot be used."""

    exit_code = 2


class BadOption(InputUnusable):
    """The value of an option, argument or environment variable cannot be used."""

    def __init__(self, option: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"{option}: {problem}", hint=hint)
        self.option = option
        self.problem = problem


class BadFile(InputUnusable):
    """A file that is read cannot be used; ``line``, ``byte`` and ``step`` locate the problem, where known."""

    def __init__(
        self,
        file: str,
        problem: str,
        *,
        line: int | None = None,
        byte: int | None = None,
        step: str | None = None,
        hint: str | None = None,
    ) -> None:
        where = file if line is None else f"{file}, line {line}"
        where = where if byte is None else f"{where}, byte {byte}"
        where = where if step is None else f"{where}, {step}"
        super().__init__(f"{where}: {problem}", hint=hint)
        self.file = file
        self.line = line
        self.byte = byte
        self.step = step
        self.problem = problem


class BadScript(BadFile):
    """A replay script is invalid.

    Attributes:
        others: what else is wrong with it, as errors of their own.
    """

    others: tuple[BadScript, ...] = ()


_MOST_ERRORS = 10
_MANY = 90  # a script is read up to its hundredth error


def error_lines(error: RecorderError) -> Iterator[str]:
    """The lines that show an error, its hint and its ``others``: at most ten errors, then how many more."""
    others = error.others if isinstance(error, BadScript) else ()
    for each in (error, *others[: _MOST_ERRORS - 1]):
        yield f"error: {each}"
        if each.hint is not None:
            yield f"hint: {each.hint}"
    if len(others) >= _MOST_ERRORS:
        left = len(others) + 1 - _MOST_ERRORS
        count = str(left) if left < _MANY else "many"
        yield f"and {count} more error{'' if left == 1 else 's'}"


class BadCapture(BadFile):
    """A file to import violates its format."""


class NotFound(InputUnusable):
    """The archive has no session, dialog, message or frame of this name, or several.

    ``close`` are names that may have been meant; with ``many`` those that fit.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        *,
        close: Sequence[str] = (),
        many: bool = False,
        hint: str | None = None,
    ) -> None:
        if many:
            sentence = f'"{name}" fits more than one {kind}: {", ".join(close)}'
        elif close:
            sentence = f'no {kind} "{name}" (did you mean {" or ".join(close)}?)'
        else:
            sentence = f'no {kind} "{name}"'
        super().__init__(sentence, hint=hint)
        self.kind = kind
        self.name = name
        self.close = tuple(close)


class ExpectationFailed(RecorderError):
    """An expectation of a script, or a check, failed."""

    exit_code = 3


class CannotConnect(RecorderError):
    """The service cannot be reached, or refused the connection."""

    exit_code = 4

    def __init__(self, url: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"cannot connect to {url}: {problem}", hint=hint)
        self.url = url
        self.problem = problem


class HandshakeRefused(CannotConnect):
    """The service answered the WebSocket upgrade with an HTTP status other than 101.

    ``words`` are what the body of its answer says, shortened and without secrets.
    """

    def __init__(
        self, url: str, status: int, reason: str = "", *, words: str = "", hint: str | None = None
    ) -> None:
        named = f"{status} {reason}".strip()
        quoted = f': "{words}"' if words else ""
        super().__init__(url, f"the service answered {named} instead of 101{quoted}", hint=hint)
        self.status = status
        self.reason = reason

    def saying(self, words: str) -> HandshakeRefused:
        """The error with these words of the service."""
        return HandshakeRefused(self.url, self.status, self.reason, words=words, hint=self.hint)


class RecordingIncomplete(RecorderError):
    """Frames were recorded, but the recording is known to be incomplete."""

    exit_code = 5


class StorageFailed(RecorderError):
    """A frame could not be written to the archive; it was not delivered or sent either."""

    exit_code = 6

    def __init__(self, archive: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"cannot write {archive}: {problem}", hint=hint)
        self.archive = archive
        self.problem = problem


class ArchiveBusy(StorageFailed):
    """Another process holds the archive open for writing."""

    def __init__(self, archive: str, holder: str) -> None:
        super().__init__(
            archive,
            f"it is being recorded into by {holder}",
            hint="wait for it to end, or give another file with --archive",
        )
        self.holder = holder


class ArchiveHarmed(StorageFailed):
    """Others removed, replaced or cut the files of an archive meanwhile; the hint says what was saved."""


class OutputFailed(RecorderError):
    """A report or standard output could not be written, such as to a full disk. The archive is unharmed."""

    exit_code = 6

    def __init__(self, file: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"cannot write {file}: {problem}", hint=hint)
        self.file = file
        self.problem = problem


class ArchiveUnusable(RecorderError):
    """The file is damaged, newer than this program, or no archive. It was not changed."""

    exit_code = 7

    def __init__(self, archive: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"{archive}: {problem}", hint=hint)
        self.archive = archive
        self.problem = problem


class Stopped(RecorderError):
    """A signal requested a stop, and the command ended cleanly. Its exit code is 128 + the signal."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.exit_code = 128 + signal_number


class SystemRefused(InputUnusable):
    """The operating system does not let the program do what it was asked for."""


# Another path would not help; everything else says that this one cannot be used.
_DISK_FAILED = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "it would be larger than a file may be here",
    errno.EIO: "the disk reports an input/output error",
}

_LONGEST_NAME = 100

_LIMITS = {
    errno.EMFILE: "ulimit -n shows how many files may be open; some 64 are needed, and more for many users",
    errno.ENFILE: "the whole system has too many files open",
    errno.ENOMEM: "there is too little memory",
    errno.EAGAIN: "ulimit -u shows how many processes and threads there may be",
}


def disk_problem(problem: OSError) -> str | None:
    """How the disk failed, in a few words; None if it did not."""
    return None if problem.errno is None else _DISK_FAILED.get(problem.errno)


def error_of_system(problem: OSError) -> RecorderError:
    """What a user is told about an error of the operating system that nobody else has put into words."""
    name = _name_in(problem)
    if (failed := disk_problem(problem)) is not None:
        return OutputFailed(name or "a file", failed)
    says = problem.strerror or str(problem) or type(problem).__name__
    sentence = says if name is None else f"cannot use {name}: {says}"
    return SystemRefused(sentence, hint=None if problem.errno is None else _LIMITS.get(problem.errno))


def _name_in(problem: OSError) -> str | None:
    """The file that it is about, shortened; None if it is about none."""
    if not isinstance(problem.filename, str | bytes):
        return None
    name = os.fsdecode(problem.filename)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
