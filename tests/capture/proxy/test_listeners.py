"""Listeners for the upstream and for services that lookups name."""

from __future__ import annotations

import pytest

from recorder.capture.proxy import listeners
from recorder.capture.proxy.listeners import ListenerGroup, ListenOptions, host_in
from recorder.capture.proxy.upstream import parse_upstream


@pytest.fixture
def group():
    """Make a group of listeners for an upstream; they are closed at the end."""
    made = []

    def make(upstream="wss://api.example", **options):
        said, added = [], []
        listen = ListenOptions("127.0.0.1", 0, **options)
        made.append(ListenerGroup(parse_upstream(upstream), listen, say=said.append, on_added=added.append))
        return made[-1], said, added

    yield make
    for each in made:
        each.close()


def test_a_service_gets_one_listener_however_often_it_is_named(group):
    listeners_, _, added = group()
    first = listeners_.address_for("idp.example", client_host="localhost")
    assert listeners_.address_for("IDP.example", client_host="localhost") == first
    assert [each.upstream.base_url for each in added] == ["https://idp.example"]
    assert first == f"localhost:{added[0].port}"
    assert listeners_.address_for("api.example", client_host="x") == f"x:{listeners_.first.port}"
    assert len(listeners_.all()) == 2


@pytest.mark.parametrize("named", ["127.0.0.1:22", "localhost", "[::1]:80", "127.9.9.9"])
def test_a_lookup_opens_no_way_to_this_machine(group, named):
    listeners_, said, added = group()
    assert listeners_.address_for(named, client_host="localhost") is None
    assert listeners_.address_for(named, client_host="localhost") is None
    assert added == []
    assert said == [
        f"the address {named} of a lookup is left as it is: it is no address that a lookup may lead to"
    ]


def test_an_upstream_on_this_machine_may_name_others_here(group):
    listeners_, _, added = group("ws://127.0.0.1:8765")
    assert listeners_.address_for("127.0.0.1:8766", client_host="localhost") is not None
    assert added[0].upstream.base_url == "http://127.0.0.1:8766"


def test_there_are_not_more_services_than_so_many(group, monkeypatch):
    monkeypatch.setattr(listeners, "MOST_SERVICES", 2)
    listeners_, said, _ = group()
    found = [listeners_.address_for(f"s{number}.example", client_host="x") for number in range(4)]
    assert [each is None for each in found] == [False, False, True, True]
    assert said[0].endswith("there are 2 already")


def test_hosts_and_origins_are_checked_at_every_listener(group):
    listeners_, _, _ = group(allow_origins=["https://shop.example"], as_hosts=["va.example"])
    listeners_.address_for("idp.example", client_host="localhost")
    for each in listeners_.all():
        origins = ["https://shop.example"]
        assert each.access.refusal(hosts=[f"localhost:{each.port}"], origins=origins) is None
        assert each.access.refusal(hosts=["va.example"], origins=[]) is None
        assert each.access.refusal(hosts=["evil.example"], origins=[]) is not None


@pytest.mark.parametrize(
    ("host", "name"),
    [("localhost:9001", "localhost"), ("[::1]:9001", "[::1]"), ("va.example", "va.example")],
)
def test_the_host_a_client_came_by_is_read(host, name):
    assert host_in(host) == name
