"""The certificate authority that is kept in a folder."""

import ssl
import stat

import pytest

from recorder.capture.proxy.certificates import authority_context
from recorder.errors import BadOption


def handshake(context, ca_file, name):
    """Let a client that trusts the authority shake hands with a server of this context; no sockets."""
    client_context = ssl.create_default_context(cafile=str(ca_file))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    while waiting:
        for each in list(waiting):
            try:
                each.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(each)
    return client.getpeercert()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "va.msg.liveperson.net", "192.168.0.7"])
def test_who_trusts_the_authority_trusts_every_address_of_ours(tmp_path, name):
    context = authority_context(tmp_path / "ca", ["va.msg.liveperson.net", "192.168.0.7", "0.0.0.0"])
    assert handshake(context, tmp_path / "ca" / "ca.pem", name)


def test_another_name_is_not_vouched_for(tmp_path):
    context = authority_context(tmp_path, [])
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(context, tmp_path / "ca.pem", "va.msg.liveperson.net")


def test_the_authority_is_kept_and_its_key_is_for_its_owner_alone(tmp_path):
    authority_context(tmp_path / "deep" / "ca", [])
    key, pem = tmp_path / "deep" / "ca" / "ca.key", tmp_path / "deep" / "ca" / "ca.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes(), pem.read_bytes()
    context = authority_context(tmp_path / "deep" / "ca", [])
    assert (key.read_bytes(), pem.read_bytes()) == before
    assert handshake(context, pem, "localhost")


def test_a_key_that_others_can_read_is_refused(tmp_path):
    authority_context(tmp_path, [])
    (tmp_path / "ca.key").chmod(0o644)
    with pytest.raises(BadOption, match=r"others can read .*ca\.key"):
        authority_context(tmp_path, [])


@pytest.mark.parametrize("file", ["ca.pem", "ca.key"])
@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_half_an_authority_is_refused_and_left_alone(tmp_path, file, content):
    authority_context(tmp_path, [])
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(BadOption, match="--tls-ca"):
        authority_context(tmp_path, [])
    assert (tmp_path / file).exists() is (content is not None)


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadOption, match="--tls-ca: cannot use"):
        authority_context(tmp_path / "file", [])
