"""The table of messages: what people see, and that nothing in it acts on the terminal."""

from __future__ import annotations

import io

from recorder.receipts.queries import ContentView
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


def test_a_private_message_and_several_contents_are_marked_before_the_text(message):
    hello = message._replace(text="hello", receipts=())
    first = ContentView("a", "text/plain", "hello", message.sent)
    contents = (first, first._replace(text="ho"))
    assert "  hello  " in printed([hello._replace(audience="ALL")])
    assert "  [private] hello  " in printed([hello._replace(audience="AGENTS_AND_MANAGERS")])
    assert "  [for BOTS] hello  " in printed([hello._replace(audience="BOTS")])
    assert "  [2 contents] hello  " in printed([hello._replace(contents=contents)])


def test_a_message_that_only_a_snapshot_shows_is_marked(message):
    out = printed([message._replace(sent=message.sent._replace(snapshot=True))])
    assert "22:04:01.507 #41 (snapshot)" in out
