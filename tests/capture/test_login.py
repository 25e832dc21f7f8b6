"""The published ways to a token, against a service that notes what it is asked."""

from __future__ import annotations

import json

import pytest

from recorder.capture.login import LoginMethod, request_token
from recorder.capture.rest_address import RestAddress, parse_rest_address
from recorder.errors import BadOption, CannotConnect

ACCOUNT = "/api/account/12345678"
LOOKUP = "/service/{}/baseURI.json?version=1.0"


@pytest.fixture
def service(serve):
    """Answers by path; what it was asked is in ``asked``."""
    asked, answers = [], {}

    def script(peer):
        sent = peer.sock.recv(65536)
        head, _, body = sent.partition(b"\r\n\r\n")
        method, path = head.split(b" ")[:2]
        asked.append(
            (method.decode(), path.decode().removeprefix(ACCOUNT), json.loads(body) if body else None)
        )
        answer = json.dumps(answers[asked[-1][1]]).encode()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer)

    running = serve(script)
    here = f"127.0.0.1:{running.port}"
    for name in ("idp", "asyncMessagingEnt"):
        answers[LOOKUP.format(name)] = {"service": name, "account": "12345678", "baseURI": here}
    running.asked, running.answers = asked, answers
    running.base = RestAddress(scheme="http", netloc=here)
    return running


@pytest.mark.parametrize(
    ("method", "answers", "asked"),
    [
        pytest.param(
            LoginMethod(), {"/signup": {"jwt": "t"}}, [("POST", "/signup", None)], id="sign-up",
        ),
        pytest.param(
            LoginMethod(anonymous=True, connector="c-1"),
            {"/anonymous/authorize": {"token": "outer"}, "/app/c-1/authenticate?v=3.0": {"token": "t"}},
            [
                ("POST", "/anonymous/authorize", None),
                ("POST", "/app/c-1/authenticate?v=3.0", {"id_token": "outer"}),
            ],
            id="anonymous",
        ),
        pytest.param(
            LoginMethod(code="brand"),
            {"/authenticate": {"jwt": "t"}},
            [("POST", "/authenticate", {"authCode": "brand"})],
            id="vouched",
        ),
        pytest.param(
            LoginMethod(code="brand", connector="c-1"),
            {"/app/c-1/authenticate?v=3.0": {"token": "t"}},
            [("POST", "/app/c-1/authenticate?v=3.0", {"id_token": "brand"})],
            id="vouched-by-connector",
        ),
    ],
)  # fmt: skip
def test_each_login_method_sends_the_documented_requests(service, clock, method, answers, asked):
    service.answers.update(answers)
    token, url = request_token(service.base, "12345678", method, clock=clock)
    assert token == "t"
    assert url == f"ws://127.0.0.1:{service.port}/ws_api/account/12345678/messaging/consumer?v=3"
    lookups = [("GET", LOOKUP.format(name), None) for name in ("idp", "asyncMessagingEnt")]
    assert service.asked == lookups + asked


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            {"baseURIs": [{"service": "swift", "baseURI": "x"}, {"service": "idp", "baseURI": "HERE"}]},
            id="list",
        ),
        pytest.param({"service": "idp", "account": "1", "baseURI": "HERE"}, id="object"),
        pytest.param({"baseURI": "HERE", "baseURIs": "odd"}, id="odd-list"),
    ],
)
def test_a_lookup_is_read_in_either_shape(service, clock, answer):
    text = json.dumps(answer).replace("HERE", service.base.netloc)
    service.answers |= {LOOKUP.format("idp"): json.loads(text), "/signup": {"jwt": "t"}}
    assert request_token(service.base, "12345678", LoginMethod(), clock=clock)[0] == "t"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"service": "swift", "baseURI": "127.0.0.1"}, id="another-service"),
        pytest.param({"baseURI": 7}, id="a-number"),
        pytest.param({"baseURI": "evil.example"}, id="elsewhere-in-clear-text"),
        pytest.param({"baseURI": "127.0.0.1/x"}, id="with-a-path"),
        pytest.param({"baseURIs": [7, {"service": "idp"}]}, id="odd-list"),
    ],
)
def test_a_lookup_that_names_no_usable_address_ends_it(service, clock, answer):
    """Before anything secret was sent."""
    service.answers[LOOKUP.format("idp")] = answer
    with pytest.raises(CannotConnect, match="no usable address of idp"):
        request_token(service.base, "12345678", LoginMethod(code="brand"), clock=clock)
    assert len(service.asked) == 1


@pytest.mark.parametrize("value", [None, "", 7, "a b", "a\nb", "ü", "x" * 20_000])
def test_an_answer_without_a_usable_token_is_an_error(service, clock, value):
    service.answers["/signup"] = {"jwt": value}
    with pytest.raises(CannotConnect, match="holds no jwt"):
        request_token(service.base, "12345678", LoginMethod(), clock=clock)


@pytest.mark.parametrize(
    ("account", "method", "problem"),
    [
        pytest.param("", LoginMethod(), "ACCOUNT", id="no-account"),
        pytest.param("1/../2", LoginMethod(), "ACCOUNT", id="path-in-account"),
        pytest.param("1?x", LoginMethod(), "ACCOUNT", id="query-in-account"),
        pytest.param("..", LoginMethod(), "ACCOUNT", id="dots"),
        pytest.param(
            "12345678", LoginMethod(anonymous=True, connector="a/b"), "--connector", id="path-in-connector"
        ),
    ],
)
def test_a_name_that_would_be_a_path_is_refused(service, clock, account, method, problem):
    with pytest.raises(BadOption, match=problem):
        request_token(service.base, account, method, clock=clock)
    assert all(method == "GET" for method, _, _ in service.asked)


def test_an_encrypted_lookup_leads_to_an_encrypted_socket(serve, clock, certificates, encrypted):
    def script(peer):
        peer.read_request()
        answer = json.dumps({"baseURI": f"127.0.0.1:{service.port}", "jwt": "t"}).encode()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer)

    service = serve(script, encrypted("good"))
    base = parse_rest_address(f"https://localhost:{service.port}", ca_file=certificates / "ca.pem")
    assert request_token(base, "1", LoginMethod(), clock=clock)[1].startswith(
        f"wss://127.0.0.1:{service.port}/ws_api/"
    )


def test_no_secret_is_in_a_repr():
    assert "brand" not in repr(LoginMethod(code="brand"))


def test_on_token_gets_intermediate_tokens_even_if_login_fails(service, clock):
    """The connector may quote the outer token when it refuses it."""
    service.answers |= {"/anonymous/authorize": {"token": "outer"}, "/app/c-1/authenticate?v=3.0": {}}
    answer = []
    with pytest.raises(CannotConnect):
        request_token(
            service.base,
            "12345678",
            LoginMethod(anonymous=True, connector="c-1"),
            clock=clock,
            on_token=answer.append,
        )
    assert answer == ["outer"]
