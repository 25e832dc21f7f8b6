"""Where a server of ours listens."""

import ssl
import subprocess

import pytest

from recorder.errors import BadOption
from recorder.runtime.listener import bind_listener, parse_listen_address, tls_context


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [
        pytest.param("127.0.0.1:8765", "127.0.0.1", 8765, id="address"),
        pytest.param("localhost:0", "127.0.0.1", 0, id="name"),
        pytest.param("[::1]:8765", "::1", 8765, id="address-6"),
        pytest.param(":8765", "127.0.0.1", 8765, id="port-with-colon"),
        pytest.param("8765", "127.0.0.1", 8765, id="port"),
        pytest.param("127.0.0.2:1", "127.0.0.2", 1, id="other-loopback"),
    ],
)
def test_a_local_address_is_read(listen, host, port):
    assert parse_listen_address(listen) == (host, port)


@pytest.mark.parametrize(
    "listen",
    ["", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:\u0661", "localhost:http"],
)
def test_an_address_without_a_port_is_refused(listen):
    with pytest.raises(BadOption, match="has no port"):
        parse_listen_address(listen)


@pytest.mark.parametrize("listen", ["0.0.0.0:8765", "[::]:8765", "192.168.0.7:8765", "example.org:8765"])
def test_an_address_that_others_reach_is_refused(listen):
    """Nobody else may read what a developer tries out."""
    with pytest.raises(BadOption, match="this machine only"):
        parse_listen_address(listen)


@pytest.mark.parametrize(
    ("listen", "host"),
    [("0.0.0.0:1", "0.0.0.0"), ("[::]:1", "::"), ("192.168.0.7:1", "192.168.0.7"), ("1", "127.0.0.1")],
)
def test_any_address_is_taken_where_others_may_connect(listen, host):
    assert parse_listen_address(listen, allow_remote=True) == (host, 1)
    with pytest.raises(BadOption, match="is no IP address"):
        parse_listen_address("example.org:1", allow_remote=True)


def test_a_taken_port_is_named():
    with bind_listener("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadOption, match=f"127.0.0.1 port {port}: address already in use"):
            bind_listener("127.0.0.1", port)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A folder with two certificates and their keys, and a third key that asks for a pass phrase."""
    folder = tmp_path_factory.mktemp("certificates")
    for name, phrase in (("one", ["-nodes"]), ("other", ["-nodes"]), ("locked", ["-passout", "pass:x"])):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", *phrase,
             "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2", "-subj", "/CN=localhost"],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
    return folder


def test_a_certificate_and_its_key_encrypt(certificates):
    context = tls_context(certificates / "one.pem", certificates / "one.key")
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("certificate", "key", "reason"),
    [
        pytest.param("one.pem", "other.key", "no certificate and its key", id="of-another"),
        pytest.param("one.key", "one.pem", "no certificate and its key", id="the-wrong-way-round"),
        pytest.param("locked.pem", "locked.key", "without a pass phrase", id="locked"),
        pytest.param("nowhere.pem", "one.key", "cannot read", id="no-file"),
        pytest.param(".", "one.key", "no certificate|cannot read", id="a-folder"),
    ],
)
def test_what_cannot_encrypt_is_refused(certificates, certificate, key, reason):
    with pytest.raises(BadOption, match=reason):
        tls_context(certificates / certificate, certificates / key)
