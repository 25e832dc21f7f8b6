"""Where a socket is opened, and by way of which proxy: read and checked before anything goes out."""

from __future__ import annotations

import pytest

from recorder.capture.destination import ProxyAddress, parse_proxy
from recorder.errors import BadOption


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("http://127.0.0.1:3128", ("http", "127.0.0.1", 3128), id="http"),
        pytest.param("socks5h://p.example:9/", ("socks5h", "p.example", 9), id="slash"),
        pytest.param(
            "socks5://us%40er:pa%3Ass%2F@[::1]:1080", ("socks5", "::1", 1080, "us@er", "pa:ss/"), id="login"
        ),
    ],
)
def test_a_proxy_is_read_from_its_url(url, address):
    names = ("scheme", "host", "port", "user", "password")
    assert parse_proxy(url) == ProxyAddress(**dict(zip(names, address, strict=False)))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        pytest.param("127.0.0.1:3128", "begin with", id="no-scheme"),
        pytest.param("https://s3cret:s3cret@p:1", "begin with", id="https"),
        pytest.param("socks4://p:1", "begin with", id="socks4"),
        pytest.param("http://p", "a host and a port", id="no-port"),
        pytest.param("http://p:0", "a host and a port", id="port-0"),
        pytest.param("http://:1", "a host and a port", id="no-host"),
        pytest.param("http://p:word", "cannot be read", id="port-word"),
        pytest.param("http://[::1:8", "cannot be read", id="open-bracket"),
        pytest.param("http://p:1/s3cret", "host and port only", id="path"),
        pytest.param("http://p:1?s3cret", "host and port only", id="query"),
        pytest.param("http://s3cret@p:1", "a user needs a password", id="user-only"),
        pytest.param("http://:s3cret@p:1", "a user needs a password", id="password-only"),
        pytest.param("http://u:s3cr%C3%A9t@p:1", "ASCII", id="not-ascii"),
        pytest.param("http://u%3Ax:s3cret@p:1", "no colon", id="colon-in-user"),
        pytest.param("http://u:s3crét@p:1", "ASCII", id="not-ascii-url"),
        pytest.param(f"http://u:s3cret{'x' * 255}@p:1", "255", id="too-long"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(url, problem):
    with pytest.raises(BadOption, match="--proxy") as refused:
        parse_proxy(url)
    assert problem in str(refused.value)
    assert "s3cr" not in f"{refused.value} {refused.value.hint}"


def test_the_password_is_in_no_text_made_of_a_proxy():
    address = parse_proxy("socks5://user:s3cret@[::1]:1080")
    assert address.base_url == "socks5://[::1]:1080"
    assert "s3cret" not in repr(address)
