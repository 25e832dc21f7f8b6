"""The REST endpoints as plain values: request and response."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.runtime.http.messages import HttpRequest
from recorder.simulator import seeded_ids
from recorder.simulator.http.admission import Admission
from recorder.simulator.http.endpoints import ROUTES, SERVICES, RestEndpoints
from recorder.simulator.protocol.tokens import (
    ExternalIdentity,
    authenticated_token,
    consumer_id_of,
    read_external,
)
from recorder.simulator.protocol.uploads import url_signature

HOST = ("host", "127.0.0.1:8765")
NOW_MS = 1_700_000_000_000
ACCOUNT = "/api/account/12345678"
PAGE = "http://localhost:3000"


class Caller:
    """One set of REST endpoints, and short ways to call them."""

    def __init__(self, *, allow=(), as_hosts=()):
        admission = Admission("127.0.0.1", 8765, allow_origins=allow, as_hosts=as_hosts)
        self.rest = RestEndpoints(admission, ids=seeded_ids())

    def ask(self, method, target, body=b"", *, headers=(HOST,), now_ms=NOW_MS):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.rest.respond(HttpRequest(method, target, tuple(headers), data), now_ms=now_ms)

    def delivered(self, *args, **options):
        answer = self.ask(*args, **options)
        assert answer.status == 200, answer
        return json.loads(answer.body)


@pytest.fixture
def caller():
    return Caller()


@pytest.mark.parametrize("ending", ["/baseURI.json?version=1.0", "/baseURI?version=1.0"])
@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_at_the_host_of_the_lookup(caller, service, ending):
    delivered = caller.delivered("GET", f"{ACCOUNT}/service/{service}{ending}")
    base = {"service": service, "account": "12345678", "baseURI": "127.0.0.1:8765"}
    assert delivered == base | {"baseURIs": [base]}


@pytest.mark.parametrize("ending", ["/baseURI.json?version=1.0", "/baseURI?version=1.0"])
def test_all_services_can_be_looked_up_at_once(caller, ending):
    delivered = caller.delivered("GET", f"{ACCOUNT}/service{ending}")
    assert {each["service"]: each["baseURI"] for each in delivered["baseURIs"]} == dict.fromkeys(
        SERVICES, "127.0.0.1:8765"
    )


@pytest.mark.parametrize("ending", ["baseURI.json?version=1.0", "baseURI.lpCsds?version=1.0"])
def test_the_old_lookup_answers_what_its_clients_read(caller, ending):
    delivered = caller.delivered("GET", f"/csdr/account/12345678/service/idp/{ending}")
    assert delivered["ResultSet"]["lpData"][0]["lpServer"] == delivered["baseURI"] == "127.0.0.1:8765"


def test_a_script_tag_gets_a_call_of_its_function(caller):
    answer = caller.ask("GET", "/csdr/account/1/service/idp/baseURI.lpCsds?version=1.0&cb=domainCallback")
    assert answer.body.startswith(b"domainCallback({")
    assert answer.body.endswith(b"});")
    assert ("content-type", "application/javascript; charset=utf-8") in answer.headers
    signed_up = caller.ask("GET", f"{ACCOUNT}/signup.jsonp?callback=jsonp_callback_81")
    delivered = json.loads(signed_up.body.removeprefix(b"jsonp_callback_81(").removesuffix(b");"))
    assert consumer_id_of(delivered["jwt"])


@pytest.mark.parametrize("name", ["alert(1)//", "a b", "a;b", "<script>", "1a", "a.", "a" * 200])
def test_a_callback_is_the_name_of_a_function_and_nothing_else(caller, name):
    from urllib.parse import quote

    assert caller.ask("GET", f"{ACCOUNT}/signup.jsonp?callback={quote(name)}").status == 400


@pytest.mark.parametrize("service", ["IDP", "nothing", "x" * 300])
def test_an_unknown_service_is_answered_400(caller, service):
    assert caller.ask("GET", f"{ACCOUNT}/service/{service}/baseURI.json").status == 400


def test_every_signup_is_a_new_consumer(caller):
    tokens = [caller.delivered("POST", f"{ACCOUNT}/signup")["jwt"] for _ in range(3)]
    assert len({consumer_id_of(token) for token in tokens}) == 3
    assert read_external(tokens[0]).expires_s == NOW_MS / 1000 + 3600


def test_who_brings_a_token_of_the_brand_is_always_the_same_consumer(caller):
    brand = authenticated_token(ExternalIdentity("ann", None, None), account="x", now_s=NOW_MS // 1000)
    first, again = (
        caller.delivered("POST", f"{ACCOUNT}/authenticate", {"authCode": brand})["jwt"] for _ in range(2)
    )
    assert consumer_id_of(first) == consumer_id_of(again)
    assert consumer_id_of(first) != consumer_id_of(brand)


def test_a_code_that_is_no_token_is_taken_too(caller):
    one, other = (
        caller.delivered(
            "POST", f"{ACCOUNT}/authenticate", {"authCode": code, "redirect_uri": "https://brand"}
        )
        for code in ("code-1", "code-2")
    )
    assert consumer_id_of(one["jwt"]) != consumer_id_of(other["jwt"])


def test_a_guest_gets_in_by_two_steps_and_stays_who_they_are_when_refreshed(caller):
    outer = caller.delivered("POST", f"{ACCOUNT}/anonymous/authorize")["token"]
    later_ms = NOW_MS + 3_600_000
    assert (
        caller.ask(
            "POST", f"{ACCOUNT}/app/c1/authenticate?v=3.0", {"id_token": outer}, now_ms=later_ms
        ).status
        == 401
    )
    fresh = caller.delivered("POST", f"{ACCOUNT}/anonymous/authorize", {"id_token": outer}, now_ms=later_ms)[
        "token"
    ]
    assert fresh != outer
    assert read_external(fresh).subject == read_external(outer).subject
    inner = [
        caller.delivered("POST", f"{ACCOUNT}/app/c1/authenticate?v=3.0", {"id_token": token}, now_ms=when)[
            "token"
        ]
        for token, when in ((outer, NOW_MS), (fresh, later_ms))
    ]
    assert consumer_id_of(inner[0]) == consumer_id_of(inner[1])


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        pytest.param("POST", f"{ACCOUNT}/authenticate", b"", 400, id="no-body"),
        pytest.param("POST", f"{ACCOUNT}/authenticate", b"[]", 400, id="a-list"),
        pytest.param("POST", f"{ACCOUNT}/authenticate", b"{}", 400, id="no-code"),
        pytest.param("POST", f"{ACCOUNT}/authenticate", {"authCode": 7}, 400, id="a-number"),
        pytest.param("POST", f"{ACCOUNT}/app/c/authenticate", {"id_token": "x"}, 401, id="no-token"),
        pytest.param(
            "POST", f"{ACCOUNT}/anonymous/authorize", {"id_token": "x"}, 401, id="nothing-to-refresh"
        ),
        pytest.param("POST", f"{ACCOUNT}/anonymous/authorize", b"{", 400, id="half-a-body"),
        pytest.param("GET", f"{ACCOUNT}/signup", b"", 405, id="get-for-post"),
        pytest.param("DELETE", f"{ACCOUNT}/service/idp/baseURI.json", b"", 405, id="delete"),
        pytest.param("GET", f"{ACCOUNT}/login", b"", 404, id="other-path"),
        pytest.param("POST", "/api/account//signup", b"", 404, id="no-account"),
        pytest.param("POST", "/", b"", 404, id="root"),
        pytest.param("POST", f"/api/account/{'9' * 200}/signup", b"", 400, id="long-account"),
    ],
)
def test_errors_are_json(caller, method, target, body, status):
    answer = caller.ask(method, target, body)
    assert answer.status == status
    delivered = json.loads(answer.body)
    assert delivered["code"] == status
    assert delivered["message"]


def address(path, *, life_s=60):
    expires = str(NOW_MS // 1000 + life_s)
    return f"{path}?temp_url_sig={url_signature(path, expires)}&temp_url_expires={expires}"


def test_a_file_is_put_and_fetched(caller):
    where = address("/v1/AUTH_async-images/le-sim/1.PNG")
    assert caller.ask("PUT", where, b"\x89PNG", headers=(HOST, ("content-type", "image/png"))).status == 201
    fetched = caller.ask("GET", where)
    assert (fetched.status, fetched.body) == (200, b"\x89PNG")
    assert ("content-type", "image/png") in fetched.headers
    assert ("x-content-type-options", "nosniff") in fetched.headers


@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_a_file_needs_the_address_that_was_handed_out_in_time(caller, method):
    path = "/v1/AUTH_async-images/le-sim/1.PNG"
    for target in (path, address(path) + "0", address(path, life_s=-1), address(path).replace("/1.", "/2.")):
        assert caller.ask(method, target).status == 401
    assert caller.ask("GET", address(path)).status == 404


@pytest.mark.parametrize("path", ROUTES)
def test_a_cors_preflight_is_answered(caller, path):
    """The preflight of a browser, for every leg there is."""
    import re

    target = re.sub(r"\(\?P<account>.*?\)", "1", path).replace("(?P<service>[^/]+)", "idp")
    target = (
        target.replace("(?P<connector>[^/]+)", "c").replace("(json|lpCsds)", "json").replace(r"(\.json)?", "")
    )
    target = target.replace("\\", "").replace(".+", "x")
    headers = (
        HOST, ("origin", PAGE), ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type, x-requested-with"),
        ("access-control-request-private-network", "true"),
    )  # fmt: skip
    answer = caller.ask("OPTIONS", target, headers=headers)
    delivered = dict(answer.headers)
    assert answer.status == 204
    assert delivered["access-control-allow-origin"] == PAGE
    assert delivered["access-control-allow-methods"] == ", ".join(ROUTES[path])
    assert delivered["access-control-allow-headers"] == "content-type, x-requested-with"
    assert delivered["access-control-allow-private-network"] == "true"


def test_a_page_may_read_errors_too(caller):
    answer = caller.ask("POST", "/nowhere", headers=(HOST, ("origin", PAGE)))
    assert (answer.status, dict(answer.headers)["access-control-allow-origin"]) == (404, PAGE)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param((HOST,), 200, id="no-page"),
        pytest.param((HOST, ("origin", PAGE)), 200, id="local-page"),
        pytest.param((HOST, ("origin", "https://brand.example")), 200, id="allowed-page"),
        pytest.param((HOST, ("origin", "https://evil.example")), 403, id="foreign-page"),
        pytest.param((HOST, ("origin", "null")), 403, id="file"),
        pytest.param((HOST, ("origin", PAGE), ("origin", "https://evil.example")), 403, id="two-pages"),
        pytest.param((("host", "evil.example:8765"),), 403, id="rebound-name"),
        pytest.param((("host", "api.liveperson.net"),), 200, id="name-of-the-service"),
        pytest.param((), 403, id="no-host"),
    ],
)
def test_rest_endpoints_check_host_and_origin(headers, status):
    caller = Caller(allow=["https://brand.example"], as_hosts=["api.liveperson.net"])
    answer = caller.ask("POST", f"{ACCOUNT}/signup", headers=headers)
    assert answer.status == status
    assert status == 200 or "access-control-allow-origin" not in dict(answer.headers)


def test_lookups_by_an_allowed_name_are_answered_with_it():
    caller = Caller(as_hosts=["api.liveperson.net"])
    delivered = caller.delivered(
        "GET", f"{ACCOUNT}/service/idp/baseURI.json", headers=(("host", "api.liveperson.net"),)
    )
    assert delivered["baseURI"] == "api.liveperson.net"


@given(
    st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "HEAD", "BREW"]),
    st.sampled_from(
        [
            f"{ACCOUNT}/signup",
            f"{ACCOUNT}/authenticate",
            f"{ACCOUNT}/app/c/authenticate",
            "/v1/AUTH_async-images/",
        ]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=126)),
    st.binary(),
)
def test_every_request_is_answered(method, path, more, body):
    answer = Caller().ask(method, path + more, body)
    assert 200 <= answer.status < 500
