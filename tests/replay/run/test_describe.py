"""The transcript as a failed step shows it."""

from __future__ import annotations

import pytest

from recorder.replay.run import describe


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (0.25, "250ms"), (1, "1s"), (1.5, "1.5s"), (90, "90s"), (3.2, "3.2s")]
)
def test_spans_are_written_as_a_script_would(seconds, text):
    assert describe.span(seconds) == text


def test_nothing_heard_is_no_lines(by_hand):
    assert describe.lines(by_hand("steps: [{wait: 1s}]").player.known.transcript) == ()


def test_every_line_names_its_frames(by_hand, told, text, receipt):
    hand = by_hand("steps:\n- open_conversation:\n- say: hi\n- say: " + "words " * 15)
    hand.open()
    hand.answer(hand.send(), body={"sequence": 0})
    hand.hear(told(text(1, "Hello"), receipt(2, "READ", 0), receipt(3, "NACK", 0, by="agent-2")))
    hand.send()
    assert describe.lines(hand.player.known.transcript) == (
        'frame 8: us, #0 "hi", read (READ by agent-1, frame 9; NACK by agent-2, frame 9)',
        'frame 9: agent-1 (ASSIGNED_AGENT), #1 "Hello", sent',
        f'frame 10: us, without a sequence "{" ".join(["words"] * 9)}…", pending',
    )


def test_a_claim_is_called_a_claim(by_hand, told, text):
    hand = by_hand("steps:\n- open_conversation:\n- await:\n- read:\n- wait: 1s")
    hand.open()
    hand.hear(told(text(0, "a")))
    hand.send()
    assert describe.lines(hand.player.known.transcript) == (
        'frame 7: agent-1 (ASSIGNED_AGENT), #0 "a", sent (READ by us, frame 8, only claimed)',
    )


def test_only_the_last_lines_are_shown(by_hand, told, text):
    hand = by_hand("steps:\n- open_conversation:\n- wait: 1s")
    hand.open()
    hand.hear(told(*(text(sequence, f"m{sequence}") for sequence in range(20))))
    lines = describe.lines(hand.player.known.transcript)
    assert len(lines) == describe.LINES_SHOWN
    assert '"m19"' in lines[-1]
