"""The first line decides between WebSocket and HTTP, and no byte is lost."""

import asyncio

import pytest

from recorder.simulator.http.router import MAX_FIRST_LINE, Router

TIMEOUT_S = 20


class RecordingProtocol(asyncio.Protocol):
    """Notes what it is given, and closes once it has all of it."""

    def __init__(self, name, whole):
        self.name, self.whole, self.received, self.lost = name, whole, b"", False

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        if len(self.received) >= self.whole:
            self.transport.write(self.name)
            self.transport.close()


async def _call(sent, timeout_s):
    loop = asyncio.get_running_loop()
    whole, transports, http = sum(map(len, sent)), [], []

    def http_protocol():
        http.append(RecordingProtocol(b"plain", whole))
        return http[-1]

    websocket = RecordingProtocol(b"socket", whole)
    server = await loop.create_server(
        lambda: Router(
            websocket=websocket, http=http_protocol, on_transport=transports.append, timeout_s=timeout_s
        ),
        "127.0.0.1",
        0,
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        for part in sent:
            writer.write(part)
            await asyncio.sleep(0)
        name = await asyncio.wait_for(reader.read(), TIMEOUT_S)
    except ConnectionResetError:
        name = b"dropped"
    finally:
        writer.close()
        server.close()
    assert len(transports) == 1
    return name, b"".join(each.received for each in (websocket, *http))


def call(*sent, timeout_s=TIMEOUT_S):
    """Who took it in the end, and all that they were told."""
    return asyncio.run(_call(sent, timeout_s))


LINES = [
    pytest.param(b"GET /ws_api/account/1/messaging/consumer?v=3 HTTP/1.1\r\n", b"socket", id="websocket"),
    pytest.param(b"GET / HTTP/1.1\r\n", b"socket", id="root"),
    pytest.param(b"GET /apix HTTP/1.1\r\n", b"socket", id="nearly-rest"),
    pytest.param(b"\xff\xff\n", b"socket", id="nonsense"),
    pytest.param(b"\n", b"socket", id="empty"),
    pytest.param(b"GET /api/account/1/service/idp/baseURI.json HTTP/1.1\r\n", b"plain", id="lookup"),
    pytest.param(b"GET /csdr/account/1 HTTP/1.1\r\n", b"plain", id="old-lookup"),
    pytest.param(b"GET /v1/AUTH_async-images/1 HTTP/1.1\r\n", b"plain", id="file"),
    pytest.param(b"POST /api/account/1/signup HTTP/1.1\r\n", b"plain", id="post"),
    pytest.param(b"OPTIONS * HTTP/1.1\r\n", b"plain", id="options"),
    pytest.param(b"POST /ws_api/account/1 HTTP/1.1\r\n", b"plain", id="post-to-the-socket"),
]


@pytest.mark.parametrize(("line", "protocol"), LINES)
def test_the_first_line_decides(line, protocol):
    sent = line + b"host: h\r\n\r\n\x81\x85"
    assert call(sent) == (protocol, sent)


@pytest.mark.parametrize(("line", "protocol"), LINES)
def test_the_first_line_may_arrive_byte_by_byte(line, protocol):
    assert call(*(bytes([byte]) for byte in line), b"the rest") == (protocol, line + b"the rest")


def test_a_first_line_over_the_limit_goes_to_the_websocket_server():
    sent = b"GET /" + b"x" * MAX_FIRST_LINE
    assert call(sent) == (b"socket", sent)


@pytest.mark.parametrize("sent", [b"", b"GET /ws_api"])
def test_a_connection_without_a_first_line_is_dropped(sent):
    name, received = call(sent, timeout_s=0.02)
    assert (name, received) in ((b"dropped", b""), (b"", b""))
