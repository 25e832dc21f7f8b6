"""Where a written script gives which receipt, and which receipts of the other side it expects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from ..receipts_plan import MessageKey
from .recollection import Arrived, Asked, Left, Moment, Receipted
from .wording import Wording

LADDER = ("ACCEPT", "READ")


class Given(NamedTuple):
    """A receipt of the consumer's.

    Attributes:
        messages: what it names: keys of messages that a script can name, else bare sequences.
        again: whether the same was said of one of them before.
        at_s, arrived_s: when it went out, and when the last message it names had arrived; None if unknown.
        metadata: what stood beside it; None if nothing did.
    """

    messages: tuple[MessageKey | int, ...]
    status: str
    again: bool
    at_s: float | None
    arrived_s: float | None
    metadata: list[object] | None = None


def receipts_by_place(moments: Sequence[Moment], wording: Wording) -> dict[int, list[Given]]:
    """Index of a moment → the receipts that are to be planned there.

    That is where the last message a receipt names arrives, so that it can go out on time; but never
    before the consumer closes something or is away, where it did so in between.
    """
    arrived = {one.key: place for place, one in enumerate(moments) if isinstance(one, Arrived)}
    said = {key: frame for frame, key in wording.key_of.items()}
    barriers = [place for place, one in enumerate(moments) if _is_barrier(one)]
    planned: dict[int, list[Given]] = defaultdict(list)
    given: set[tuple[MessageKey, str]] = set()
    for place, moment in enumerate(moments):
        if not isinstance(moment, Asked) or moment.receipt is None or not moment.receipt.sequences:
            continue
        receipt = moment.receipt
        keys = [MessageKey(receipt.dialog_id, sequence) for sequence in receipt.sequences]
        places = [arrived[key] for key in keys if arrived.get(key, place) < place]
        last = max(places, default=place)
        here = place if any(last < barrier < place for barrier in barriers) or not places else last
        nameable = {
            key
            for key in keys
            if arrived.get(key, place) < place or said.get(key, moment.frame) < moment.frame
        }
        named = tuple(key if key in nameable else key.sequence for key in keys)
        wording.wanted.update(nameable)
        again = any((key, receipt.status) in given for key in keys)
        given.update((key, receipt.status) for key in keys)
        arrived_s = moments[last].at_s if places else None
        beside = moment.request.raw.get("metadata")
        metadata = beside if isinstance(beside, list) and _is_metadata(beside) else None
        planned[here].append(Given(named, receipt.status, again, moment.at_s, arrived_s, metadata))
    return planned


def _is_metadata(beside: list[object]) -> bool:
    return bool(beside) and all(isinstance(one, dict) for one in beside)


def _is_barrier(moment: Moment) -> bool:
    closing = isinstance(moment, Asked) and bool(moment.closings)
    return closing or isinstance(moment, Left)


def final_receipts(moments: Sequence[Moment], wording: Wording) -> dict[MessageKey, int]:
    """Message of the consumer's → index of the moment when it reached its highest status."""
    highest: dict[MessageKey, tuple[int, int]] = {}
    for place, moment in enumerate(moments):
        if not isinstance(moment, Receipted) or moment.status not in LADDER:
            continue
        rung = LADDER.index(moment.status)
        if wording.is_ours(moment.key) and rung > highest.get(moment.key, (-1, 0))[0]:
            highest[moment.key] = (rung, place)
    wording.wanted.update(highest)
    return {key: place for key, (_, place) in highest.items()}
