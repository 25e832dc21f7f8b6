"""The published ways to a token, against a service that notes what it is asked."""

from __future__ import annotations

import json

import pytest

from recorder.capture.login import Anonymous, SignUp, Vouched, log_in
from recorder.capture.rest import RestAddress, rest_address
from recorder.errors import BadOption, CannotConnect

ACCOUNT = "/api/account/12345678"
LOOKUP = "/service/{}/baseURI.json?version=1.0"


@pytest.fixture
def service(serve):
    """Answers by path; what it was asked is in ``asked``."""
    asked, answers = [], {}

    def script(peer):
        said = peer.sock.recv(65536)
        head, _, body = said.partition(b"\r\n\r\n")
        method, path = head.split(b" ")[:2]
        asked.append(
            (method.decode(), path.decode().removeprefix(ACCOUNT), json.loads(body) if body else None)
        )
        told = json.dumps(answers[asked[-1][1]]).encode()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(told) + told)

    running = serve(script)
    here = f"127.0.0.1:{running.port}"
    for name in ("idp", "asyncMessagingEnt"):
        answers[LOOKUP.format(name)] = {"service": name, "account": "12345678", "baseURI": here}
    running.asked, running.answers = asked, answers
    running.base = RestAddress(secure=False, netloc=here)
    return running


@pytest.mark.parametrize(
    ("way", "answers", "asked"),
    [
        pytest.param(
            SignUp(), {"/signup": {"jwt": "t"}}, [("POST", "/signup", None)], id="sign-up",
        ),
        pytest.param(
            Anonymous("c-1"),
            {"/anonymous/authorize": {"token": "outer"}, "/app/c-1/authenticate?v=3.0": {"token": "t"}},
            [
                ("POST", "/anonymous/authorize", None),
                ("POST", "/app/c-1/authenticate?v=3.0", {"id_token": "outer"}),
            ],
            id="anonymous",
        ),
        pytest.param(
            Vouched("brand"),
            {"/authenticate": {"jwt": "t"}},
            [("POST", "/authenticate", {"authCode": "brand"})],
            id="vouched",
        ),
        pytest.param(
            Vouched("brand", "c-1"),
            {"/app/c-1/authenticate?v=3.0": {"token": "t"}},
            [("POST", "/app/c-1/authenticate?v=3.0", {"id_token": "brand"})],
            id="vouched-by-connector",
        ),
    ],
)  # fmt: skip
def test_each_way_asks_as_published(service, clock, way, answers, asked):
    service.answers.update(answers)
    token, url = log_in(service.base, "12345678", way, clock=clock)
    assert token == "t"
    assert url == f"ws://127.0.0.1:{service.port}/ws_api/account/12345678/messaging/consumer?v=3"
    lookups = [("GET", LOOKUP.format(name), None) for name in ("idp", "asyncMessagingEnt")]
    assert service.asked == lookups + asked


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(
            {"baseURIs": [{"service": "swift", "baseURI": "x"}, {"service": "idp", "baseURI": "HERE"}]},
            id="list",
        ),
        pytest.param({"service": "idp", "account": "1", "baseURI": "HERE"}, id="object"),
        pytest.param({"baseURI": "HERE", "baseURIs": "odd"}, id="odd-list"),
    ],
)
def test_a_lookup_is_read_in_either_shape(service, clock, told):
    text = json.dumps(told).replace("HERE", service.base.netloc)
    service.answers |= {LOOKUP.format("idp"): json.loads(text), "/signup": {"jwt": "t"}}
    assert log_in(service.base, "12345678", SignUp(), clock=clock).token == "t"


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"service": "swift", "baseURI": "127.0.0.1"}, id="another-service"),
        pytest.param({"baseURI": 7}, id="a-number"),
        pytest.param({"baseURI": "evil.example"}, id="elsewhere-in-clear-text"),
        pytest.param({"baseURI": "127.0.0.1/x"}, id="with-a-path"),
        pytest.param({"baseURIs": [7, {"service": "idp"}]}, id="odd-list"),
    ],
)
def test_a_lookup_that_names_no_usable_address_ends_it(service, clock, told):
    """Before anything secret was sent."""
    service.answers[LOOKUP.format("idp")] = told
    with pytest.raises(CannotConnect, match="no usable address of idp"):
        log_in(service.base, "12345678", Vouched("brand"), clock=clock)
    assert len(service.asked) == 1


@pytest.mark.parametrize("value", [None, "", 7, "a b", "a\nb", "ü", "x" * 20_000])
def test_what_is_no_token_is_not_taken_for_one(service, clock, value):
    service.answers["/signup"] = {"jwt": value}
    with pytest.raises(CannotConnect, match="holds no jwt"):
        log_in(service.base, "12345678", SignUp(), clock=clock)


@pytest.mark.parametrize(
    ("account", "way", "says"),
    [
        pytest.param("", SignUp(), "ACCOUNT", id="no-account"),
        pytest.param("1/../2", SignUp(), "ACCOUNT", id="path-in-account"),
        pytest.param("1?x", SignUp(), "ACCOUNT", id="query-in-account"),
        pytest.param("..", SignUp(), "ACCOUNT", id="dots"),
        pytest.param("12345678", Anonymous("a/b"), "--connector", id="path-in-connector"),
    ],
)
def test_a_name_that_would_be_a_path_is_refused(service, clock, account, way, says):
    with pytest.raises(BadOption, match=says):
        log_in(service.base, account, way, clock=clock)
    assert all(method == "GET" for method, _, _ in service.asked)


def test_an_encrypted_lookup_leads_to_an_encrypted_socket(serve, clock, certificates, encrypted):
    def script(peer):
        peer.read_request()
        told = json.dumps({"baseURI": f"127.0.0.1:{service.port}", "jwt": "t"}).encode()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(told) + told)

    service = serve(script, encrypted("good"))
    base = rest_address(f"https://localhost:{service.port}", ca_file=certificates / "ca.pem")
    assert log_in(base, "1", SignUp(), clock=clock).url.startswith(f"wss://127.0.0.1:{service.port}/ws_api/")


def test_no_secret_is_in_what_these_things_print():
    assert "brand" not in repr(Vouched("brand"))


def test_tokens_given_out_on_the_way_are_told_before_they_are_shown_to_anybody(service, clock):
    """The connector may quote the outer token when it refuses it."""
    service.answers |= {"/anonymous/authorize": {"token": "outer"}, "/app/c-1/authenticate?v=3.0": {}}
    told = []
    with pytest.raises(CannotConnect):
        log_in(service.base, "12345678", Anonymous("c-1"), clock=clock, know=told.append)
    assert told == ["outer"]
