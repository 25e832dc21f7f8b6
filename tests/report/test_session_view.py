"""The first lines of whatever is handed on: how far it can be believed, and whose texts are in it."""

from __future__ import annotations

from recorder.report.session_view import completeness_lines


def test_a_whole_capture_says_where_it_comes_from(view_of):
    first, source, secrets, texts, absence = completeness_lines(view_of("browser.har"))
    assert first == "Complete: nothing is known to be missing."
    assert source == "Recorded from: har (whole messages, without control frames and fragments)."
    assert secrets == "Secrets: blanked in 0 of 28 frames."
    assert texts == "Inside: the texts of 3 messages by 2 people."
    assert "was not seen in this recording" in absence


def test_a_broken_one_says_what_is_missing(view_of):
    broken = '{"recorder": 1, "state": "interrupted"}\n{"sender": "client", "text": "x"}'
    first, *_ = completeness_lines(view_of(broken))
    assert first == "Incomplete: the session was interrupted when it was exported."


def test_what_was_left_out_is_told(view_of):
    told = list(completeness_lines(view_of("browser.har", redact="names, text")))
    assert told[3:5] == ["Left out: the texts of 3 messages.", "Left out: the ids and names of people."]
