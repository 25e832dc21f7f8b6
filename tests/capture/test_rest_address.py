"""Addresses of REST services as people type them."""

from __future__ import annotations

import pytest

from recorder.capture.rest_address import parse_rest_address
from recorder.errors import BadOption


@pytest.mark.parametrize(
    ("url", "place", "host", "port"),
    [
        pytest.param(
            "https://api.liveperson.net", "https://api.liveperson.net", "api.liveperson.net", 443, id="usual"
        ),
        pytest.param("https://Api.Example:8443/", "https://Api.Example:8443", "api.example", 8443, id="port"),
        pytest.param("http://127.0.0.1:8765", "http://127.0.0.1:8765", "127.0.0.1", 8765, id="here"),
        pytest.param("http://localhost", "http://localhost", "localhost", 80, id="here-by-name"),
        pytest.param("http://[::1]:8765", "http://[::1]:8765", "::1", 8765, id="here-6"),
    ],
)
def test_an_address_is_a_scheme_and_a_host(url, place, host, port):
    address = parse_rest_address(url)
    assert (address.base_url, address.host, address.port) == (place, host, port)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        pytest.param("http://api.liveperson.net", "clear text", id="plain"),
        pytest.param("http://127.0.0.1.evil.example", "clear text", id="nearly-here"),
        pytest.param("ws://127.0.0.1", "https://", id="socket"),
        pytest.param("api.liveperson.net", "https://", id="no-scheme"),
        pytest.param("https://", "https://", id="no-host"),
        pytest.param("https://a/b", "https://", id="path"),
        pytest.param("https://a?b", "https://", id="query"),
        pytest.param("https://user:pass@a", "https://", id="password"),
        pytest.param("https://a\r\nb", "https://", id="two-lines"),
        pytest.param("https://a:0", "https://", id="port-0"),
        pytest.param("https://a:99999", "https://", id="no-port"),
        pytest.param("https://[a]", "https://", id="no-ipv6"),
        pytest.param("https://größe", "https://", id="not-ascii"),
        pytest.param("", "https://", id="nothing"),
    ],
)
def test_an_unusable_address_is_refused_without_repeating_it(url, problem):
    with pytest.raises(BadOption, match="--base") as refused:
        parse_rest_address(url)
    assert problem in str(refused.value)
    assert "pass@" not in str(refused.value)


@pytest.mark.parametrize(
    ("netloc", "encrypted_too", "plain_too"),
    [
        pytest.param("va.idp.liveperson.net", True, False, id="name"),
        pytest.param("127.0.0.1:8765", True, True, id="here"),
        pytest.param("evil.example/path", False, False, id="path"),
        pytest.param("user@evil.example", False, False, id="user"),
        pytest.param("", False, False, id="nothing"),
    ],
)
def test_with_netloc_never_sends_plain_http_to_another_machine(netloc, encrypted_too, plain_too):
    assert (parse_rest_address("https://a").with_netloc(netloc) is not None) == encrypted_too
    assert (parse_rest_address("http://127.0.0.1").with_netloc(netloc) is not None) == plain_too
