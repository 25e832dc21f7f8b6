"""How two sessions differ, as people and programs read it."""

from __future__ import annotations

import io

import orjson

from recorder.receipts.delays import Delay
from recorder.receipts.difference import Change, Difference, Occurrence
from recorder.report.difference import difference_json, print_difference

VANISHED = Change(
    "receipt-vanished", True, 1, 2, "you", "READ",
    Occurrence("d-a", 2, 26, "announced", Delay(2.0, "server")), None,
    'message 2 by agent 1 "\x1b": READ by you vanished',
)  # fmt: skip
APPEARED = Change(
    "message-appeared", True, 2, None, None, None, None, Occurrence("d-c", None, 9, "sent"), "message"
)
MOVED = Change(
    "delay-moved", False, 1, 2, "you", "ACCEPT",
    Occurrence("d-a", 2, 21, "announced"), Occurrence("d-b", 3, 22, "announced"), "ACCEPT +0.1s became +0.2s",
)  # fmt: skip


def test_changes_stand_under_their_dialog_with_a_mark_for_what_happened():
    stream = io.StringIO()
    print_difference(stream, Difference((VANISHED, MOVED, APPEARED)))
    assert stream.getvalue().splitlines() == [
        "dialog 1 (d-a and d-b)",
        '- message 2 by agent 1 "\\x1b": READ by you vanished',
        "  ACCEPT +0.1s became +0.2s",
        "dialog 2 (d-c)",
        "+ message",
    ]


def test_no_difference_prints_nothing():
    stream = io.StringIO()
    print_difference(stream, Difference(()))
    assert stream.getvalue() == ""


def test_a_delay_beyond_what_is_allowed_is_marked():
    stream = io.StringIO()
    print_difference(stream, Difference((MOVED._replace(differs=True),)))
    assert stream.getvalue().splitlines()[1].startswith("~ ACCEPT")


def test_a_json_line_has_both_sides():
    vanished, moved, appeared = difference_json(Difference((VANISHED, MOVED, APPEARED)))
    assert list(vanished) == [
        "kind", "dialog", "sequence", "participant", "status", "differs", "a", "b", "says",
    ]  # fmt: skip
    assert vanished["a"] == {
        "dialog": "d-a", "sequence": 2, "frame": 26, "value": "announced",
        "delay": {"delay_s": 2.0, "seconds": 2.0, "clock": "server"},
    }  # fmt: skip
    assert vanished["b"] is None
    assert (moved["differs"], moved["b"]["dialog"], moved["b"]["delay"]) == (False, "d-b", None)
    assert (appeared["sequence"], appeared["a"], appeared["b"]["frame"]) == (None, None, 9)
    assert all(orjson.loads(orjson.dumps(line)) == line for line in (vanished, moved, appeared))
