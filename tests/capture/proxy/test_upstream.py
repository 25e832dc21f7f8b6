"""The address of the service as people type it."""

import pytest

from recorder.capture.proxy.upstream import parse_upstream
from recorder.errors import BadOption


@pytest.mark.parametrize(
    ("url", "base_url", "port"),
    [
        pytest.param("wss://va.msg.liveperson.net", "https://va.msg.liveperson.net", 443, id="usual"),
        pytest.param("WSS://va.msg.liveperson.net/", "https://va.msg.liveperson.net", 443, id="slash"),
        pytest.param("https://va.msg.liveperson.net", "https://va.msg.liveperson.net", 443, id="https"),
        pytest.param("ws://127.0.0.1:8765", "http://127.0.0.1:8765", 8765, id="plain"),
        pytest.param("http://[::1]:80", "http://[::1]:80", 80, id="address-6"),
    ],
)
def test_an_address_is_read(url, base_url, port):
    address = parse_upstream(url)
    assert (address.base_url, address.port) == (base_url, port)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        pytest.param("va.msg.liveperson.net", "begin with wss://", id="no-scheme"),
        pytest.param("ftp://x", "begin with wss://", id="other-scheme"),
        pytest.param("wss://", "name a host", id="no-host"),
        pytest.param("wss://:443", "cannot be read", id="port-alone"),
        pytest.param("wss://x:0", "cannot be read", id="port-0"),
        pytest.param("wss://x:70000", "cannot be read", id="port-too-high"),
        pytest.param("wss://[::1", "cannot be read", id="half-a-bracket"),
        pytest.param("wss://x/ws_api/account/1", "paths come from the client", id="path"),
        pytest.param("wss://x?q=1", "paths come from the client", id="query"),
        pytest.param("wss://x#f", "paths come from the client", id="fragment"),
        pytest.param("wss://me:secret@x", "scheme, host and port only", id="user"),
        pytest.param("wss://x y", "begin with wss://", id="space"),
        pytest.param("wss://x\r\ny", "begin with wss://", id="line-break"),
    ],
)
def test_what_is_no_address_is_refused(url, problem):
    with pytest.raises(BadOption, match=problem) as refused:
        parse_upstream(url)
    assert "secret" not in str(refused.value)
