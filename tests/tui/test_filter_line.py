"""Filters are typed as the options of ``frame list``."""

from __future__ import annotations

import pytest

from recorder.errors import BadOption
from recorder.recipes.filters import parse_filters
from recorder.tui.filter_line import parse_filter_line


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("--status READ --since '#12'", {"status": "READ", "since": "#12"}),
        ("order", {"grep": "order"}),
        (
            "--type=PublishEvent 'my order' --limit 5",
            {"type": "PublishEvent", "grep": "my order", "limit": 5},
        ),
    ],
)
def test_a_line_says_what_options_say(line, given):
    assert parse_filter_line(line) == parse_filters(**given)


def test_an_empty_line_is_no_filter():
    assert parse_filter_line("  ") is None


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("'open", "FILTER: a quotation mark is not closed"),
        ("--colour red", "FILTER: no filter --colour"),
        ("--status", "--status: its value is missing"),
        ("--limit many", '--limit: "many" is no number of lines'),
        ("--opcode 99", '--opcode: "99" is no opcode'),
    ],
)
def test_what_is_no_filter_is_told(line, sentence):
    with pytest.raises(BadOption) as error:
        parse_filter_line(line)
    assert str(error.value) == sentence
