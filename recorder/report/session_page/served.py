"""The page of a session that is served: its blocks are fetched one by one, and what is recorded follows.

It is the page of a file but for this: ``live.js`` fetches its blocks as ``block/VERSION/NAME``. Each time the
session has grown there is a version more, and ``data?after=VERSION`` has what is newer: the data of the whole
page, where that was made anew, or ``{"version", "growths"}``, see ``growth.py``. ``version`` stands in the
data and in the facts of its session; blocks go by the version in which the page was made.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from recorder.redaction.people import Part

from ..page import page_end, page_start, policy
from .blocks import compact_json
from .document import SCRIPTS, STYLES, SessionBlocks, page_data, title_of
from .source import SessionSource

SERVED_SCRIPTS = (*SCRIPTS[:-1], "session/live.js", SCRIPTS[-1])
SERVED_POLICY = policy(SERVED_SCRIPTS, STYLES, served=True)


class ServedPage(NamedTuple):
    """A session as of one moment of its recording.

    ``html`` is the page, ``data`` the JSON in it, ``blocks`` what it fetches: by name, compressed by gzip.
    """

    version: int
    html: bytes
    data: bytes
    blocks: Mapping[str, bytes]


def served_page(
    source: SessionSource,
    *,
    version: int,
    redact: Collection[Part] = (),
    written: SessionBlocks | None = None,
) -> ServedPage:
    """The page of a session; the session is read once.

    ``written`` writes the blocks, and can go on with further frames: ``SessionBlocks("0", source, redact)``.
    """
    written = SessionBlocks("0", source, redact) if written is None else written
    blocks = {each.name: each.data for each in written.blocks()}
    title = title_of(source)
    data = page_data(title, [{**written.data, "version": version}], redact) | {"version": version}
    start = page_start(title, SERVED_SCRIPTS, STYLES, app="session", served=True)
    html = (start + page_end(data, SERVED_SCRIPTS)).encode("utf-8", "backslashreplace")
    return ServedPage(version, html, compact_json(data), blocks)
