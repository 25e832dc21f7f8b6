"""What all tables are made of."""

from __future__ import annotations

import io

import pytest

from recorder.messaging.events import Proof
from recorder.receipts.delays import Delay
from recorder.report.tables import (
    PIPE_WIDTH,
    clock_time,
    delay_words,
    print_line,
    print_pairs,
    print_table,
)


def printed(printer, *facts) -> str:
    stream = io.StringIO()
    printer(stream, *facts)
    return stream.getvalue()


def test_only_a_marked_column_is_cut_to_the_width():
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
    assert row == f"7    hel…  {'x' * 100}  {'y' * 100}"


def test_columns_line_up_whatever_is_as_wide_as_two():
    out = printed(print_table, ("A", "B"), [("日本", "x"), ("ab", "y")])
    assert out.splitlines() == ["A     B", "日本  x", "ab    y"]


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


def test_a_delay_on_our_clock_is_marked():
    assert delay_words(Delay(1.5, "server")) == "+1.500s"
    assert delay_words(Delay(1.5, "local")) == "+1.500s~"
    assert delay_words(None) == "-"


def test_times_are_utc_and_unknown_ones_a_dash():
    assert clock_time(1_487_455_441_507_000) == "22:04:01.507"
    assert clock_time(1_487_455_441_507_000, with_date=True) == "2017-02-18 22:04:01"
    assert clock_time(None) == "-"
    assert clock_time(-(10**17)).endswith("since 1970")


def test_every_level_of_proof_has_the_contracts_word():
    assert [proof.word for proof in Proof] == ["refused", "claimed", "acknowledged", "announced"]
