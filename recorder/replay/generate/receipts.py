"""Where a written script gives which receipt, and which receipts of the other side it expects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from ..run.receipt_schedule import MessageKey
from .quoting import Wording
from .timeline_events import Arrived, Asked, Left, Moment, Receipted

LADDER = ("ACCEPT", "READ")
SAME_TIME_S = 0.001


class Given(NamedTuple):
    """A receipt of the consumer's.

    Attributes:
        messages: what it names: keys of messages that a script can name, else bare sequences.
        again: whether the same was said of one of them before.
        at_s, arrived_s: when it went out, and when the last message it names had arrived; None if unknown.
        metadata: what stood beside it; None if nothing did.
        dialog_id: the dialog it was given in.
    """

    messages: tuple[MessageKey | int, ...]
    status: str
    again: bool
    at_s: float | None
    arrived_s: float | None
    metadata: list[object] | None = None
    dialog_id: str = ""


def receipts_by_place(
    moments: Sequence[Moment], wording: Wording, *, in_place: bool = False
) -> dict[int, list[Given]]:
    """Index of a moment → the receipts that are to be planned there.

    That is where the last message a receipt names arrives, so that it can go out on time; but never
    before the consumer closes something or is away, where it did so in between. ``in_place``: where it
    went out, as it must be where no time passes and only the order is left. Refused ones are left out.
    """
    arrived = {one.key: place for place, one in enumerate(moments) if isinstance(one, Arrived)}
    said = {key: frame for frame, key in wording.key_of.items()}
    barriers = [place for place, one in enumerate(moments) if _is_barrier(one)]
    planned: dict[int, list[Given]] = defaultdict(list)
    given: set[tuple[MessageKey, str]] = set()
    before: float | None = None
    before_here = -1
    for place, moment in enumerate(moments):
        if not isinstance(moment, Asked) or moment.receipt is None or not moment.receipt.sequences:
            continue
        receipt = moment.receipt
        keys = [MessageKey(receipt.dialog_id, sequence) for sequence in dict.fromkeys(receipt.sequences)]
        again = any((key, receipt.status) in given for key in keys)
        given.update((key, receipt.status) for key in keys)
        if moment.frame in wording.refused:
            continue
        places = [arrived[key] for key in keys if arrived.get(key, place) < place]
        last = max(places, default=place)
        crossing = in_place or any(last < barrier < place for barrier in barriers)
        here = place if crossing or not places else last
        if at_once(before, moment.at_s):
            here = max(here, before_here)  # what is due at the same time leaves as it was planned
        before, before_here = moment.at_s, here
        nameable = {
            key
            for key in keys
            if arrived.get(key, place) < place
            or (said.get(key, moment.frame) < moment.frame and wording.nameable(key))
        }
        named = tuple(key if key in nameable else key.sequence for key in keys)
        wording.wanted.update(nameable)
        arrived_s = moments[last].at_s if places else None
        beside = moment.request.raw.get("metadata")
        metadata = beside if isinstance(beside, list) and _is_metadata(beside) else None
        planned[here].append(
            Given(named, receipt.status, again, moment.at_s, arrived_s, metadata, receipt.dialog_id)
        )
    return planned


def at_once(earlier_s: float | None, later_s: float | None) -> bool:
    """Whether a script, which tells milliseconds, has both at the same time."""
    return earlier_s is not None and later_s is not None and later_s - earlier_s < SAME_TIME_S


def _is_metadata(beside: list[object]) -> bool:
    return bool(beside) and all(isinstance(one, dict) for one in beside)


def _is_barrier(moment: Moment) -> bool:
    closing = isinstance(moment, Asked) and bool(moment.closings)
    return closing or isinstance(moment, Left)


def final_receipts(moments: Sequence[Moment], wording: Wording) -> set[int]:
    """Indexes of the moments that are worth waiting for.

    Of each message of the consumer's: when it reached its highest status, and when its last receipt came.
    """
    highest: dict[MessageKey, tuple[int, int]] = {}
    latest: dict[MessageKey, int] = {}
    for place, moment in enumerate(moments):
        if not isinstance(moment, Receipted) or not wording.is_ours(moment.key):
            continue
        latest[moment.key] = place
        rung = LADDER.index(moment.status) if moment.status in LADDER else -1
        if rung > highest.get(moment.key, (-1, 0))[0]:
            highest[moment.key] = (rung, place)
    wording.wanted.update(key for key in latest if wording.nameable(key))
    return {*latest.values(), *(place for _, place in highest.values())}
