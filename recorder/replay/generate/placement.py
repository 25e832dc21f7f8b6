"""Where in a timeline a generated script awaits messages, gives receipts and expects receipts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from recorder.messaging import typenames

from ..run.receipt_batches import MessageId
from .script_names import ScriptNames
from .timeline_events import (
    Connected,
    Disconnected,
    MessageArrived,
    ReceiptArrived,
    RequestSent,
    TimelineEvent,
)

STATUS_WORDS = {"ACCEPT": "accepted", "READ": "read"}
SAME_TIME_S = 0.001
"""Scripts have milliseconds: what is closer together happens at the same time in them."""


def awaits_by_index(
    events: Sequence[TimelineEvent], names: ScriptNames, *, keeps_time: bool
) -> dict[int, list[MessageArrived]]:
    """Index of an event → the messages to await there, in the order they will arrive.

    A message is awaited where it arrived. But an ``await`` finds only messages after the one awaited last,
    and without pauses the agent answers at once, however long another conversation took in the recording:
    if that could change the order, every message is awaited at the request that preceded it.
    """
    if keeps_time:
        return {index: [one] for index, one in enumerate(events) if isinstance(one, MessageArrived)}
    requested_at: dict[str, int] = {}
    arrivals: dict[int, list[tuple[int, MessageArrived]]] = defaultdict(list)
    for index, event in enumerate(events):
        match event:
            case RequestSent():
                dialog_id = names.opened_by.get(event.frame) or (event.message and event.dialog_id)
                if dialog_id:
                    requested_at[names.conversation_of(dialog_id)] = index
            case MessageArrived():
                conversation_id = names.conversation_of(event.key.dialog_id)
                arrivals[requested_at.get(conversation_id, index)].append((index, event))
            case _:
                pass
    overtaken = any(
        requested < other < index < group[-1][0]
        for requested, group in arrivals.items()
        for other, overtaking in arrivals.items()
        for index, _ in overtaking
    )
    awaits: dict[int, list[MessageArrived]] = defaultdict(list)
    for requested, group in arrivals.items():
        for index, arrived in group:
            awaits[requested if overtaken else index].append(arrived)
    return awaits


class ConsumerReceipt(NamedTuple):
    """A receipt the consumer sent.

    Attributes:
        messages: keys of messages the script can name, sequences of others.
        again: whether the same status was given for one of them before.
        at_s, arrived_s: when it was sent, and when the last of its messages arrived; None if unknown.
        metadata: the request's ``metadata``; None: none.
        dialog_id: the dialog it was given in.
        request: what was sent; None: unknown.
    """

    messages: tuple[MessageId | int, ...]
    status: str
    again: bool
    at_s: float | None
    arrived_s: float | None
    metadata: list[object] | None = None
    dialog_id: str = ""
    request: RequestSent | None = None


def receipts_by_index(
    events: Sequence[TimelineEvent], names: ScriptNames, *, in_place: bool = False
) -> dict[int, list[ConsumerReceipt]]:
    """Index of an event → the receipts to schedule there.

    A receipt is scheduled where the last of its messages arrives, so that it can be sent on time; but after
    any closing or disconnect in between. ``in_place``: where it was sent, for scripts without pauses, which
    have only the order. Refused receipts are left out.
    """
    arrived = {one.key: index for index, one in enumerate(events) if isinstance(one, MessageArrived)}
    sent_in = {key: frame for frame, key in names.key_of.items()}
    barriers = [index for index, one in enumerate(events) if _is_barrier(one)]
    scheduled: dict[int, list[ConsumerReceipt]] = defaultdict(list)
    seen: set[tuple[MessageId, str]] = set()
    previous_s: float | None = None
    previous_index = -1
    for index, event in enumerate(events):
        if not isinstance(event, RequestSent) or event.receipt is None or not event.receipt.sequences:
            continue
        receipt = event.receipt
        keys = [MessageId(receipt.dialog_id, sequence) for sequence in dict.fromkeys(receipt.sequences)]
        again = any((key, receipt.status) in seen for key in keys)
        seen.update((key, receipt.status) for key in keys)
        if event.frame in names.refused:
            continue
        known = [key for key in keys if arrived.get(key, index) < index]
        last = max((arrived[key] for key in known), default=index)
        crossing = in_place or any(last < barrier < index for barrier in barriers)
        target = index if crossing else last
        if is_same_time(previous_s, event.at_s):
            target = max(
                target, previous_index
            )  # receipts due at the same time are sent in the order scheduled
        previous_s, previous_index = event.at_s, target
        own = (key for key in keys if sent_in.get(key, event.frame) < event.frame and names.can_be_named(key))
        with_names = {*known, *own}
        names.referenced.update(with_names)
        scheduled[target].append(
            ConsumerReceipt(
                messages=tuple(key if key in with_names else key.sequence for key in keys),
                status=receipt.status,
                again=again,
                at_s=event.at_s,
                arrived_s=events[last].at_s if known else None,
                metadata=_metadata(event.request.raw.get("metadata")),
                dialog_id=receipt.dialog_id,
                request=event,
            )
        )
    return scheduled


def is_same_time(earlier_s: float | None, later_s: float | None) -> bool:
    """Whether both times are the same millisecond in the script."""
    return earlier_s is not None and later_s is not None and later_s - earlier_s < SAME_TIME_S


def _metadata(given: object) -> list[object] | None:
    """The metadata of a request, if the ``receipt`` verb can give it."""
    if isinstance(given, list) and given and all(isinstance(one, dict) for one in given):
        return given
    return None


def _is_barrier(event: TimelineEvent) -> bool:
    """Whether no receipt sent after this event may be scheduled before it."""
    closing = isinstance(event, RequestSent) and bool(event.closings)
    return closing or isinstance(event, Disconnected)


def receipts_to_expect(events: Sequence[TimelineEvent], names: ScriptNames) -> set[int]:
    """Indexes of the receipts of the other side that the script should expect.

    For each message of the consumer's: the one that gave it its highest status, and the last one.
    """
    highest: dict[MessageId, tuple[int, int]] = {}
    latest: dict[MessageId, int] = {}
    for index, event in enumerate(events):
        if not isinstance(event, ReceiptArrived) or not names.is_ours(event.key):
            continue
        latest[event.key] = index
        rank = [*STATUS_WORDS].index(event.status) if event.status in STATUS_WORDS else -1
        if rank > highest.get(event.key, (-1, 0))[0]:
            highest[event.key] = (rank, index)
    names.referenced.update(key for key in latest if names.can_be_named(key))
    return {*latest.values(), *(index for _, index in highest.values())}


def resumed_from(events: Sequence[TimelineEvent], index: int) -> int | str:
    """``fromSeq`` of the first subscription after a reconnect; "last" if there was none."""
    for later in events[index + 1 :]:
        if isinstance(later, Connected):
            break
        if isinstance(later, RequestSent) and later.request.type == typenames.SUBSCRIBE_MESSAGES:
            first = later.body.get("fromSeq", 0)
            return first if isinstance(first, int) and not isinstance(first, bool) and first >= 0 else 0
    return "last"
