"""One question to a REST address: what comes back, and what is sent when nothing useful does."""

from __future__ import annotations

import contextlib
import json

import pytest

from recorder.capture import rest as rest_module
from recorder.capture.rest import request_json
from recorder.capture.rest_address import RestAddress
from recorder.errors import CannotConnect


def answer(status="200 OK", body=b'{"jwt":"a.b.c"}', *, headers=""):
    def script(peer):
        head = peer.read_request()
        peer.send(f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n".encode() + body)
        return head

    return script


def address_of(service, **options):
    return RestAddress(
        scheme="https" if service.scheme == "wss" else "http", netloc=f"127.0.0.1:{service.port}", **options
    )


def refusal(address, clock, *, method="POST", path="/signup", body=None, timeout_s=20.0):
    with pytest.raises(CannotConnect) as refused:
        request_json(address, method, path, body, clock=clock, timeout_s=timeout_s)
    assert refused.value.exit_code == 4
    return refused.value


@pytest.mark.parametrize("status", ["200 OK", "201 Created"])
def test_a_json_object_is_returned(serve, clock, status):
    service = serve(answer(status))
    assert request_json(address_of(service), "POST", "/signup?v=1", clock=clock) == {"jwt": "a.b.c"}
    head = service.result().lower()
    assert head.startswith(b"post /signup?v=1 http/1.1\r\n")
    assert f"host: 127.0.0.1:{service.port}\r\n".encode() in head
    assert b"content-length: 0\r\n" in head


def test_a_body_goes_out_as_json(serve, clock):
    def script(peer):
        sent = b""
        while b"}" not in sent:
            sent += peer.sock.recv(4096)
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        return sent

    service = serve(script)
    request_json(address_of(service), "POST", "/x", {"authCode": "é"}, clock=clock)
    head, _, body = service.result().partition(b"\r\n\r\n")
    assert json.loads(body) == {"authCode": "é"}
    assert f"content-length: {len(body)}".encode() in head.lower()
    assert b"content-type: application/json" in head.lower()


def test_a_response_in_small_chunks_is_joined(serve, clock):
    def script(peer):
        peer.read_request()
        text = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        for byte in text + b'5\r\n{"a":\r\n3\r\n 7}\r\n0\r\n\r\n':
            peer.send(bytes([byte]))

    assert request_json(address_of(serve(script)), "GET", "/", clock=clock) == {"a": 7}


def test_an_answer_may_end_with_the_connection(serve, clock):
    def script(peer):
        peer.read_request()
        peer.send(b'HTTP/1.0 200 OK\r\n\r\n{"a":1}')

    assert request_json(address_of(serve(script)), "GET", "/", clock=clock) == {"a": 1}


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        pytest.param("401 Unauthorized", b"", "POST /signup was answered 401 Unauthorized", id="401"),
        pytest.param(
            "403 Forbidden",
            b'{"message":"not here"}',
            "was answered 403 Forbidden: not here",
            id="with-words",
        ),
        pytest.param("403 No", b'{"error":"one\\u001b[31m"}', "403 Forbidden: one [31m", id="with-escapes"),
        pytest.param("299 Odd", b"{}", "was answered 299", id="unknown-status"),
        pytest.param("500 Oops", b"<html>", "was answered 500 Internal Server Error", id="html"),
        pytest.param("200 OK", b"[]", "was answered with no JSON object", id="a-list"),
        pytest.param("200 OK", b'{"a":', "was answered with no JSON object", id="half-an-object"),
        pytest.param("200 OK", b"", "was answered with no JSON object", id="nothing"),
    ],
)
def test_an_unusable_response_is_named_in_the_error(serve, clock, status, body, problem):
    refused = refusal(address_of(serve(answer(status, body))), clock, path="/signup?secret=1")
    assert problem in str(refused)
    assert "secret" not in str(refused)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(serve, clock, status):
    """What was sent may be a secret; it belongs to one place."""
    elsewhere = serve(answer())
    location = f"location: http://127.0.0.1:{elsewhere.port}/\r\n"
    refused = refusal(address_of(serve(answer(status, headers=location))), clock, body={"authCode": "s"})
    assert "--base" in refused.hint
    assert elsewhere.connections == 0


def test_an_answer_has_a_limit(serve, clock, monkeypatch):
    monkeypatch.setattr(rest_module, "MAX_RESPONSE", 100)
    assert request_json(address_of(serve(answer(body=b" " * 98 + b"{}"))), "GET", "/", clock=clock) == {}
    assert "longer" in str(refusal(address_of(serve(answer(body=b" " * 99 + b"{}"))), clock))


def test_a_slow_response_times_out_however_it_trickles(serve, clock):
    def script(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\n")
        try:
            while True:
                peer.send(b"x-drip: 1\r\n")
                clock.sleep_until(clock.now_s() + 0.01)
        except OSError:
            pass

    assert "in time" in str(refusal(address_of(serve(script)), clock, timeout_s=0.2))


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        pytest.param(b"", "broke off", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nconte", "broke off", id="half-a-head"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", "broke off", id="half-a-body"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "does not answer with HTTP", id="ssh"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "does not answer with HTTP", id="switch"),
    ],
)
def test_a_broken_or_non_http_response_is_named_in_the_error(serve, clock, sent, problem):
    def script(peer):
        peer.read_request()
        peer.send(sent)

    assert problem in str(refusal(address_of(serve(script)), clock))


def test_a_refused_connection_is_named_in_the_error(serve, clock):
    service = serve(answer())
    service.stop()
    assert "nothing listens there" in str(refusal(address_of(service), clock))


def test_the_certificate_is_checked(serve, clock, certificates, encrypted):
    trusted = certificates / "ca.pem"
    good, other = serve(answer(), encrypted("good")), serve(answer(), encrypted("other"))
    assert request_json(address_of(good, ca_file=trusted), "GET", "/", clock=clock)
    assert "unknown issuer" in str(refusal(address_of(good), clock))
    assert "another address" in str(refusal(address_of(other, ca_file=trusted), clock))


@pytest.mark.parametrize(
    ("remark", "shown"),
    [
        pytest.param("x" * 200, "x" * 200, id="just fits"),
        pytest.param("word " * 39 + "s3cr3t-s3cr3t", "word " * 38 + "word …", id="cut before a word"),
        pytest.param("s" * 201, "…", id="one long word"),
    ],
)
def test_the_service_text_is_never_cut_inside_a_word(serve, clock, remark, shown):
    """Half a secret is not recognised as one by whoever blanks them."""
    service = serve(answer("401 No", json.dumps({"message": remark}).encode()))
    assert refusal(address_of(service), clock).problem.endswith(f"401 Unauthorized: {shown}")


def test_endless_interim_responses_are_an_error(serve, clock):
    def script(peer):
        peer.read_request()
        with contextlib.suppress(OSError):
            while True:
                peer.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    assert "interim responses" in refusal(address_of(serve(script)), clock).problem
