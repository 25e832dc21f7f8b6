"""Options as people type them."""

from __future__ import annotations

import pytest

from recorder.capture.options import ConnectOptions
from recorder.errors import BadOption
from recorder.recipes.option_values import (
    bytes_of,
    connect_options,
    duration_s,
    given_for_services,
    local_url,
    seconds_or_duration_s,
)


@pytest.mark.parametrize(
    ("wrong", "of_record", "option"),
    [
        pytest.param({"headers": ["no colon"]}, {}, "--header", id="header"),
        pytest.param({}, {"ping_interval": "soon"}, "--ping-interval", id="ping interval"),
        pytest.param({"token": "two words"}, {}, "token", id="token"),
        pytest.param({"connect_timeout": "soon"}, {}, "--connect-timeout", id="connect timeout"),
        pytest.param({"connect_timeout": "0"}, {}, "--connect-timeout", id="no time to connect"),
        pytest.param({"connect_timeout": "2h"}, {}, "--connect-timeout", id="a long time to connect"),
        pytest.param({"send_timeout": "0"}, {}, "--send-timeout", id="no time to send"),
        pytest.param({"send_timeout": "61m"}, {}, "--send-timeout", id="a long time to send"),
        pytest.param({"max_payload": "0"}, {}, "--max-payload", id="no payload"),
        pytest.param({"max_payload": "1GiB"}, {}, "--max-payload", id="a large payload"),
        pytest.param({"max_payload": "16MB"}, {}, "--max-payload", id="unit"),
        pytest.param({"max_payload": "-1"}, {}, "--max-payload", id="less than nothing"),
        pytest.param({"origin": "two words"}, {}, "--origin", id="origin"),
        pytest.param({"proxy": "https://p:1"}, {}, "--proxy", id="proxy"),
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


def test_a_number_of_seconds_may_begin_with_its_point():
    assert [seconds_or_duration_s("-w", each) for each in (".5", "2", "1.5", "200ms")] == [0.5, 2, 1.5, 0.2]
    for wrong in ("", "."):
        with pytest.raises(BadOption, match="-w"):
            seconds_or_duration_s("-w", wrong)


@pytest.mark.parametrize("url", ["localhost:8080/a:b", "localhost", "127.0.0.1:1", "[::1]:80/x"])
def test_a_url_of_this_machine_needs_no_scheme(url):
    assert local_url(url) == f"ws://{url}"
    for other in (f"wss://{url}", f"example.org/{url}"):
        assert local_url(other) == other


def test_what_is_not_given_is_as_usual():
    nothing = dict.fromkeys(("origin", "proxy", "connect_timeout", "send_timeout", "max_payload"))
    assert connect_options("ws://h", nothing) == ConnectOptions(url="ws://h")
    assert given_for_services(nothing) == ()


def test_what_is_given_is_read():
    given = {
        "origin": "https://shop.example",
        "proxy": "socks5://p:1080",
        "connect_timeout": "2m",
        "send_timeout": "500ms",
        "max_payload": "64KiB",
    }
    read = connect_options("ws://h", given)
    assert (read.connect_timeout_s, read.send_timeout_s, read.max_payload) == (120.0, 0.5, 65536)
    assert (read.origin, read.proxy.base_url) == ("https://shop.example", "socks5://p:1080")
    assert given_for_services(given) == (
        "--origin",
        "--proxy",
        "--connect-timeout",
        "--send-timeout",
        "--max-payload",
    )


@pytest.mark.parametrize(
    ("written", "meant"), [("1", 1), ("512 B", 512), ("64KiB", 65536), (" 2MiB ", 2 << 20), ("1GiB", 1 << 30)]
)
def test_a_number_of_bytes_may_have_a_unit(written, meant):
    assert bytes_of("--max-payload", written) == meant
