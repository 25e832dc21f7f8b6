"""Every format that can be imported, and those that are known and cannot: which of them a file is."""

from __future__ import annotations

import re

from recorder.errors import BadCapture, BadOption

from .capture_file import CaptureFile
from .capture_format import CaptureFormat
from .devtools_log import CDP
from .envelope_lines import ENVELOPES
from .har import HAR
from .jsonl import JSONL
from .log_lines import LOG
from .mitmproxy import MITMPROXY
from .netlog import NETLOG
from .packets import PACKETS
from .playwright_trace import PLAYWRIGHT
from .terminal_log import WSCAT
from .unusable import UNUSABLE

# The first that recognises a file reads it. JSON lines come last: they take whatever begins with an object.
FORMATS: tuple[CaptureFormat, ...] = (
    HAR,
    NETLOG,
    MITMPROXY,
    PACKETS,
    PLAYWRIGHT,
    CDP,
    ENVELOPES,
    WSCAT,
    LOG,
    JSONL,
)
"""In the order in which they are asked."""

_UTF_16 = re.compile(rb"\xff\xfe|\xfe\xff|[\[{]\0|\0[\[{]")


def named_format(name: str) -> CaptureFormat:
    """The format that ``--format`` names. Raises ``BadOption``."""
    for each in FORMATS:
        if each.name == name:
            return each
    names = ", ".join(each.name for each in FORMATS)
    raise BadOption("--format", f'there is no format "{name}"', hint=f"one of {names}")


def format_of(file: CaptureFile) -> CaptureFormat:
    """The format of this file, by its content.

    Raises:
        BadCapture: it is none that is known, or one that holds no frames.
    """
    if not file.beginning:
        raise BadCapture(file.name, "there is nothing in it")
    if _UTF_16.match(file.beginning):
        raise BadCapture(file.name, "it is UTF-16; save it as UTF-8")
    if file.beginning.startswith(b"SQLite format 3\0"):
        raise BadCapture(file.name, "it is an archive, not a capture", hint="give it with --archive")
    for unusable in UNUSABLE:
        if unusable.recognise(file):
            raise BadCapture(file.name, unusable.problem, hint=unusable.hint)
    for each in FORMATS:
        if each.recognise(file):
            return each
    if file.members:
        problem = "it is a zip file with neither one file, nor one HAR, nor a trace of Playwright in it"
        raise BadCapture(file.name, problem, hint="unpack it, and import the captures among its files")
    raise BadCapture(
        file.name,
        "it is in no format that is known",
        hint="recorder guide import lists the formats; --format reads it as one of them",
    )
