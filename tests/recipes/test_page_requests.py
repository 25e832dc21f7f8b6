"""Who may see a page that is served: one browser, the first that opens the address with the token."""

from __future__ import annotations

import pytest

from recorder.recipes.page_requests import PageRequests
from recorder.runtime.http.messages import HttpRequest
from recorder.runtime.local_access import LocalAccess

HOST = ("host", "127.0.0.1:8000")
SECRET = b"what they wrote"


class Page:
    """Version 7 of a page."""

    html = SECRET + b"7"

    def newer(self, version):
        return None if version == 7 else SECRET

    def block(self, version, name):
        return SECRET if version in (6, 7) and name == "0-columns" else None


@pytest.fixture
def requests():
    return PageRequests(LocalAccess("127.0.0.1", 8000), Page())


def ask(requests, target, *headers, method="GET", host=HOST):
    return requests.respond(HttpRequest(method, target, (host, *headers)))


def opened(requests):
    """The path of the page, and the cookie of the browser that opened it."""
    headers = dict(ask(requests, requests.first_target).headers)
    return headers["location"], ("cookie", headers["set-cookie"].partition(";")[0])


def test_the_first_visit_gets_a_cookie_for_this_page_alone(requests):
    response = ask(requests, requests.first_target)
    headers = dict(response.headers)
    assert response.status == 303
    assert headers["set-cookie"].endswith(f"; Path={headers['location']}; HttpOnly; SameSite=Strict")
    assert requests.first_target.partition("=")[2] not in str(response)


def test_with_the_cookie_there_is_the_page_its_data_and_its_blocks(requests):
    place, cookie = opened(requests)
    assert ask(requests, place, cookie).body == SECRET + b"7"
    assert ask(requests, f"{place}data?after=6", cookie).body == SECRET
    assert ask(requests, f"{place}data?after=7", cookie).status == 204
    assert ask(requests, f"{place}block/6/0-columns", cookie).body == SECRET


@pytest.mark.parametrize(
    "path",
    ["block/5/0-columns", "block/7/0-nothing", "block/7/../../etc/passwd", "block/7/%2e%2e/x", "../data",
     "..%2f..%2fetc/passwd", "data/", "index.html", "block/7/0-columns/", "block/-1/0-columns"],
)  # fmt: skip
def test_there_is_nothing_else(requests, path):
    place, cookie = opened(requests)
    assert ask(requests, place + path, cookie).status == 404


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        (("host", "evil.test:8000"), ()),
        (("host", "127.0.0.1:8001"), ()),
        (("host", "127.0.0.1"), ()),
        (("x", "y"), ()),
        (HOST, (HOST,)),
        (HOST, (("origin", "https://evil.test"),)),
        (HOST, (("origin", "null"),)),
        (HOST, (("origin", "http://127.0.0.1:9999"),)),  # another program of this machine
        (HOST, (("origin", "http://127.0.0.1:8000"), ("origin", "https://evil.test"))),
    ],
)
def test_a_foreign_host_or_origin_gets_one_sentence_with_token_and_cookie_too(requests, host, headers):
    refused = ask(requests, requests.first_target, *headers, host=host)
    place, cookie = opened(requests)  # the token was not used up
    again = ask(requests, place, cookie, *headers, host=host)
    for response in (refused, again):
        assert response.status == 403
        assert response.body.endswith(b".\n")
        assert response.body.count(b".\n") == 1
        assert SECRET not in response.body
        assert "set-cookie" not in dict(response.headers)


def test_its_own_origin_may_ask(requests):
    place, cookie = opened(requests)
    assert ask(requests, place, cookie, ("origin", "http://127.0.0.1:8000")).status == 200


def test_without_the_cookie_nothing_is_answered(requests):
    place, (_, cookie) = opened(requests)
    for headers in ((), (("cookie", cookie[:-1]),), (("cookie", f"x{cookie}"),), (("cookie", "é"),)):
        for target in (place, f"{place}data", f"{place}block/7/0-columns", "/", "/favicon.ico", "*"):
            response = ask(requests, target, *headers)
            assert (response.status, SECRET in response.body) == (403, False)
    assert ask(requests, place, ("cookie", f"a=b; {cookie}; c=d")).status == 200


def test_the_token_opens_once(requests):
    token = requests.first_target
    assert ask(requests, "/?token=guess").status == 403
    assert ask(requests, token, method="HEAD").status == 403
    assert ask(requests, token).status == 303
    assert ask(requests, token).status == 403
    assert b"opens once" in ask(requests, token).body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_the_page_is_only_read(requests, method):
    place, cookie = opened(requests)
    response = ask(requests, place, cookie, method=method)
    assert (response.status, dict(response.headers)["allow"]) == (405, "GET, HEAD")
    assert ask(requests, place, method=method).status == 403


def test_no_other_page_may_show_it_and_no_cache_keeps_it(requests):
    place, cookie = opened(requests)
    headers = dict(ask(requests, place, cookie).headers)
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"].endswith("; connect-src 'self'; frame-ancestors 'none'")
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
