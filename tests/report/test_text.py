"""Tables: what people see, and that nothing in them acts on the terminal."""

from __future__ import annotations

import io

import pytest

from recorder.messaging.events import Proof
from recorder.receipts.evidence import Rung
from recorder.receipts.queries import Delay
from recorder.report.text import delay_words, print_frames, print_life, print_messages, print_sessions, who
from recorder.store.info import SessionInfo


def printed(printer, *facts) -> str:
    stream = io.StringIO()
    printer(stream, *facts)
    return stream.getvalue()


def test_a_message_shows_its_receipts_with_delay_and_frame(message):
    heading, columns, row = printed(print_messages, [message]).splitlines()
    assert heading == "dialog dialog-1"
    assert columns.split() == ["SEQ", "FROM", "TEXT", "STATUS", "SENT", "ACCEPTED", "READ", "OTHER"]
    assert row.startswith("2    agent")
    assert "22:04:01.507 #41" in row
    assert "you +0.250s~ #44" in row
    assert "you +2.000s #52" in row
    assert "ACCESS" in row


def test_text_of_others_is_escaped_and_never_markup(message):
    out = printed(print_messages, [message._replace(receipts=())])
    assert "\x1b" not in out
    assert "red \\x1b[31m[/x] :smile:" in out


def test_no_messages_are_said_to_be_none():
    assert printed(print_messages, []) == "no messages in this recording\n"


def test_dialogs_are_kept_apart(message):
    out = printed(print_messages, [message, message._replace(dialog_id="dialog-2"), message])
    assert out.count("dialog dialog-1") == 1
    assert out.count("dialog dialog-2") == 1


def test_the_life_of_a_message_says_why(message):
    rungs = [
        Rung("message announced", message.author, message.sent),
        Rung("READ announced", "me-1", message.receipts[1].evidence),
    ]
    out = printed(print_life, message, rungs)
    assert "status   read, by you: READ announced in frame #52" in out
    assert "#52" in out.splitlines()[-1]
    assert "+2.000s" in out.splitlines()[-1]
    assert "22:04:03.507" in out.splitlines()[-1]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("sent", "no ACCEPT or READ by anybody else was seen in this recording"),
        ("unseen", "was not seen in this recording"),
        ("pending", "no answer was seen"),
        ("unknown", "ended before an answer"),
        ("failed", "refused"),
    ],
)
def test_absence_is_worded_from_the_recordings_viewpoint(message, status, words):
    out = printed(print_life, message._replace(status=status, receipts=(), decided_by=None), [])
    assert words in out


def test_frames_show_kind_payload_and_what_is_wrong(frames):
    lines = printed(print_frames, frames).splitlines()
    assert lines[1].split()[:6] == ["#1", "1", "22:04:01.507", "client", "text", "15"]
    assert "00 ff" in lines[2]
    assert "text is not UTF-8" in lines[3]
    assert "close" in lines[4]
    assert "0x3+" in lines[5]
    assert "redacted" in lines[5]


def test_sessions_are_one_line_each():
    out = printed(print_sessions, [SessionInfo("7f01", "evil\x1b[2J", "client", "complete", 0, 0, 1, 5)])
    assert out.splitlines()[1].split() == [
        "7f01", "evil\\x1b[2J", "client", "complete", "1970-01-01", "00:00:00", "1", "5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("participant", "role", "mine", "words"),
    [
        ("x", "CONSUMER", True, "you"),
        ("x", "ASSIGNED_AGENT", False, "agent"),
        ("x", "CONSUMER", None, "consumer"),
        ("x", "CONTROLLER", False, "controller"),
        ("3d834d4d-8f0b", None, False, "3d834d4d"),
        (None, None, None, "unknown"),
    ],
)
def test_people_are_called_by_what_they_are(participant, role, mine, words):
    assert who(participant, role, mine=mine) == words


def test_a_delay_on_our_clock_is_marked():
    assert delay_words(Delay(1.5, "server")) == "+1.500s"
    assert delay_words(Delay(1.5, "local")) == "+1.500s~"
    assert delay_words(None) == "-"
    assert Proof.ANNOUNCED.word == "announced"
