"""Where things are printed: data on stdout, talk on stderr."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import orjson

from recorder.errors import OutputFailed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from recorder.wire.payloads import Payload


def write_json(line: Mapping[str, object]) -> None:
    """One JSON object on one line of stdout."""
    sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def write_payload(payload: Payload) -> None:
    """One payload on a line of its own: text as it came (escaped on a terminal), binary in hex."""
    sys.stdout.write(_line(payload, to_terminal=sys.stdout.isatty()) + "\n")
    sys.stdout.flush()


def _line(payload: Payload, *, to_terminal: bool) -> str:
    from recorder.report.terminal import safe_text
    from recorder.wire.frames import Opcode

    if payload.opcode != Opcode.TEXT:
        return payload.data.hex(" ")
    text = payload.data.decode("utf-8", errors="backslashreplace")
    return safe_text(text) if to_terminal else text


def drop_stdout() -> None:
    """Nobody takes what we print any more (``| head``); Python would complain once more at its exit."""
    _drop(sys.stdout)


def _drop(stream: IO[str] | io.FileIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class _Stdout(io.FileIO):
    """Standard output that tells what became of it, and keeps still after that."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write some of it.

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
            _drop(self)
            raise OutputFailed("standard output", problem.strerror or str(problem)) from None


def guard_stdout() -> None:
    """Have whoever prints get an error that says so; any other could come from anywhere."""
    usual = sys.stdout
    if not isinstance(usual, io.TextIOWrapper):
        return
    usual.flush()
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Stdout(usual.fileno(), "w", closefd=False)),
        encoding=usual.encoding,
        errors=usual.errors,
        line_buffering=usual.line_buffering,
        write_through=usual.write_through,
    )


@contextmanager
def whoever_reads() -> Iterator[None]:
    """Print in the block; that nobody reads any more changes nothing of what comes after it.

    Raises:
        OutputFailed: see ``guard_stdout``.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()


def say_on_stderr(line: str) -> None:
    """One line on stderr, escaped. Where nobody hears it (a closed terminal, a full disk), so be it."""
    from recorder.report.terminal import safe_text

    try:
        sys.stderr.write(f"{safe_text(line)}\n")
        sys.stderr.flush()
    except OSError:
        _drop(sys.stderr)


class Talk:
    """Remarks on stderr, escaped; none at all when quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, says: str) -> None:
        """Say one line."""
        if not self._quiet:
            say_on_stderr(says)
