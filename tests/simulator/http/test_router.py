"""Who is sent where by the first line, and that nothing of what they said is lost."""

import asyncio

import pytest

from recorder.simulator.http.router import LONGEST_LINE, Porch

TIMEOUT_S = 20


class Side(asyncio.Protocol):
    """Notes what it is given, and closes once it has all of it."""

    def __init__(self, name, whole):
        self.name, self.whole, self.heard, self.lost = name, whole, b"", False

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.heard += data
        if len(self.heard) >= self.whole:
            self.transport.write(self.name)
            self.transport.close()


async def _call(said, patience_s):
    loop = asyncio.get_running_loop()
    whole, met, plain = sum(map(len, said)), [], []

    def plain_side():
        plain.append(Side(b"plain", whole))
        return plain[-1]

    socket_side = Side(b"socket", whole)
    server = await loop.create_server(
        lambda: Porch(socket_side=socket_side, plain_side=plain_side, met=met.append, patience_s=patience_s),
        "127.0.0.1",
        0,
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        for part in said:
            writer.write(part)
            await asyncio.sleep(0)
        who = await asyncio.wait_for(reader.read(), TIMEOUT_S)
    except ConnectionResetError:
        who = b"dropped"
    finally:
        writer.close()
        server.close()
    assert len(met) == 1
    return who, b"".join(side.heard for side in (socket_side, *plain))


def call(*said, patience_s=TIMEOUT_S):
    """Who took it in the end, and all that they were told."""
    return asyncio.run(_call(said, patience_s))


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


@pytest.mark.parametrize(("line", "side"), LINES)
def test_the_first_line_decides(line, side):
    said = line + b"host: h\r\n\r\n\x81\x85"
    assert call(said) == (side, said)


@pytest.mark.parametrize(("line", "side"), LINES)
def test_it_does_not_matter_how_the_line_came(line, side):
    assert call(*(bytes([byte]) for byte in line), b"the rest") == (side, line + b"the rest")


def test_a_line_without_an_end_is_left_to_the_socket():
    said = b"GET /" + b"x" * LONGEST_LINE
    assert call(said) == (b"socket", said)


@pytest.mark.parametrize("said", [b"", b"GET /ws_api"])
def test_who_says_nothing_is_dropped(said):
    who, heard = call(said, patience_s=0.02)
    assert (who, heard) in ((b"dropped", b""), (b"", b""))
