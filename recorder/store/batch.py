"""What is written in one transaction: new rows of each table, and changes of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .driver_values import Row


class RowChange(NamedTuple):
    """New values for one row of ``session``, ``connection`` or ``receipt_plan``. Idempotent."""

    table: str
    key: Mapping[str, object]
    values: Mapping[str, object]


class Batch(NamedTuple):
    """Rows that are written in one transaction, in this order.

    Attributes:
        opened: new rows of ``connection``.
        frames: new rows of ``frame``, in the order of ``FRAME_COLUMNS``.
        compressed, forwarded, exchanges: new rows of these tables, each with all their columns in order.
        plans: new rows of ``receipt_plan``, in the same way.
        changes: updates of rows of ``session``, ``connection`` and ``receipt_plan``.
        ended: row numbers of the sessions that end with it, whose rows then get their digests.
    """

    opened: Sequence[Mapping[str, object]] = ()
    frames: Sequence[Row] = ()
    compressed: Sequence[Row] = ()
    forwarded: Sequence[Row] = ()
    exchanges: Sequence[Row] = ()
    plans: Sequence[Row] = ()
    changes: Sequence[RowChange] = ()
    ended: Sequence[int] = ()
