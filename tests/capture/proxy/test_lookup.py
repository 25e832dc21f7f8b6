"""Addresses in answers to domain lookups."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.capture.proxy.lookup import answer_head, rewrite_addresses


def to_proxy(named):
    return f"127.0.0.1:{9000 + len(named)}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('{"baseURI":"va.x.net"}', '{"baseURI":"127.0.0.1:9008"}', id="json"),
        pytest.param('{"baseURI" : "va.x.net:443"}', '{"baseURI" : "127.0.0.1:9012"}', id="port-and-spaces"),
        pytest.param('f({"lpServer":"va.x.net"});', 'f({"lpServer":"127.0.0.1:9008"});', id="jsonp"),
        pytest.param(
            '{"baseURI":"https://va.x.net/"}', '{"baseURI":"https://127.0.0.1:9008/"}', id="with-scheme"
        ),
        pytest.param('{"baseURI":"va.x.net/path"}', '{"baseURI":"va.x.net/path"}', id="with-path"),
        pytest.param('{"baseURI":"no host!"}', '{"baseURI":"no host!"}', id="no-host"),
        pytest.param('{"baseURI":null,"service":"idp"}', '{"baseURI":null,"service":"idp"}', id="null"),
        pytest.param('{"baseURI":"[::1]:80"}', '{"baseURI":"127.0.0.1:9008"}', id="address-6"),
        pytest.param('{"otherURI":"va.x.net"}', '{"otherURI":"va.x.net"}', id="other-key"),
    ],
)
def test_addresses_of_services_are_replaced_where_they_stand(before, after):
    assert rewrite_addresses(before.encode(), to_proxy).decode() == after


def test_an_address_may_be_left_as_it_is():
    assert rewrite_addresses(b'{"baseURI":"a.net"}', lambda named: None) == b'{"baseURI":"a.net"}'


HOSTS = st.from_regex(r"[a-z0-9]{1,8}\.[a-z]{2,3}(:[1-9][0-9]{0,3})?", fullmatch=True)


@given(
    services=st.dictionaries(st.text(max_size=8), HOSTS, max_size=5),
    indent=st.sampled_from([None, 2]),
    note=st.text(max_size=20),
)
def test_only_the_addresses_of_an_answer_change(services, indent, note):
    """The answer says the same of everything else, and names the new address of every service."""

    def answer(address_for):
        listed = [{"service": name, "baseURI": address_for(host)} for name, host in services.items()]
        return json.dumps({"note": note, "baseURIs": listed}, indent=indent).encode()

    assert rewrite_addresses(answer(str), to_proxy) == answer(to_proxy)


@given(body=st.binary(max_size=200))
def test_bytes_that_are_no_answer_stay(body):
    assert rewrite_addresses(body, to_proxy) == body or b'"baseURI"' in body or b'"lpServer"' in body


def test_the_head_says_the_new_length_and_nothing_of_the_old_body():
    head = (
        b"HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\ncontent-encoding: gzip\r\nETag: y\r\n"
        b"Content-Type: application/json\r\n\r\n"
    )
    assert answer_head(head, 17) == (
        b"HTTP/1.1 200 OK\r\nDate: x\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
    )
