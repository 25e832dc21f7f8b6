"""Options as people type them."""

from __future__ import annotations

import pytest

from recorder.errors import BadOption
from recorder.recipes.option_values import connect_options, duration_s


@pytest.mark.parametrize(
    ("wrong", "of_record", "option"),
    [
        pytest.param({"headers": ["no colon"]}, {}, "--header", id="header"),
        pytest.param({}, {"ping_interval": "soon"}, "--ping-interval", id="ping interval"),
        pytest.param({"token": "two words"}, {}, "token", id="token"),
    ],
)
def test_a_value_that_cannot_be_used_names_its_option(wrong, of_record, option):
    with pytest.raises(BadOption, match=option):
        connect_options("ws://h", wrong, **of_record)


def test_a_header_is_split_at_its_first_colon():
    assert connect_options("ws://h", {"headers": ["X-Time:  10:30 "]}).headers == (("X-Time", "10:30"),)


def test_a_ping_interval_of_zero_sends_no_pings():
    assert connect_options("ws://h", {}, ping_interval="0").ping_interval_s is None


def test_a_duration_in_words_becomes_seconds():
    assert duration_s("--linger", "200ms") == 0.2
