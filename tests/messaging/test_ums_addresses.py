"""LivePerson's WebSockets and requests are told from others."""

from __future__ import annotations

import pytest

from recorder.clock import processing_s
from recorder.messaging.ums_addresses import is_envelope, is_ums, is_ums_rest_url, is_ums_url, matches_url


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("wss://va.msg.liveperson.net/ws_api/account/12345678/messaging/consumer?v=3", True),
        ("ws://127.0.0.1:8765/ws_api/account/12345678/messaging/brand/token?v=2", True),
        ("wss://user@LO.MSG.LIVEPERSON.NET:443/other", True),
        ("wss://notliveperson.net/other", False),
        ("wss://liveperson.net.evil.example/", False),
        ("wss://example.com/ws_api/account/1/other", False),
        ("wss://[::1/ws_api/account/1/messaging/consumer", False),
    ],
)
def test_a_websocket_is_told_by_its_path_or_host(url, is_one):
    assert is_ums_url(url) is is_one
    assert is_ums(url, []) is is_one


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://api.liveperson.net/api/account/1/service/idp/baseURI.json?version=1.0", True),
        ("https://api.liveperson.net/csdr/account/1/service/idp/baseURI.lpCsds", True),
        ("http://127.0.0.1:8765/api/account/1/signup.jsonp?callback=x", True),
        ("https://swift/v1/AUTH_async-images/x/y.png?temp_url_sig=1", True),
        ("https://x/messaging_history/api/account/1/conversations/search", True),
        ("https://lpcdn.lpsnmedia.net/le_unified_window/index.html", False),
        ("https://example.com/v1/things", False),
        ("https://[::1/api/account/1/signup", False),
    ],
)
def test_a_request_is_told_by_its_path(url, is_one):
    assert is_ums_rest_url(url) is is_one


@pytest.mark.parametrize(
    ("payload", "is_one"),
    [
        (b'{"kind": "req", "id": "1", "type": "GetClock"}', True),
        (b'{"kind": "resp", "reqId": 1, "code": 200}', True),
        (b'{"kind": "notification", "body": {}}', True),
        (b'{"type": "x", "id": 1}', False),
        (b'["kind", "req"]', False),
        (b'{"kind": "offer"}', False),
        (b"\xff", False),
        (b"", False),
    ],
)
def test_an_envelope_says_its_kind(payload, is_one):
    assert is_envelope(payload) is is_one
    assert is_ums(None, [b"ping", payload]) is is_one


@pytest.mark.parametrize(
    ("pattern", "url", "matches"),
    [
        ("liveperson", "wss://x.LivePerson.net/", True),
        ("wss://*.net/*", "wss://x.LivePerson.net/a", True),
        ("*.net", "wss://x.liveperson.net/a", False),
        ("other", "wss://x.liveperson.net/a", False),
        ("a", None, False),
    ],
)
def test_a_pattern_is_a_part_or_has_stars(pattern, url, matches):
    assert matches_url(pattern, url) is matches


def test_a_pattern_of_many_stars_is_decided_at_once():
    """Each star could take any part of the address: tried in all ways, this would take years."""
    before_s = processing_s()
    assert not matches_url("*a" * 200 + "b", "wss://" + "a" * 10_000)
    assert processing_s() - before_s < 5
