"""What all tables are made of."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len

from recorder.messaging.events import Proof
from recorder.report.cells import PIPE_WIDTH, Cell, cell_width
from recorder.report.tables import (
    WINDOW_ROWS,
    print_line,
    print_pairs,
    print_table,
    remark_lines,
)
from recorder.report.terminal import TerminalText


def printed(printer, *facts) -> str:
    stream = io.StringIO()
    printer(stream, *facts)
    return stream.getvalue()


def test_only_a_marked_column_is_fit_the_width():
    out = printed(print_table, ("A", "B+"), [("x" * 20, "y" * 500)])
    heading, row = out.splitlines()
    assert heading.split() == ["A", "B"]
    assert row.startswith("x" * 20 + "  y")
    assert row.endswith("…")
    assert len(row) == PIPE_WIDTH


def test_where_nothing_is_left_to_cut_every_column_is_there_and_the_line_is_longer():
    out = printed(print_table, ("SEQ", "TEXT+", "A", "B"), [("7", "hello", "x" * 100, "y" * 100)])
    heading, row = out.splitlines()
    assert heading.split() == ["SEQ", "TEXT", "A", "B"]
    assert row == f"7    hello  {'x' * 100}  {'y' * 100}"


def test_where_no_cut_makes_the_lines_fit_a_text_stays_readable():
    """Cut to the four columns of its heading, nobody would know it again."""
    stream = io.StringIO()
    print_table(stream, ["TEXT+", "A"], [["I lost my card on the way home", "x" * PIPE_WIDTH]])
    assert stream.getvalue().splitlines()[1].startswith("I lost my card …  xxx")


def test_columns_line_up_whatever_is_as_wide_as_two():
    out = printed(print_table, ("A", "B"), [("日本", "x"), ("ab", "y")])
    assert out.splitlines() == ["A     B", "日本  x", "ab    y"]


def test_numbers_may_stand_at_the_right():
    assert printed(print_table, (">N", "A"), [("7", "x"), ("1234", "y")]).splitlines() == [
        "   N  A", "   7  x", "1234  y",
    ]  # fmt: skip


def test_a_row_is_printed_before_all_have_come():
    """So that ``| head`` of a long list answers at once."""
    stream = io.StringIO()

    def rows():
        for _ in range(WINDOW_ROWS + 1):
            yield ("x",)
        assert stream.getvalue().count("x") == WINDOW_ROWS + 1
        yield ("y",)

    print_table(stream, ("A",), rows())
    assert stream.getvalue().endswith("x\ny\n")


def test_where_a_later_row_needs_more_room_its_column_is_wider_from_there_on():
    usual = [("1", "t" * 200, "z")] * WINDOW_ROWS
    lines = printed(
        print_table, ("N", "TEXT+", "B"), [*usual, ("123456", "t" * 200, "z"), usual[0]]
    ).splitlines()
    assert {len(line) for line in lines[1:]} == {PIPE_WIDTH}
    assert {line.index("t") for line in lines[1:-2]} == {3}
    assert [line[:9] for line in lines[-2:]] == ["123456  t", "1       t"]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch, width, printer, *facts):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    printer(stream, *facts)
    return stream.getvalue().splitlines()


def test_on_a_terminal_a_row_that_does_not_fit_takes_two_lines_where_its_columns_say(monkeypatch):
    columns = ("SEQ", "TEXT+30", "/SENT", ">N", "OTHER")
    rows = [("7", "x" * 90, "s" * 30, "1", ""), ("8", "y", "-", "-", "")]
    assert on_terminal(monkeypatch, 60, print_table, columns, rows) == [
        "SEQ  TEXT",
        f"     SENT{' ' * 26}  N",
        f"7    {'x' * 54}…",
        f"     {'s' * 30}  1",
        "8    y",
    ]
    assert on_terminal(monkeypatch, 90, print_table, columns, rows)[1:] == [
        f"7    {'x' * 49}…  {'s' * 30}  1",
        f"8    y{' ' * 49}  -{' ' * 29}  -",
    ]


def test_a_column_in_which_nothing_stands_is_left_out_until_something_does():
    usual = [("1", "-", "z")] * (WINDOW_ROWS + 1)
    lines = printed(print_table, ("N", "A", "B"), [*usual, ("2", "x", "z")]).splitlines()
    assert lines[:2] == ["N  B", "1  z"]
    assert lines[-2:] == ["N  A  B", "2  x  z"]
    assert printed(print_table, ("N", "A"), []) == "N  A\n"


def test_a_stream_without_the_characters_gets_escapes_and_another_ellipsis():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", errors="backslashreplace")
    print_table(stream, ("A+", "B"), [("日本", "é"), ("x" * 200, "y")])
    stream.flush()
    heading, escaped, cut = stream.buffer.getvalue().decode("latin-1").splitlines()
    assert escaped == f"\\u65e5\\u672c{' ' * (heading.index('B') - 12)}é"
    assert cut == f"{'x' * 116}>  y"


@pytest.mark.parametrize("width", [60, 80, 100])
def test_lines_and_pairs_are_broken_between_words_on_a_terminal(monkeypatch, width):
    words = "somebody said שלום and 日本語 " * 12
    for lines in (
        on_terminal(monkeypatch, width, print_line, words),
        on_terminal(monkeypatch, width, lambda stream, text: print_pairs(stream, {"text": text}), words),
    ):
        assert max(map(cell_len, lines)) <= width
        assert " ".join(" ".join(lines).split()).removeprefix("text ") == words.strip()


def test_a_remark_is_broken_between_words_unless_it_tells_a_command(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    assert remark_lines(Terminal(), "two receipts are sent\x1b") == "two receipts are\n  sent\\x1b\n"
    assert remark_lines(Terminal(), "  frame 1: you, hello you") == "  frame 1: you,\n    hello you\n"
    for whole in ("hint: recorder message list 91be5df", "  wscat -c ws://127.0.0.1:8080/x -H a"):
        assert remark_lines(Terminal(), whole) == f"{whole}\n"
    assert remark_lines(io.StringIO(), "two receipts are sent") == "two receipts are sent\n"


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("text", ["x" * 300, "漢字" * 99, "é" * 300, "שלום " * 60, "👩 and " * 50])
def test_no_line_is_wider_than_the_terminal(monkeypatch, width, text):
    rows = [("1", text, "z"), ("2", "short", "z")]
    lines = on_terminal(monkeypatch, width, print_table, ("N", "TEXT+", "B"), rows)
    assert max(map(cell_len, lines)) == width
    assert all(line.endswith("  z") for line in lines[1:])
    narrow = on_terminal(monkeypatch, width, print_table, ("N", "A", "B", "C+"), [("1", text, text, text)])
    assert max(map(cell_len, narrow)) <= width
    assert len(narrow) > 2


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_a_style_is_for_terminals_that_show_it(monkeypatch, variables, coloured):
    for name in ("TERM", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream, pipe = Terminal(), io.StringIO()
    for each in (stream, pipe):
        print_table(each, ("A",), [(Cell("x", "green"),)])
    assert ("\x1b[32mx\x1b[0m" in stream.getvalue()) is coloured
    assert pipe.getvalue() == "A\nx\n"


@pytest.mark.parametrize(
    "printer",
    [
        print_line,
        lambda stream, text: print_pairs(stream, {"name": text}),
        lambda stream, text: print_table(stream, ("A",), [(text,)]),
    ],
    ids=["line", "pairs", "table"],
)
def test_recorded_text_is_escaped(printer):
    out = printed(printer, "red \x1b[31m[/x] :smile:")
    assert "\x1b" not in out
    assert "red \\x1b[31m[/x] :smile:" in out


def test_a_line_is_never_broken():
    assert printed(print_line, "word " * 100) == "word " * 100 + "\n"


def test_what_is_unknown_is_left_out_of_pairs():
    assert printed(print_pairs, {"a": 1, "longer": None, "bb": "x"}) == "a   1\nbb  x\n"


def test_every_level_of_proof_has_the_contracts_word():
    assert [proof.word for proof in Proof] == ["refused", "claimed", "acknowledged", "announced"]


TEXTS = ["👨\u200d👩\u200d👧\u200d👦", "می\u200cخواهم", "❤️", "日本", "ab"]


def test_columns_stand_below_each_other_behind_emoji_and_other_scripts():
    """A family of four is as wide as four, as some terminals draw it; a joiner between letters takes none."""
    lines = printed(print_table, ("TEXT", "NEXT"), [(text, "|") for text in TEXTS]).splitlines()[1:]
    assert {cell_width(line.partition("|")[0]) for line in lines} == {10}
    assert [line.partition("|")[0].rstrip() for line in lines] == TEXTS


def test_a_terminal_is_told_where_a_column_begins_behind_what_it_may_draw_narrower(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    print_table(stream, ("TEXT", "NEXT", "LAST"), [(text, "|", text) for text in TEXTS])
    lines = stream.getvalue().splitlines()[1:]
    assert [line.count("\x1b[11G|") for line in lines] == [1, 0, 1, 0, 0]
    assert [line.rpartition(" ")[2] for line in lines] == TEXTS, "nothing is written behind the last one"


@pytest.mark.parametrize("stream", [io.StringIO(), TerminalText(columns=80)], ids=["file", "pane"])
def test_only_a_whole_terminal_is_told_so(monkeypatch, stream):
    monkeypatch.setenv("TERM", "xterm")
    print_table(stream, ("TEXT", "NEXT"), [(text, "|") for text in TEXTS])
    assert "\x1b[11G" not in stream.getvalue()
