"""The table of messages: what people see, and that nothing in it acts on the terminal."""

from __future__ import annotations

import io

from recorder.report.messages import print_messages


def printed(messages) -> str:
    stream = io.StringIO()
    print_messages(stream, messages)
    return stream.getvalue()


def test_a_message_shows_its_receipts_with_delay_and_frame(message):
    heading, columns, row = printed([message]).splitlines()
    assert heading == "dialog dialog-1"
    assert columns.split() == ["SEQ", "FROM", "TEXT", "STATUS", "SENT", "ACCEPTED", "READ", "OTHER"]
    assert row.startswith("2    agent")
    assert "22:04:01.507 #41" in row
    assert "you +0.250s~ #44" in row
    assert "you +2.000s #52" in row
    assert "ACCESS" in row


def test_recorded_text_is_escaped_and_never_markup(message):
    out = printed([message._replace(receipts=())])
    assert "\x1b" not in out
    assert "red \\x1b[31m[/x] :smile:" in out


def test_no_messages_print_one_line():
    assert printed([]) == "no messages in this recording\n"


def test_dialogs_are_kept_apart(message):
    out = printed([message, message._replace(dialog_id="dialog-2"), message])
    assert out.count("dialog dialog-1") == 1
    assert out.count("dialog dialog-2") == 1
