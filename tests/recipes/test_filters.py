"""Filters are read once, from what people type, and say what is wrong with it."""

from __future__ import annotations

import pytest

from recorder.errors import BadOption
from recorder.recipes.at_moment import Moment
from recorder.recipes.filters import NO_FILTERS, PatternSearch, check_side, parse_filters


def test_what_is_not_given_leaves_everything_in():
    assert parse_filters() == parse_filters(type=None, limit=None) == NO_FILTERS
    assert NO_FILTERS.has_type("any")
    assert NO_FILTERS.is_within(1, None, None)
    assert not NO_FILTERS.read_payloads


def test_words_are_parsed():
    made = parse_filters(
        type="PublishEvent", sender="Client", opcode="PING", status="READ", since="#3", until="+2s"
    )
    assert (made.type, made.sender, made.opcode, made.status) == ("publishevent", "client", 9, "read")
    assert (made.since, made.until) == (Moment("number", 3), Moment("offset_us", 2_000_000))
    assert parse_filters(opcode="0x3").opcode == 3


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"opcode": "17"}, "--opcode"), ({"opcode": "pi"}, "--opcode"), ({"where": "$.a =="}, "--where"),
        ({"grep": "("}, "--grep"), ({"since": "soon"}, "--since"), ({"until": "#x"}, "--until"),
    ],
)  # fmt: skip
def test_an_error_names_the_option(given, option):
    with pytest.raises(BadOption) as refused:
        parse_filters(**given)
    assert refused.value.option == option


def test_a_type_is_named_whole_or_from_its_last_dot():
    for written in ("ms.PublishEvent", "publishevent"):
        assert parse_filters(type=written).has_type("ms.PublishEvent")
    assert not parse_filters(type="Event").has_type("ms.PublishEvent")
    assert not parse_filters(type="text/plain").has_type(None)


def test_since_and_until_are_inclusive_and_need_a_time():
    made = parse_filters(since="+1s", until="#9")
    assert [made.is_within(number, 1_000_000, None) for number in (8, 9, 10)] == [True, True, False]
    assert not made.is_within(8, 999_999, None)
    with pytest.raises(BadOption, match="--since: frame #8 carries no time"):
        made.is_within(8, None, None)


def test_a_side_is_the_client_or_the_service():
    for side in (None, "client", "service"):
        check_side(side)
    with pytest.raises(BadOption, match="--sender"):
        check_side("agent")


def test_a_search_is_stopped_and_says_where():
    assert PatternSearch("b$").found_in("a" * 100_000 + "b", "frame #1")
    with pytest.raises(BadOption, match=r"--grep: at frame #7 the pattern .* takes too long"):
        PatternSearch("(a|a)*(a|aa)*(a+)+$").found_in("a" * 5_000 + "b", "frame #7")
