"""The table of messages: what people see, and that nothing in it acts on the terminal."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len

from recorder.receipts.queries import ContentView
from recorder.report.messages import newest_cells, print_messages, shortened


def printed(messages) -> str:
    stream = io.StringIO()
    print_messages(stream, messages)
    return stream.getvalue()


def test_a_message_shows_its_receipts_with_delay_and_frame(message):
    heading, columns, row = printed([message]).splitlines()
    assert heading == "dialog dialog-1"
    assert columns.split() == [
        "SEQ", "FROM", "TEXT", "STATUS", "SENT", "(UTC)", "ACCEPTED", "READ", "OTHER",
    ]  # fmt: skip
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


def drawn(messages, *, encoding="utf-8", **environment):
    """The rows as a stream of this encoding gets them, which asks for colours if FORCE_COLOR is set."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    print_messages(stream, messages)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


STATUSES = [("sent", "✓ ", "V "), ("accepted", "✓✓", "VV"), ("read", "✓✓", "VV"), ("pending", "..", ".."),
            ("failed", "✗ ", "x "), ("unknown", "? ", "? "), ("unseen", "? ", "? ")]  # fmt: skip


@pytest.mark.parametrize(("status", "mark", "in_ascii"), STATUSES, ids=[status for status, _, _ in STATUSES])
def test_a_status_is_drawn_as_vs_and_told_in_a_word(message, status, mark, in_ascii):
    told = [message._replace(status=status, receipts=())]
    assert f"  {mark} {status}  " in drawn(told)
    assert f"  {in_ascii} {status}  " in drawn(told, encoding="latin-1")


def test_what_was_read_is_orange_where_there_are_colours(message, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[38;5;208m✓✓ read" in drawn([message])
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in drawn([message])


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize(
    "text",
    ["short", "a long text " * 9, "漢字" * 40, "שלום " * 30, "👨\u200d👩\u200d👧\u200d👦 family " * 9],
    ids=["short", "long", "chinese", "hebrew", "emoji"],
)
def test_a_message_takes_at_most_two_lines_and_no_line_is_wider_than_the_terminal(
    message, monkeypatch, width, text
):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    usual = message.receipts[:2]  # a third line is for a receipt that is neither ACCEPT nor READ
    rows = [
        message._replace(text=text, receipts=usual),
        message._replace(sequence=7, text="next", receipts=()),
    ]
    print_messages(out, rows)
    lines = out.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= width
    (first, second) = (lines.index(next(x for x in lines if x.startswith(start))) for start in ("2 ", "7 "))
    assert second - first <= 2
    shown = cell_len(lines[first].partition("agent")[2].partition("✓✓")[0].strip())
    assert shown >= min(29, cell_len(text.strip()))  # a wide character may not fill the last of 30


@pytest.mark.parametrize(("width", "places"), [(30, [4]), (60, [3, 4]), (200, [2, 3, 4])])
def test_the_latest_messages_stand_on_one_line(message, width, places):
    messages = [
        message._replace(sequence=number, text="a\nb" * 40, sent=message.sent._replace(frame=number))
        for number in (4, 1, 3, 2)
    ]
    line = "".join(cell.text for cell in newest_cells(messages, width))
    assert "\n" not in line
    assert cell_len(line) == width - width % len(places)
    assert [place for place in range(5) if f' {place} "a' in line] == places
    assert "…" in line
    assert "".join(cell.text for cell in newest_cells(messages, width, draws=False)).isascii()


def test_no_messages_are_no_line():
    assert newest_cells([], 80) == []


@pytest.mark.parametrize(
    ("receipts", "width", "cell"),
    [
        ("you (consumer guest-1) +1.800s #4", 17, "you (… +1.800s #4"),
        ("you (consumer guest-1) +1.800s #4 (asked)", 24, "you … +1.800s #4 (asked)"),
        ("agent 1 +1.800s #4, manager +2.000s #12", 32, "agent 1 #4, manager #12"),
        ("agent 1 +1.800s #4, manager +2.000s #12", 17, "age… #4, man… #12"),
        ("日本の人 +1.800s #4", 15, "日… +1.800s #4"),
        ("agent #4", 7, "age… #4"),
        ("agent 1 +1.800s #4, manager +2.000s #12", 8, None),
        ("nothing of the kind", 8, None),
    ],
)
def test_a_receipt_keeps_its_frame_where_its_name_is_cut(receipts, width, cell):
    assert shortened(receipts, width, "…") == (receipts if cell is None else cell)


def test_at_60_columns_every_receipt_is_there_with_its_frame(message, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    long_named = message.receipts[0]._replace(participant="of-a-long-id", role="CONSUMER", mine=False)
    print_messages(stream, [message._replace(receipts=(long_named, *message.receipts))])
    for receipt in message.receipts:
        assert f"#{receipt.evidence.frame}" in stream.getvalue()
