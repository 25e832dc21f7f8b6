"""Names, TCP and TLS: who gets through, and what the others are told."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading

import pytest

from recorder.capture.destination import ClientCertificate
from recorder.errors import BadOption, CannotConnect
from recorder.wire.frames import Opcode, encode


def greet(peer):
    peer.accept()
    peer.send_text("hello")
    peer.remaining_frames()


def refusal(connect, url, recorded, **options):
    """The error of a connection that must not come about, and whether its end was recorded."""
    with pytest.raises(CannotConnect) as refused:
        connect(url, connect_timeout_s=10.0, **options)
    assert refused.value.exit_code == 4
    assert [end.how for end in recorded.ends] == ["refused"]
    assert recorded.ends[0].detail == refused.value.problem
    assert len(recorded.opened) == 1
    return refused.value


def test_a_trusted_certificate_lets_frames_through(serve, connect, certificates, encrypted):
    service = serve(greet, encrypted("good"))
    connection = connect(service.url, ca_file=certificates / "ca.pem")
    assert connection.receive(None).data == b"hello"


def test_an_encrypted_burst_is_whole_and_goes_back_out(serve, connect, certificates, encrypted, recorded):
    """TLS hands out at most 16 KiB at a time, and select() does not see what it holds back."""
    burst = [b"%d" % number + b"x" * 300 for number in range(1000)]

    def script(peer):
        peer.accept()
        peer.send(b"".join(encode(Opcode.TEXT, text) for text in burst))
        back = peer.next_frame()
        peer.close_frame(1000)
        peer.remaining_frames()
        return len(back.payload)

    service = serve(script, encrypted("good"))
    connection = connect(service.url, ca_file=certificates / "ca.pem")
    assert [connection.receive(None).data for _ in burst] == burst
    connection.send_frame(Opcode.BINARY, bytes(3_000_000))
    assert connection.receive(None) is None
    assert service.result() == 3_000_000
    assert connection.closed.how == "closed"


@pytest.mark.parametrize(
    ("certificate", "trusted", "problem"),
    [
        pytest.param("good", False, "unknown issuer", id="unknown-issuer"),
        pytest.param("other", True, "another address", id="wrong-host"),
        pytest.param("old", True, "expired", id="expired"),
    ],
)
def test_an_untrusted_certificate_is_refused(
    serve, connect, certificates, encrypted, recorded, certificate, trusted, problem
):
    def script(peer):
        peer.read_request()

    service = serve(script, encrypted(certificate))
    ca_file = certificates / "ca.pem" if trusted else None
    assert problem in refusal(connect, service.url, recorded, ca_file=ca_file, token="canary.token").problem
    assert recorded.handshakes == []  # nothing went out, the token least of all
    with pytest.raises(ssl.SSLError):
        service.result()


def test_a_self_signed_certificate_is_refused(serve, connect, certificates, recorded):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "ca.pem", certificates / "ca.key")
    service = serve(lambda peer: None, context)
    assert "self-signed" in refusal(connect, service.url, recorded).problem


def test_insecure_tls_takes_any_certificate(serve, connect, certificates, encrypted):
    connection = connect(serve(greet, encrypted("good")).url, insecure_tls=True)
    assert connection.receive(None).data == b"hello"


def test_a_service_that_asks_who_connects_is_shown_a_certificate(serve, connect, certificates, encrypted):
    context = encrypted("good")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificates / "ca.pem")
    mine = ClientCertificate(certificate=certificates / "other.pem", key=certificates / "other.key")
    connection = connect(serve(greet, context).url, ca_file=certificates / "ca.pem", client_certificate=mine)
    assert connection.receive(None).data == b"hello"


@pytest.mark.parametrize(
    ("certificate", "passphrase", "says"),
    [
        ("other.pem", "right", "certificate and key .* do not belong together"),
        ("good.pem", "wrong", "the passphrase is not that of the key"),
        ("good.pem", None, "they are no certificate and its key, in PEM and without a passphrase"),
        ("none.pem", "right", r"they cannot be read \(No such file"),
    ],
)
def test_a_client_certificate_that_cannot_be_used_is_one_sentence(
    connect, certificates, tmp_path, certificate, passphrase, says
):
    locked = tmp_path / "locked.key"
    command = ["openssl", "ec", "-in", certificates / "good.key", "-out", locked, "-aes128"]
    subprocess.run([*command, "-passout", "pass:right"], check=True, capture_output=True)
    mine = ClientCertificate(certificate=certificates / certificate, key=locked, passphrase=passphrase)
    with pytest.raises(BadOption, match=says):
        connect("wss://127.0.0.1:1/", client_certificate=mine)


def test_old_tls_is_refused(serve, connect, certificates, encrypted, recorded):
    context = encrypted("good")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.deprecated_call():
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    service = serve(lambda peer: None, context)
    refusal(connect, service.url, recorded, ca_file=certificates / "ca.pem")


def test_wss_to_a_plain_service_says_so(serve, connect, recorded):
    service = serve(lambda peer: (peer.sock.recv(65536), peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")))
    error = refusal(connect, f"wss://127.0.0.1:{service.port}/", recorded)
    assert error.problem == "it does not speak TLS"
    assert "ws://" in error.hint


def test_nobody_listening_says_so(connect, recorded):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert refusal(connect, f"ws://127.0.0.1:{port}/", recorded).problem == "nothing listens there"


def test_a_name_that_does_not_resolve_says_so(connect, recorded):
    error = refusal(connect, "ws://nobody.invalid/", recorded)
    assert 'the host name "nobody.invalid" cannot be resolved' in error.problem


def test_a_service_that_does_not_finish_the_tls_handshake_is_given_up(serve, connect, recorded):
    done = threading.Event()
    service = serve(lambda peer: done.wait(20))
    with pytest.raises(CannotConnect) as refused:
        connect(f"wss://127.0.0.1:{service.port}/", connect_timeout_s=0.1)
    done.set()
    assert "within 0.1 s" in refused.value.problem


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_unusable_ca_file_is_a_bad_option(connect, tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadOption, match="--ca-file"):
        connect("wss://127.0.0.1:1/", ca_file=path)


def test_the_key_log_of_the_environment_is_not_written(
    serve, connect, certificates, encrypted, monkeypatch, tmp_path
):
    """Whoever reads such a file can read the token off the wire."""
    log = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    connection = connect(serve(greet, encrypted("good")).url, ca_file=certificates / "ca.pem")
    assert connection.receive(None).data == b"hello"
    assert not log.exists() or "SECRET" not in log.read_text()


def test_proxies_of_the_environment_are_not_used(serve, connect, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:1/")
    assert connect(serve(greet).url).receive(None).data == b"hello"


def test_a_dead_peer_is_noticed_by_the_kernel_too(serve, connect):
    connection = connect(serve(greet).url)
    sock = connection._tap._sock
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 25_000
