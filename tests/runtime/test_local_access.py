"""Which requests to a server on this machine are meant for it."""

import pytest

from recorder.runtime.local_access import LocalAccess, is_local_origin

HERE = "127.0.0.1:9001"


@pytest.mark.parametrize(
    ("host", "accepted"),
    [
        pytest.param("192.168.0.7:9001", True, id="address"),
        pytest.param("[fe80::1]:9001", True, id="address-6"),
        pytest.param("192.168.0.7:9002", False, id="other-port"),
        pytest.param("192.168.0.7", False, id="no-port"),
        pytest.param("evil.example:9001", False, id="rebound-name"),
        pytest.param("192.168.0.7:port", False, id="no-number"),
    ],
)
def test_other_addresses_are_accepted_only_where_others_may_connect(host, accepted):
    assert LocalAccess("0.0.0.0", 9001, any_address=True).names_us(host) is accepted
    assert not LocalAccess("127.0.0.1", 9001).names_us(host)


@pytest.mark.parametrize(("port", "accepted"), [(80, True), (443, True), (9001, False)])
def test_a_host_without_port_means_the_usual_ports(port, accepted):
    assert LocalAccess("127.0.0.1", port).names_us("localhost") is accepted


@pytest.mark.parametrize(
    ("origin", "local"),
    [
        pytest.param("http://localhost:3000", True, id="local"),
        pytest.param("https://[::1]", True, id="address-6"),
        pytest.param("http://localhost.evil.example", False, id="name-as-prefix"),
        pytest.param("http://user@localhost", False, id="user"),
        pytest.param("http://localhost/path", False, id="path"),
        pytest.param("ftp://localhost", False, id="scheme"),
        pytest.param("http://localhost:port", False, id="no-port-number"),
        pytest.param("null", False, id="null"),
    ],
)
def test_pages_of_this_machine_are_local(origin, local):
    assert is_local_origin(origin) is local


def test_pages_from_elsewhere_are_refused_unless_they_are_allowed():
    access = LocalAccess("127.0.0.1", 9001, allow_origins=("https://shop.example", "null"))
    assert access.refusal(hosts=[HERE], origins=["https://shop.example"]) is None
    assert access.refusal(hosts=[HERE], origins=["null"]) is None
    assert access.refusal(hosts=[HERE], origins=["https://other.example"]) == (
        "Origin must be local, or be allowed"
    )
