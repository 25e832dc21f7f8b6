"""The transcript as a failed step shows it."""

from __future__ import annotations

import pytest

from recorder.replay.run import describe


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (0.25, "250ms"), (1, "1s"), (1.5, "1.5s"), (90, "90s"), (3.2, "3.2s")]
)
def test_spans_are_written_as_a_script_would(seconds, text):
    assert describe.span(seconds) == text


def test_nothing_heard_is_no_lines(manual_driver):
    assert describe.lines(manual_driver("steps: [{wait: 1s}]").player.view.transcript) == ()


def test_every_line_names_its_frames(manual_driver, notification, text, receipt):
    driver = manual_driver("steps:\n- open_conversation:\n- say: hi\n- say: " + "words " * 15)
    driver.open()
    driver.answer(driver.send(), body={"sequence": 0})
    driver.receive(notification(text(1, "Hello"), receipt(2, "READ", 0), receipt(3, "NACK", 0, by="agent-2")))
    driver.send()
    assert describe.lines(driver.player.view.transcript) == (
        'frame 8: you, #0 "hi", read (READ by agent-1, frame 9; NACK by agent-2, frame 9)',
        'frame 9: agent-1 (ASSIGNED_AGENT), #1 "Hello", sent',
        f'frame 10: you, without a sequence "{" ".join(["words"] * 9)}…", pending',
    )


def test_a_claim_is_called_a_claim(manual_driver, notification, text):
    driver = manual_driver("steps:\n- open_conversation:\n- await:\n- read:\n- wait: 1s")
    driver.open()
    driver.receive(notification(text(0, "a")))
    driver.send()
    assert describe.lines(driver.player.view.transcript) == (
        'frame 7: agent-1 (ASSIGNED_AGENT), #0 "a", sent (READ by you, frame 8, only claimed)',
    )


def test_only_the_last_lines_are_shown(manual_driver, notification, text):
    driver = manual_driver("steps:\n- open_conversation:\n- wait: 1s")
    driver.open()
    driver.receive(notification(*(text(sequence, f"m{sequence}") for sequence in range(20))))
    lines = describe.lines(driver.player.view.transcript)
    assert len(lines) == describe.LINES_SHOWN
    assert '"m19"' in lines[-1]
