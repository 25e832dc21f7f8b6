"""Where a written script waits for which message of the other side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from .quoting import Wording
from .timeline_events import Arrived, Asked, Moment


def arrivals_by_place(
    moments: Sequence[Moment], wording: Wording, *, keeps_time: bool
) -> dict[int, list[Arrived]]:
    """Index of a moment → the messages to wait for there, in the order they will come.

    That is where each of them arrived. But an ``await`` looks only behind the message awaited last, and
    where no time is kept, an answer comes as soon as it is asked for, however long another conversation
    took meanwhile: then everything is waited for where it was asked for.
    """
    if keeps_time:
        return {place: [one] for place, one in enumerate(moments) if isinstance(one, Arrived)}
    asked_at: dict[str, int] = {}
    groups: dict[int, list[int]] = defaultdict(list)
    for place, moment in enumerate(moments):
        match moment:
            case Asked():
                dialog_id = wording.opened_by.get(moment.frame) or (moment.message and moment.dialog_id)
                if dialog_id:
                    asked_at[wording.conversation_of(dialog_id)] = place
            case Arrived():
                conversation_id = wording.conversation_of(moment.key.dialog_id)
                groups[asked_at.get(conversation_id, place)].append(place)
            case _:
                pass
    overtaken = any(
        asked < other < place < group[-1]
        for asked, group in groups.items()
        for other, those in groups.items()
        for place in those
    )
    places: dict[int, list[Arrived]] = {}
    for asked, group in groups.items():
        for place in group:
            arrived = moments[place]
            if isinstance(arrived, Arrived):
                places.setdefault(asked if overtaken else place, []).append(arrived)
    return places
