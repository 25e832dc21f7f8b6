"""Why we believe what we say: the ladder of a message, and what a frame proves."""

from __future__ import annotations

import io

import pytest

from recorder.messaging.events import Proof
from recorder.receipts.delays import Delay
from recorder.receipts.echoes import Echo
from recorder.receipts.evidence import TimelineEntry
from recorder.receipts.proofs import ProvenFact
from recorder.report.evidence import PROOFS_SHOWN, print_proofs, print_timeline


def printed(printer, *facts, **more) -> str:
    stream = io.StringIO()
    printer(stream, *facts, **more)
    return stream.getvalue()


def test_the_timeline_shows_frames_and_proofs(message):
    rungs = [
        TimelineEntry(
            "message announced", message.author, message.sent, role=message.role, mine=False,
            after=Delay(0.0, "server"),
        ),
        TimelineEntry(
            "READ announced", "me-1", message.receipts[1].evidence, "receipt", "CONSUMER", True, "READ",
            after=Delay(2.0, "server"),
        ),
    ]  # fmt: skip
    out = printed(print_timeline, message, rungs, last_frame=60)
    assert "status   read, by you: READ announced in frame #52" in out
    assert "stored" not in out
    assert "unread" not in out
    first, last = out.splitlines()[-2:]
    assert first.split() == [
        "#41", "22:04:01.507", "+0.000s", "message", "announced", "agent", "announced", "22:04:01.507",
    ]  # fmt: skip
    assert last.split() == [
        "#52", "22:04:03.507", "+2.000s", "READ", "announced", "you", "announced", "22:04:03.507",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("sent", "no ACCEPT or READ was sent or seen in this recording; last frame #60"),
        ("unseen", "was not seen in this recording"),
        ("pending", "no answer was seen"),
        ("unknown", "ended before an answer"),
        ("failed", "refused"),
    ],
)
def test_absence_is_worded_from_the_recordings_viewpoint(message, status, words):
    changed = message._replace(status=status, receipts=(), decided_by=None)
    out = printed(print_timeline, changed, [], last_frame=60)
    assert words in out


def test_what_was_accepted_and_not_read_says_so(message):
    accepted = message._replace(status="accepted", decided_by=message.receipts[0])
    out = printed(print_timeline, accepted, [], last_frame=60).splitlines()
    assert out[3].startswith("status   accepted, by you: ACCEPT acknowledged in frame #44")
    assert out[4] == "unread   no READ was sent or seen in this recording; last frame #60"


@pytest.mark.parametrize("mine", [True, None])
def test_only_of_what_is_ours_to_read_a_recording_shows_that_no_read_was_sent(message, mine):
    accepted = message._replace(status="accepted", mine=mine)
    out = printed(print_timeline, accepted, [], last_frame=60).splitlines()
    assert out[4] == "unread   no READ by anybody else was seen in this recording; last frame #60"


def test_a_read_that_was_asked_for_in_vain_was_sent(message):
    asked = message.receipts[1].evidence._replace(proof=Proof.CLAIMED)
    rungs = [TimelineEntry("READ requested", "me-1", asked, "receipt", "CONSUMER", True, "READ")]
    out = printed(print_timeline, message._replace(status="accepted"), rungs, last_frame=60).splitlines()
    assert out[4] == "unread   no READ by anybody else was seen in this recording; last frame #60"


def test_a_probable_echo_is_marked_and_shows_the_matching_frames(message):
    out = printed(
        print_timeline,
        message._replace(echo=Echo(12, message.sent, message.sent), request_frame=12),
        [],
        last_frame=60,
    )
    assert (
        "stored   probably: the same text by you was announced later, in frame #41; "
        "no answer told the sequence of your publish of frame #12\n"
    ) in out


def test_what_a_frame_proves_is_a_line_for_each_fact():
    fact = ProvenFact("receipt", "READ by agent on message 2 of dialog \x1b", Proof.ANNOUNCED)
    out = printed(print_proofs, [fact, fact._replace(proof=Proof.CLAIMED, better=26)])
    assert out.splitlines() == [
        "proves: READ by agent on message 2 of dialog \\x1b (announced)",
        "proves: READ by agent on message 2 of dialog \\x1b (claimed, best proven by frame #26)",
    ]


def test_ten_thousand_facts_do_not_flood_the_terminal():
    out = printed(print_proofs, [ProvenFact("receipt", "x", Proof.ANNOUNCED)] * 10_000)
    assert out.count("\n") == PROOFS_SHOWN + 1
    assert out.endswith("proves: and 9,960 facts more\n")
