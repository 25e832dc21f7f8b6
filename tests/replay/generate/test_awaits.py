"""Where a written script waits for which message."""

from __future__ import annotations

from typing import Any

import pytest

from recorder.replay.generate.awaits import arrivals_by_place
from recorder.replay.generate.quoting import Wording
from recorder.replay.generate.timeline_events import Arrived, Asked, recollect


def awaited(tape: Any, *, keeps_time: bool) -> list[tuple[type, list[int]]]:
    moments = recollect(tape.happenings)
    places = arrivals_by_place(moments, Wording(moments), keeps_time=keeps_time)
    return [(type(moments[place]), [one.frame for one in places[place]]) for place in sorted(places)]


def words(text: str) -> dict[str, Any]:
    return {"type": "ContentEvent", "contentType": "text/plain", "message": text}


@pytest.mark.parametrize("keeps_time", [True, False])
def test_a_message_is_awaited_where_it_arrived(tape: Any, *, keeps_time: bool) -> None:
    tape.open()
    tape.hear(1.0, 0, "one")
    tape.hear(2.0, 1, "two")
    assert awaited(tape, keeps_time=keeps_time) == [(Arrived, [7]), (Arrived, [8])]


def test_without_time_what_another_conversation_overtook_is_awaited_where_it_was_asked_for(tape: Any) -> None:
    """The first conversation's message comes at once then, before the second one's."""
    tape.open(0.0, "conv-1")
    tape.open(1.0, "conv-2")
    tape.published(2.0, 0, words("second"), dialog_id="conv-2")
    tape.published(3.0, 0, words("first"), dialog_id="conv-1")
    assert awaited(tape, keeps_time=True) == [(Arrived, [13]), (Arrived, [14])]
    assert awaited(tape, keeps_time=False) == [(Asked, [14]), (Asked, [13])]
