"""What a format module tells of its format: how to know a file, how to read it, and what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from recorder.wire.records import ReceiptPlan, Record

from .capture_file import CaptureFile


class SessionHeader(NamedTuple):
    """What a file tells of its session; None where it does not say.

    Attributes:
        session: id in the archive the file was exported from.
        name: the name a user gave it.
        source: where its frames came from: client, proxy, replay, har, jsonl, text.
        state: recording, complete, interrupted or refused.
        started_at_us, ended_at_us: microseconds since the epoch, UTC.
        receipt_plans: what a replay planned.
    """

    session: str | None = None
    name: str | None = None
    source: str | None = None
    state: str | None = None
    started_at_us: int | None = None
    ended_at_us: int | None = None
    receipt_plans: tuple[ReceiptPlan, ...] = ()


Notify = Callable[[str], None]
"""Takes a remark, one sentence, about what a file lost or does not say."""

ReadCapture = Callable[[CaptureFile, Notify], Iterator[SessionHeader | Record]]
"""Yields the records of all WebSockets of a file, and of the HTTP exchanges beside them, as they stand there.

``connection`` is the place of the WebSocket in the file, from 1. Frames of one come in the order of the wire;
WebSockets may be interleaved, or follow each other. ``number`` and ``index`` of a frame are not looked at;
``offset_us`` may count from any moment, one for the whole file, or be None. ``ConnectionOpened`` may come
after the frames. What concerns no WebSocket is skipped, and memory does not grow with the file.

Raises:
    BadCapture: the file violates its format; with the line or the byte.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureFormat:
    """One format that can be imported.

    Attributes:
        name: what ``--format`` takes.
        title: what it is called, and who writes it.
        source: ``source`` of the session made of it, and provenance of its connections.
        made_by: how to get such a file.
        lacks: what it does not hold of what went over the wire.
        recognise: whether a file is one, by its content, never by its name.
        read: its records; see ``ReadCapture``.
        is_one_session: whether the file is one session, its frames numbered and in order, so that nothing is
            sorted and no connection left out unless asked for.
    """

    name: str
    title: str
    source: str
    made_by: str
    lacks: str
    recognise: Callable[[CaptureFile], bool]
    read: ReadCapture
    is_one_session: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableFormat:
    """A format that is known and holds no frames.

    Attributes:
        title: what it is called.
        recognise: whether a file is one, by its content.
        problem: what it lacks, in one sentence.
        hint: what to do instead.
    """

    title: str
    recognise: Callable[[CaptureFile], bool]
    problem: str
    hint: str
