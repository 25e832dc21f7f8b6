"""What can be asked of an archive beside its frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recorder.errors import NotFound
from recorder.store.archive import Archive
from recorder.store.verify import verify
from recorder.wire.frames import CompressedPayload
from recorder.wire.records import FrameForwarded, HttpExchange

Begin = Callable[..., Any]


def test_what_stands_beside_the_frames_reads_back_as_it_was_written(
    where: str, begin: Begin, frames: Any
) -> None:
    """Where they come from, when each was passed on, and requests beside them; with a frame or alone."""
    passed_on = [FrameForwarded(number, None if number == 7 else number, 2**40) for number in range(1, 601)]
    exchange = HttpExchange(1, "upgrade", 5, None, "GET", "https://x/ü", 429, response_body=b"slow down")
    bare = HttpExchange(None, "other", None, None, "PUT", "/u", None, request_size=2**40)
    with Archive.open(where, mode="write") as archive:
        intake = begin(archive, session="s")
        intake([frames.opened._replace(provenance="proxy", fidelity="bytes"), *frames.some(600), exchange])
        intake(passed_on[:1])
        intake([*passed_on[1:], bare])
        intake([bare])
        intake.finish(0)
    with Archive.open(where, mode="read") as archive:
        (connection,) = archive.connections("s")
        assert (connection.provenance, connection.fidelity) == ("proxy", "bytes")
        assert list(archive.forwarded("s")) == passed_on
        assert [each.number for each in archive.forwarded("s", after=599, last=2**70)] == [600]
        assert list(archive.forwarded("s", after=4, last=5)) == [passed_on[4]]
        assert archive.exchanges("s") == [exchange, bare, bare]
        assert [verdict.state for verdict in verify(archive)] == ["complete"]


def test_compressed_frames_are_counted_and_those_without_payload_too(
    where: str, begin: Begin, frames: Any
) -> None:
    """In one session, not in the other."""
    with Archive.open(where, mode="write") as archive:
        inflated = frames.one(1, compressed=CompressedPayload(1, b"d"))
        withheld = frames.one(2, compressed=CompressedPayload(1, b"d", withheld="no"))
        first, second = begin(archive), begin(archive)
        first([inflated, withheld, frames.one(3)])
        second([frames.one(1)])
        assert archive.compressed_counts(first.session) == (2, 1)
        assert archive.compressed_counts(second.session) == (0, 0)


@pytest.mark.parametrize("ask", ["forwarded", "exchanges", "compressed_counts", "connections", "frames"])
def test_a_session_that_is_not_there_is_not_found(where: str, ask: str) -> None:
    """By each query in the same words."""
    with Archive.open(where, mode="write") as archive, pytest.raises(NotFound, match="no session"):
        list(getattr(archive, ask)("nobody"))
