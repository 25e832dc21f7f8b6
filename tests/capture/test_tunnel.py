"""Through a proxy that really forwards: what gets through, what does not, and what is said then."""

from __future__ import annotations

import socket

import pytest
from builders.proxies import LoopbackProxy

from recorder.capture.destination import parse_proxy
from recorder.capture.upload import FileNotStored, put_file
from recorder.errors import CannotConnect

SCHEMES = ("http", "socks5", "socks5h")
SECRET = "s3cret-of-the-proxy"


def greet(peer):
    peer.accept()
    peer.send_text("hello")
    return peer.answer_close()


def through(connect, url, proxy, **options):
    return connect(url, proxy=parse_proxy(proxy), **options)


def refusal(connect, url, proxy, recorded, **options):
    with pytest.raises(CannotConnect) as refused:
        through(connect, url, proxy, token="canary.token", **options)
    assert [end.how for end in recorded.ends] == ["refused"]
    assert recorded.handshakes == []  # nothing went out, the token least of all
    said = f"{refused.value} {refused.value.hint} {recorded.ends}"
    assert SECRET not in said
    assert "canary" not in said
    return refused.value


@pytest.mark.parametrize("in_pieces", [False, True], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_frames_pass(serve, connect, scheme, in_pieces):
    service = serve(greet)
    with LoopbackProxy(scheme, in_pieces=in_pieces) as proxy:
        connection = through(connect, service.url, proxy.url)
        assert connection.receive(None).data == b"hello"
        assert proxy.asked == [f"127.0.0.1:{service.port}"]
        assert proxy.logins == [""]
        connection.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_service_is_verified_behind_a_proxy_as_without_one(serve, connect, certificates, encrypted, scheme):
    service = serve(greet, encrypted("good"))
    with LoopbackProxy(scheme) as proxy:
        connection = through(connect, service.url, proxy.url, ca_file=certificates / "ca.pem")
        assert connection.receive(None).data == b"hello"
        connection.close()
        with pytest.raises(CannotConnect, match="unknown issuer"):
            through(connect, service.url, proxy.url)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_names_are_looked_up_by_the_proxy(serve, connect, scheme):
    service = serve(greet)
    with LoopbackProxy(scheme, to=("127.0.0.1", service.port)) as proxy:
        connection = through(connect, "ws://only.the.proxy.knows.invalid:81/", proxy.url)
        assert connection.receive(None).data == b"hello"
        assert proxy.asked == ["only.the.proxy.knows.invalid:81"]
        connection.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_who_has_the_password_is_let_through(serve, connect, recorded, scheme):
    service = serve(greet)
    with LoopbackProxy(scheme, login=f"anna:{SECRET}:@/") as proxy:
        connection = through(connect, service.url, proxy.url_as(f"anna:{SECRET}%3A%40%2F"))
        assert connection.receive(None).data == b"hello"
        connection.close()
        assert proxy.logins == [f"anna:{SECRET}:@/"]
    assert SECRET.encode() not in service.result()
    assert SECRET not in repr(recorded.records)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_login_that_is_missing_or_wrong_is_told_apart(connect, recorded, scheme):
    with LoopbackProxy(scheme, login=f"anna:{SECRET}") as proxy:
        missing = refusal(connect, "ws://127.0.0.1:1/", proxy.url, recorded)
        recorded.calls.clear()
        wrong = refusal(connect, "ws://127.0.0.1:1/", proxy.url_as(f"anna:{SECRET}x"), recorded)
    assert "wants a login" in str(missing)
    assert "refuses the login" in str(wrong)


@pytest.mark.parametrize(
    ("scheme", "code", "words"),
    [
        ("http", 403, "answered 403 Forbidden"),
        ("http", 502, "answered 502 Bad Gateway"),
        ("http", 799, "answered 799"),
        ("socks5", 2, "its rules do not allow it"),
        ("socks5", 5, "nothing listens there"),
    ],
)
def test_a_refusal_is_told_in_words_of_ours(connect, recorded, scheme, code, words):
    with LoopbackProxy(scheme, refuse_with=code) as proxy:
        error = refusal(connect, "ws://127.0.0.1:1/", proxy.url, recorded)
    assert words in str(error)
    assert proxy.url in str(error)
    assert "Said so" not in str(error)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="hangs up"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 2", id="breaks off"),
        pytest.param(b"\x05\x63", id="another method"),
        pytest.param(b"\x05\x00\x05", id="half a reply"),
        pytest.param(b"\xff" * 70_000, id="endless"),
    ],
)
def test_what_is_no_proxy_is_told(connect, recorded, scheme, answer):
    with LoopbackProxy(scheme, answer=answer) as proxy:
        error = refusal(connect, "ws://127.0.0.1:1/", proxy.url, recorded)
    assert f"its proxy {proxy.url} broke off, or is no such proxy" in str(error)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_proxy_that_does_not_answer_is_given_up(connect, recorded, scheme):
    with LoopbackProxy(scheme, silent=True) as proxy:
        error = refusal(connect, "ws://127.0.0.1:1/", proxy.url, recorded, connect_timeout_s=0.2)
    assert "did not connect within 0.2 s" in str(error)


def test_a_proxy_that_is_not_there_is_named(connect, recorded):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = refusal(connect, "ws://127.0.0.1:1/", f"socks5://u:{SECRET}@127.0.0.1:{port}", recorded)
    assert f"its proxy socks5://127.0.0.1:{port}: nothing listens there" in str(error)
    recorded.calls.clear()
    error = refusal(connect, "ws://127.0.0.1:1/", "http://no.such.proxy.invalid:1", recorded)
    assert 'the host name "no.such.proxy.invalid" of its proxy cannot be resolved' in str(error)


def test_what_comes_right_behind_the_answer_is_the_services(serve, connect):
    """Interim answers may be on their way before we ask for anything."""
    service = serve(greet)
    early = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    for scheme in SCHEMES:
        with LoopbackProxy(scheme, glue=early) as proxy:
            connection = through(connect, service.url, proxy.url)
            assert connection.receive(None).data == b"hello"
            connection.close()


def test_files_go_through_it_too():
    with LoopbackProxy("http", refuse_with=403) as proxy, pytest.raises(FileNotStored, match="answered 403"):
        put_file("http://127.0.0.1:1", "/x", b"data", content_type="text/plain", proxy=parse_proxy(proxy.url))
    assert proxy.asked == ["127.0.0.1:1"]
