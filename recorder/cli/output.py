"""Printing: data on stdout, errors and remarks on stderr."""

from __future__ import annotations

import errno
import io
import os
import select
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import orjson

from recorder.errors import OutputFailed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from recorder.wire.payloads import Payload


def write_json(line: Mapping[str, object]) -> None:
    """One JSON object on one line of stdout."""
    write_json_lines([line])


def json_line(line: Mapping[str, object], *, to_terminal: bool) -> bytes:
    """One JSON object as a line, its end included; for a terminal with nothing that acts on it."""
    try:
        written = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # a number of more than 64 bits, such as a sequence that nobody but its sender knows
        import json

        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        written = text.encode("utf-8", "backslashreplace") + b"\n"
    if not to_terminal:
        return written
    from recorder.report.terminal import safe_json

    return safe_json(written.decode()).encode()


def write_json_lines(lines: Iterable[Mapping[str, object]]) -> None:
    """Each of these on a line of its own; all have left when it returns."""
    to_terminal = sys.stdout.isatty()
    for line in lines:
        sys.stdout.buffer.write(json_line(line, to_terminal=to_terminal))
    sys.stdout.buffer.flush()


def write_exact(data: bytes, *, is_json: bool = False) -> None:
    """These bytes to stdout; on a terminal the lines of text that they are, with nothing that acts on it."""
    if sys.stdout.isatty():
        from recorder.report.terminal import safe_json, safe_lines

        escaped = safe_json if is_json else safe_lines
        data = escaped(data.decode("utf-8", "backslashreplace")).encode()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def write_payload(payload: Payload) -> None:
    """One payload on a line of its own: text as it came (escaped on a terminal), binary in hex."""
    sys.stdout.write(_line(payload, to_terminal=sys.stdout.isatty()) + "\n")
    sys.stdout.flush()


def line_of_side(payload: Payload, *, to_terminal: bool) -> str:
    """One payload as ``write_payload`` writes it, behind ``>`` if the client sent it, else behind ``<``.

    On a terminal the time stands before it, and both are in the colours that ``recorder record`` has.
    """
    from recorder.wire.frames import Side

    mark, line = ">" if payload.sender is Side.CLIENT else "<", _line(payload, to_terminal=to_terminal)
    if to_terminal:
        from recorder.report.payload_lines import marks_of

        mark = " ".join(marks_of(sys.stdout, payload))
    return f"{mark} {line}\n"


def write_payload_of_side(payload: Payload) -> None:
    """Print one payload as ``line_of_side`` has it."""
    sys.stdout.write(line_of_side(payload, to_terminal=sys.stdout.isatty()))
    sys.stdout.flush()


_READER_TIMEOUT_S = 1.0


class ReadyStdout:
    """Writes to stdout as much as its reader takes without making us wait, and keeps the rest."""

    def __init__(self) -> None:
        self._rest = b""

    def write(self, lines: bytes) -> None:
        """Write this behind what was kept."""
        self._rest += lines
        self.takes_more()

    def takes_more(self) -> bool:
        """Whether all that was given is written, after another attempt."""
        return self._written(within_s=0.0)

    def finish(self) -> None:
        """Write the rest, as long as somebody reads it."""
        self._written(within_s=_READER_TIMEOUT_S)

    def _written(self, *, within_s: float) -> bool:
        while self._rest and select.select([], [sys.stdout], [], within_s)[1]:
            # Where a pipe takes anything, it takes so much at once.
            sys.stdout.buffer.write(self._rest[: select.PIPE_BUF])
            sys.stdout.buffer.flush()
            self._rest = self._rest[select.PIPE_BUF :]
        return not self._rest


def stdout_is_discarded() -> bool:
    """Whether what is printed goes to the null device."""
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), Path(os.devnull).stat())
    except (OSError, ValueError):
        return False


def _line(payload: Payload, *, to_terminal: bool) -> str:
    from recorder.report.terminal import safe_text
    from recorder.wire.frames import Opcode

    if payload.opcode != Opcode.TEXT:
        return payload.data.hex(" ")
    text = payload.data.decode("utf-8", errors="backslashreplace")
    return safe_text(text) if to_terminal else text


def discard_stderr() -> None:
    """Discard further remarks: the terminal is gone or its disk full; else Python reports that at exit."""
    _redirect_to_devnull(sys.stderr)


def discard_stdout() -> None:
    """Discard further output, since its reader is gone (``| head``); else Python reports that at exit."""
    _redirect_to_devnull(sys.stdout)


def _redirect_to_devnull(stream: IO[str] | io.FileIO) -> None:
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


class _CheckedStdout(io.FileIO):
    """Standard output that raises ``BrokenPipeError`` or ``OutputFailed``; later writes do nothing."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write some of ``data``, and return how many bytes.

        Raises:
            BrokenPipeError: the reader went away, or the terminal was closed.
            OutputFailed: it is a file, and the disk did not take it.
        """
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as problem:
            if problem.errno == errno.EIO and stat.S_ISCHR(os.fstat(self.fileno()).st_mode):
                raise BrokenPipeError(errno.EPIPE, "the terminal was closed") from None
            _redirect_to_devnull(self)
            raise OutputFailed("standard output", problem.strerror or str(problem)) from None


def check_stdout_writes() -> None:
    """Make failed writes to stdout raise an error of their own, which no other file can raise."""
    usual = sys.stdout
    if not isinstance(usual, io.TextIOWrapper):
        return
    usual.flush()
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_CheckedStdout(usual.fileno(), "w", closefd=False)),
        encoding=usual.encoding,
        errors=usual.errors,
        line_buffering=usual.line_buffering,
        write_through=usual.write_through,
    )


@contextmanager
def ignoring_broken_pipe() -> Iterator[None]:
    """Print in the block; if the reader of stdout is gone, discard the output and go on.

    Raises:
        OutputFailed: the disk did not take the output.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()


def print_to_stderr(line: str) -> None:
    """Print one remark on stderr, escaped, between words broken into lines if that is a terminal.

    Errors of stderr itself (closed terminal, full disk) are ignored.
    """
    from recorder.report.tables import remark_lines

    try:
        sys.stderr.write(remark_lines(sys.stderr, line))
        sys.stderr.flush()
    except OSError:
        discard_stderr()


class StatusPrinter:
    """Prints progress and remarks on stderr, escaped; nothing with ``--quiet``."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, line: str) -> None:
        """Print one line."""
        if not self._quiet:
            print_to_stderr(line)
