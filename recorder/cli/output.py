"""Where things are printed: data on stdout, talk on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
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
    """The reader of our output went away (``| head``); Python would complain once more at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def whoever_reads() -> Iterator[None]:
    """Print in the block; that nobody reads any more changes nothing of what comes after it."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()


class Talk:
    """Remarks on stderr, escaped; none at all when quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, says: str) -> None:
        """Say one line."""
        if self._quiet:
            return
        from recorder.report.terminal import safe_text

        sys.stderr.write(f"{safe_text(says)}\n")
        sys.stderr.flush()
