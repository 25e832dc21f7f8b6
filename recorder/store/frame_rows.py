"""Frames of one connection as rows of table ``frame``, column by column: hot (tests/benchmarks/proxy.py)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame

from .driver_values import DriverValues, Row

SENDERS = (Side.CLIENT, Side.SERVICE)
"""The side that the number in column ``sender`` stands for."""
_CLIENT = SENDERS[0]  # to look a member up takes Python 3.11 a third of a microsecond


def frame_rows(
    session_id: int, frames: Sequence[RecordedFrame], chains: Sequence[int], values: DriverValues
) -> list[Row]:
    """The rows of these frames, in the order of ``FRAME_COLUMNS``; ``chains`` come from ``Digest.add``."""
    (
        numbers, connections, indexes, senders, at_us, offset_us, opcodes, fins, rsvs, payloads, heads,
        violations, redacted, _,
    ) = zip(*frames, strict=True)  # fmt: skip
    null, true, false, blob = values
    return list(
        zip(
            repeat(session_id), numbers, connections, indexes,
            [0 if sender is _CLIENT else 1 for sender in senders],
            at_us, offset_us, map(int, opcodes),
            [true if fin else false for fin in fins],
            rsvs,
            [null if head is None else blob(head) for head in heads],
            map(blob, payloads),
            [null if violation is None else violation for violation in violations],
            [true if each else false for each in redacted],
            chains,
        )
    )  # fmt: skip


def frame_row(session_id: int, frame: RecordedFrame, chain: int, values: DriverValues) -> Row:
    """The row of one frame, as ``frame_rows`` makes it."""
    (
        number, connection, index, sender, at_us, offset_us, opcode, fin, rsv, payload, head, violation,
        redacted, _,
    ) = frame  # fmt: skip
    null, true, false, blob = values
    return (
        session_id, number, connection, index, 0 if sender is _CLIENT else 1, at_us, offset_us,
        int(opcode), true if fin else false, rsv, null if head is None else blob(head), blob(payload),
        null if violation is None else violation, true if redacted else false, chain,
    )  # fmt: skip
