"""One request of a NetLog; what whole logs give is in test_netlog."""

from __future__ import annotations

import pytest

from recorder.formats.netlog_request import NetlogRequest
from recorder.formats.upgraded_socket import SocketMoment
from recorder.wire.records import BODY_LIMIT

NOW = SocketMoment(None, 5)


@pytest.mark.parametrize("headers", [None, [], ["nonsense"], 5, [None]])
def test_headers_that_are_none_say_nothing(headers):
    request = NetlogRequest("GET", "https://x/", NOW)
    request.sent(headers)
    if headers != [None]:
        request.answered(headers, NOW)
    (summary,) = request.end()
    assert (summary.status, summary.request_type, summary.response_type) == (None, None, None)


def test_of_a_large_body_only_the_beginning_is_held():
    request = NetlogRequest("GET", "https://x/", NOW)
    for _ in range(10):
        request.received(b"x" * 20_000)
    (summary,) = request.end()
    assert len(summary.response_body) == BODY_LIMIT + 1
    assert summary.response_size == 200_000
