"""A check that goes on with a session, against one of each beginning of it.

Whatever comes, in whatever order: after each step the findings are those of ``check`` of all that came.
"""

from __future__ import annotations

import dataclasses

import pytest
from builders.stories import Story, moves
from hypothesis import given
from hypothesis import strategies as st

from recorder.checks.engine import RunningCheck, check
from recorder.checks.finding_history import HistoryWriter
from recorder.checks.findings import Limits
from recorder.checks.input import ClockStep
from recorder.receipts.fold import fold
from recorder.receipts.state import Transcript

LIMITS = [Limits(), Limits(accept_within_s=2, read_within_s=5, silence_s=1)]
BEGAN_US = 1_700_000_000_000_000


@pytest.mark.parametrize("limits", LIMITS, ids=("usual", "promised"))
@given(told=st.lists(moves, max_size=60), over=st.booleans())
def test_after_each_step_the_findings_are_those_of_all_that_came(limits, told, over):
    story, transcript, known, last_us = Story(), Transcript(), 0, None
    running = RunningCheck(transcript, limits=limits)
    history, ends = HistoryWriter(running), []
    for place, each in enumerate(told):
        story.make(*each)
        is_last = over and place == len(told) - 1
        whole = story.session.check_input(recording=not is_last)
        last_us = max((us for us in (last_us, whole.last_offset_us) if us is not None), default=None)
        whole = dataclasses.replace(
            whole,
            last_offset_us=last_us,
            last_at_us=None if last_us is None else last_us + BEGAN_US,
            clock_step=ClockStep(1, 2, 3_000_000, 1) if place > 30 else None,
            missing="the recorder died" if is_last and place % 2 else None,
        )
        new, known = story.session.events[known:], len(story.session.events)
        fold(new, transcript)
        history.add(running.advance(dataclasses.replace(whole, transcript=transcript, events=()), new))
        wanted = check(whole, limits=limits)
        assert running.findings() == wanted, each
        ends.append((whole.last_frame, wanted))
    kept = history.history(over=over)
    for place, (frame, wanted) in enumerate(ends):
        if frame == place or (over and place == len(ends) - 1):
            assert kept.as_of(place) == wanted
