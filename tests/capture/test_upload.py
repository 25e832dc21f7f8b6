"""A file goes where it was said to go, and nowhere else, whatever a service answers."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from recorder.capture.upload import FileNotStored, check_upload_url, put_file
from recorder.errors import BadOption

TARGET = "/v1/AUTH_async-images/C/x.jpg?temp_url_sig=1&temp_url_expires=2"


@pytest.fixture
def shelf():
    """Answers one request with what it is told to; keeps the request."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(20)
    kept = []

    def serve(answer):
        def run():
            with contextlib.suppress(OSError), listener.accept()[0] as sock:
                request = b""
                while not request.endswith(b"the picture"):
                    request += sock.recv(65536)
                kept.append(request)
                sock.sendall(answer)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    serve.kept = kept
    with listener:
        yield serve


def test_the_uploaded_bytes_arrive_unchanged(shelf):
    base = shelf(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    put_file(base, TARGET, b"the picture", content_type="image/jpeg")
    (request,) = shelf.kept
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(f"PUT {TARGET} HTTP/1.1".encode())
    assert b"Content-Type: image/jpeg" in head
    assert body == b"the picture"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", id="refused"),
        pytest.param(
            b"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            id="sent elsewhere",
        ),
        pytest.param(b"", id="hung up"),
        pytest.param(b"hello\r\n\r\n", id="no HTTP"),
    ],
)
def test_any_status_but_2xx_is_a_failed_upload(shelf, answer):
    with pytest.raises(FileNotStored, match=r"127\.0\.0\.1"):
        put_file(shelf(answer), TARGET, b"the picture", content_type="image/jpeg")


@pytest.mark.parametrize(
    "target", ["//elsewhere/x", "http://elsewhere/x", "/x\r\nHost: y", "/ü", "", "x", "/a b"]
)
def test_a_path_that_names_another_host_is_refused(target):
    with pytest.raises(FileNotStored, match="no request can carry"):
        put_file("http://127.0.0.1:1", target, b"", content_type="image/jpeg")


def test_an_unreachable_upload_service_is_named_in_the_error():
    with pytest.raises(FileNotStored, match=r"127\.0\.0\.1:1 did not take it"):
        put_file("http://127.0.0.1:1", "/x", b"", content_type="image/jpeg")


@pytest.mark.parametrize(
    "url", ["ftp://x", "https://", "https://a:b@x", "x", "https://x:0", "https://x y", "http://[::1"]
)
def test_an_unusable_upload_url_is_refused_before_connecting(url):
    with pytest.raises(BadOption, match="upload_url"):
        check_upload_url(url)


def test_an_upload_response_that_trickles_times_out(shelf, monkeypatch):
    """Each crumb comes in time, and the whole would take days."""
    monkeypatch.setattr("recorder.capture.upload.TIMEOUT_S", 0.3)
    listener = socket.create_server(("127.0.0.1", 0))

    def crumble():
        with contextlib.suppress(OSError), listener.accept()[0] as sock:
            sock.settimeout(0.02)
            while True:
                with contextlib.suppress(TimeoutError):
                    sock.recv(65536)
                sock.sendall(b"H")

    with listener:
        threading.Thread(target=crumble, daemon=True).start()
        with pytest.raises(FileNotStored, match="did not take it"):
            put_file(f"http://127.0.0.1:{listener.getsockname()[1]}", "/x", b"x", content_type="image/jpeg")


def test_endless_interim_responses_fail_the_upload(shelf):
    base = shelf(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
    with pytest.raises(FileNotStored, match="interim responses"):
        put_file(base, TARGET, b"the picture", content_type="image/jpeg")
