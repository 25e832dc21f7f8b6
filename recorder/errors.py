"""Every error a user can meet, drawn as a tree.

RecorderError                      exit code
├── InputUnusable                  2   what was typed or handed over cannot be used
│   ├── BadOption                      a value on the command line or in the environment
│   ├── BadScript                      a replay script: file, line, step and what was meant
│   ├── BadCapture                     a file to import: file and line
│   └── NotFound                       no such session, message or frame here
├── ExpectationFailed              3   a script's expectation or a check came out otherwise
├── CannotConnect                  4   nobody there, or not let in
│   └── HandshakeRefused               the service answered the upgrade with something else
├── RecordingIncomplete            5   recorded, but something is missing, and this says what
├── StorageFailed                  6   the archive could not be written
│   └── ArchiveBusy                    another process records into it
├── OutputFailed                   6   a report, or standard output, could not be written: the disk failed
├── ArchiveUnusable                7   damaged, newer, or not ours; the file is left untouched
└── Stopped                        130/143  a signal ended it, cleanly

An error is built from facts; the sentence is written here, once. ``hint`` says what to type next.
The mistakes of the other end of a connection are not errors: they are recorded and labelled.
"""

from __future__ import annotations

from collections.abc import Sequence


class RecorderError(Exception):
    """Something a user can understand and act on. Everything else that escapes is a bug of ours."""

    exit_code = 1

    def __init__(self, says: str, *, hint: str | None = None) -> None:
        super().__init__(says)
        self.says = says
        self.hint = hint

    def __str__(self) -> str:
        return self.says


class InputUnusable(RecorderError):
    """What the user gave cannot be used as it is."""

    exit_code = 2


class BadOption(InputUnusable):
    """A value given by option, argument or environment variable is not usable."""

    def __init__(self, option: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"{option}: {problem}", hint=hint)
        self.option = option
        self.problem = problem


class BadScript(InputUnusable):
    """A replay script cannot be played as written."""

    def __init__(
        self,
        file: str,
        problem: str,
        *,
        line: int | None = None,
        step: str | None = None,
        hint: str | None = None,
    ) -> None:
        where = file if line is None else f"{file}, line {line}"
        where = where if step is None else f"{where}, {step}"
        super().__init__(f"{where}: {problem}", hint=hint)
        self.file = file
        self.line = line
        self.step = step
        self.problem = problem


class BadCapture(InputUnusable):
    """A capture to import does not read as its format says."""

    def __init__(self, file: str, problem: str, *, line: int | None = None, hint: str | None = None) -> None:
        where = file if line is None else f"{file}, line {line}"
        super().__init__(f"{where}: {problem}", hint=hint)
        self.file = file
        self.line = line
        self.problem = problem


class NotFound(InputUnusable):
    """The archive holds no such thing, or more than one answers to the name."""

    def __init__(self, kind: str, name: str, *, close: Sequence[str] = (), many: bool = False) -> None:
        if many:
            says = f'"{name}" fits more than one {kind}: {", ".join(close)}'
        elif close:
            says = f'no {kind} "{name}" (did you mean {" or ".join(close)}?)'
        else:
            says = f'no {kind} "{name}"'
        super().__init__(says)
        self.kind = kind
        self.name = name
        self.close = tuple(close)


class ExpectationFailed(RecorderError):
    """What the script expected did not come."""

    exit_code = 3


class CannotConnect(RecorderError):
    """No connection came about."""

    exit_code = 4

    def __init__(self, url: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"cannot connect to {url}: {problem}", hint=hint)
        self.url = url
        self.problem = problem


class HandshakeRefused(CannotConnect):
    """The service answered the WebSocket upgrade with an HTTP status other than 101."""

    def __init__(self, url: str, status: int, reason: str = "", *, hint: str | None = None) -> None:
        named = f"{status} {reason}".strip()
        super().__init__(url, f"the service answered {named} instead of 101", hint=hint)
        self.status = status


class RecordingIncomplete(RecorderError):
    """Frames were recorded, but the recording is known not to be whole."""

    exit_code = 5


class StorageFailed(RecorderError):
    """The archive could not take a frame; nothing that was not stored has been delivered."""

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


class OutputFailed(RecorderError):
    """A disk did not take what we were to write, be it a file or standard output. No archive was harmed."""

    exit_code = 6

    def __init__(self, file: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"cannot write {file}: {problem}", hint=hint)
        self.file = file
        self.problem = problem


class ArchiveUnusable(RecorderError):
    """The file is damaged, newer than this program, or no archive of ours. It was not touched."""

    exit_code = 7

    def __init__(self, archive: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"{archive}: {problem}", hint=hint)
        self.archive = archive
        self.problem = problem


class Stopped(RecorderError):
    """A signal asked us to stop, and we stopped cleanly."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.exit_code = 128 + signal_number
