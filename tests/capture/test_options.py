"""What to connect to is checked before anything goes out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.capture.options import ConnectOptions
from recorder.errors import BadOption

SECRET = "eyJhbGciOi.canary.signature"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://host/", id="http"),
        pytest.param("host/path", id="no-scheme"),
        pytest.param("ws:///path", id="no-host"),
        pytest.param("ws://user:password@host/", id="user-and-password"),
        pytest.param("ws://user@host/", id="user"),
        pytest.param("ws://host/#part", id="fragment"),
        pytest.param("ws://host/#", id="empty-fragment"),
        pytest.param("ws://host/\r\nX: 1", id="line-break"),
        pytest.param("ws://host/a b", id="space"),
        pytest.param("ws://host/\t", id="tab"),
        pytest.param("ws://host/é", id="not-ascii"),
        pytest.param("ws://host:0/", id="port-0"),
        pytest.param("ws://host:65536/", id="port-65536"),
        pytest.param("ws://host:ws/", id="port-word"),
        pytest.param("ws://[::1/", id="open-bracket"),
        pytest.param("", id="empty"),
    ],
)
def test_an_unusable_url_is_refused(url):
    with pytest.raises(BadOption):
        ConnectOptions(url=url)


def test_a_url_that_says_http_gets_a_hint():
    with pytest.raises(BadOption) as refused:
        ConnectOptions(url="https://host/")
    assert refused.value.hint == "did you mean wss://?"


@pytest.mark.parametrize(
    ("url", "secure", "host", "port"),
    [
        pytest.param("ws://host/path?v=3", False, "host", 80, id="usual-port"),
        pytest.param("wss://host", True, "host", 443, id="encrypted"),
        pytest.param("WSS://Host:8443/", True, "host", 8443, id="upper-case"),
        pytest.param("ws://[::1]:8765/", False, "::1", 8765, id="ipv6"),
    ],
)
def test_a_url_tells_where_to_connect(url, secure, host, port):
    options = ConnectOptions(url=url)
    assert (options.secure, options.host, options.port) == (secure, host, port)


def test_base_url_leaves_out_path_and_query():
    """The brand's URL carries its token in the path."""
    assert ConnectOptions(url=f"wss://host:9/brand/{SECRET}?jwt={SECRET}").base_url == "wss://host:9"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("X-A", "a\r\nX-B: b", id="cr-lf"),
        pytest.param("X-A", "a\nb", id="lf"),
        pytest.param("X-A", "a\0b", id="nul"),
        pytest.param("X-A", "a\udc80", id="half-surrogate"),
        pytest.param("X A", "a", id="space-in-name"),
        pytest.param("X-A:", "a", id="colon-in-name"),
        pytest.param("", "a", id="no-name"),
        pytest.param("Host", "elsewhere", id="host"),
        pytest.param("host", "elsewhere", id="host-lower"),
        pytest.param("Connection", "close", id="connection"),
        pytest.param("Upgrade", "h2c", id="upgrade"),
        pytest.param("Sec-WebSocket-Key", "abc", id="key"),
        pytest.param("sec-websocket-extensions", "permessage-deflate", id="extensions"),
        pytest.param("Transfer-Encoding", "chunked", id="transfer-encoding"),
    ],
)
def test_a_header_that_would_forge_or_contradict_the_upgrade_is_refused(name, value):
    with pytest.raises(BadOption):
        ConnectOptions(url="ws://host/", headers=((name, value),))


@given(st.text(), st.text())
def test_headers_that_pass_stay_one_line_each(name, value):
    """Whatever was typed: a header that is let through cannot begin another line."""
    try:
        lines = ConnectOptions(url="ws://host/", headers=((name, value),)).header_lines()
    except BadOption:
        return
    assert len(lines) == 1
    assert not set("\r\n\0") & set(lines[0])
    assert lines[0].encode()


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "a\r\nX: 1", "tökén"])
def test_an_unusable_token_is_refused_without_showing_it(token):
    with pytest.raises(BadOption) as refused:
        ConnectOptions(url="ws://host/", token=token)
    assert not token or token not in str(refused.value)


def test_a_token_goes_first_and_with_the_jwt_scheme():
    options = ConnectOptions(url="ws://host/", token=SECRET, headers=(("X-A", "1"),))
    assert options.header_lines() == [f"Authorization: jwt {SECRET}", "X-A: 1"]


def test_with_init_connection_the_token_is_in_no_header():
    options = ConnectOptions(url="ws://host/", token=SECRET, init_connection=True)
    assert options.header_lines() == []


def test_authorization_cannot_be_given_twice():
    with pytest.raises(BadOption):
        ConnectOptions(url="ws://host/", token=SECRET, headers=(("authorization", "Bearer x"),))


def test_the_token_is_in_no_repr():
    assert SECRET not in repr(ConnectOptions(url="ws://host/", token=SECRET))


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["ping_interval_s", "connect_timeout_s", "send_timeout_s", "max_payload"])
def test_numbers_have_to_be_greater_than_zero(name, bad):
    with pytest.raises(BadOption):
        ConnectOptions(url="ws://host/", **{name: bad})


def test_options_for_another_url_keep_all_but_url_token_and_init_connection():
    shared = ConnectOptions(headers=(("X-A", "1"),), ping_interval_s=5.0)
    there = shared.at("wss://h/p", token="a.b.c", init_connection=True)
    assert there == ConnectOptions(
        url="wss://h/p", token="a.b.c", init_connection=True, headers=(("X-A", "1"),), ping_interval_s=5.0
    )
    assert there.at("ws://other", token=None).init_connection


def test_options_for_another_url_check_it():
    with pytest.raises(BadOption, match="URL"):
        ConnectOptions().at("http://h", token=None)


def test_init_connection_needs_a_token():
    with pytest.raises(BadOption, match="--init-connection"):
        ConnectOptions(url="ws://h", init_connection=True).check_token_given()
    ConnectOptions(url="ws://h", init_connection=True, token="a.b.c").check_token_given()
