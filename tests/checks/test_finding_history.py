"""The findings of every moment: made of what was observed then, in the words of then."""

from __future__ import annotations

import dataclasses

from recorder.checks.engine import RunningCheck, check
from recorder.checks.finding_history import HistoryWriter, ObservedSpan
from recorder.checks.findings import Observation, Outcome
from recorder.receipts.fold import fold
from recorder.receipts.state import Transcript

ME, AGENT = "consumer-1", "agent-1"


def history_of(session, *, over):
    """The history, one frame a step, and what ``check`` says of each beginning."""
    transcript, wanted = Transcript(), []
    running = RunningCheck(transcript)
    history = HistoryWriter(running)
    for frame in range(session.check_input().last_frame + 1):
        events = [event for event in session.events if event.evidence.frame <= frame]
        last_us = None if not events else events[-1].evidence.offset_us
        recording = not over or frame < session.check_input().last_frame
        whole = dataclasses.replace(
            session.check_input(), events=events, transcript=fold(events), connections=(), last_frame=frame,
            last_offset_us=last_us, recording=recording,
        )  # fmt: skip
        new = [event for event in events if event.evidence.frame == frame]
        fold(new, transcript)
        history.add(running.advance(dataclasses.replace(whole, transcript=transcript), new))
        wanted.append(check(whole))
    return history.history(over=over), wanted


def test_each_moment_has_the_words_of_then(session):
    session.i_am().snapshot(ME, AGENT)
    session.at(1).message(0)
    for seconds in (5, 30.0625, 70, 200.5):
        session.at(seconds).message(int(seconds), by=ME)
    for over in (False, True):
        history, wanted = history_of(session, over=over)
        assert [history.as_of(frame) for frame in range(len(wanted))] == wanted
    said = [each.sentence for frame in range(len(wanted)) for each in history.as_of(frame)]
    assert any("in the 29.062 s until frame #4, its last so far" in each for each in said)
    assert any("in the 3 m 20 s until the recording ended after frame #6" in each for each in said)


def test_what_is_said_at_every_moment_is_kept_once(session):
    session.i_am().snapshot(ME, AGENT)
    session.message(0)
    for second in range(1, 20):
        session.at(second).say()
    history, _ = history_of(session, over=False)
    (never_read,) = [each for each in history.rules if each.rule.id == "never-read"]
    assert [span[1:] for span in never_read.spans] == [(2, None)]


def test_a_span_holds_from_its_frame_to_the_one_before_its_end():
    span = ObservedSpan(Observation(Outcome.VIOLATED), 3, 5)
    assert [span.holds(frame) for frame in range(2, 6)] == [False, True, True, False]
    assert span._replace(until=None).holds(99)
