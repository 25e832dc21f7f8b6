"""A server of plain HTTP in a thread: it serves while its block runs, and hands over what went wrong."""

from __future__ import annotations

import http.client
import threading

import pytest

from recorder.runtime.http.messages import HttpResponse
from recorder.runtime.http.server import HttpServer
from recorder.runtime.listener import bind_listener


def asked(port, target):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request("GET", target)
    answer = client.getresponse()
    found = answer.status, answer.read()
    client.close()
    return found


@pytest.fixture
def listening():
    return bind_listener("127.0.0.1", 0)


def test_it_serves_while_its_block_runs(listening):
    port = listening.getsockname()[1]
    with HttpServer(listening, lambda request: HttpResponse(200, (), request.target.encode())):
        assert asked(port, "/a") == (200, b"/a")
        idle = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        idle.connect()
        assert asked(port, "/b") == (200, b"/b")
    assert idle.sock.recv(1) == b""  # nobody is waited for
    idle.close()
    with pytest.raises(ConnectionRefusedError):
        asked(port, "/a")


def test_a_fault_ends_it_and_comes_out_of_its_block(listening):
    port, failed = listening.getsockname()[1], threading.Event()

    def stumble(request):
        raise ZeroDivisionError

    server = HttpServer(listening, stumble, on_failure=failed.set)
    server.__enter__()
    assert asked(port, "/")[0] == 500
    assert failed.wait(30)
    with pytest.raises(ZeroDivisionError):
        server.__exit__(None, None, None)
