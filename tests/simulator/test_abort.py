"""The end of a transport in the middle of things."""

import asyncio
import socket

import pytest

from recorder.simulator.abort import break_off

BIG = b"x" * 3_000_000


class Side(asyncio.Protocol):
    """The service's side: breaks off as soon as it is connected or hears something."""

    def __init__(self, lost, *, at_once=True, patience_s=30.0):
        self.lost = lost
        self.at_once = at_once
        self.patience_s = patience_s

    def connection_made(self, transport):
        self.transport = transport
        if self.at_once:
            break_off(transport, BIG, patience_s=self.patience_s)

    def data_received(self, data):
        break_off(self.transport, b"end", patience_s=self.patience_s)
        break_off(self.transport, b"no more", patience_s=self.patience_s)

    def connection_lost(self, problem):
        self.lost.set_result(problem)


async def visited(talk, **options):
    loop = asyncio.get_running_loop()
    lost = loop.create_future()
    server = await loop.create_server(lambda: Side(lost, **options), "127.0.0.1", 0)
    async with server:
        got = await asyncio.to_thread(talk, server.sockets[0].getsockname())
        return got, await asyncio.wait_for(lost, 20)


def read_all(plain):
    got = b""
    while chunk := plain.recv(1 << 16):
        got += chunk
    return got


def test_every_byte_arrives_though_the_client_had_more_to_say():
    def talk(address):
        with socket.create_connection(address, timeout=20) as plain:
            plain.sendall(b"unheard" * 10_000)
            return read_all(plain)

    got, problem = asyncio.run(visited(talk))
    assert (got, problem) == (BIG, None)


def test_breaking_off_twice_ends_it_once():
    def talk(address):
        with socket.create_connection(address, timeout=20) as plain:
            plain.sendall(b"hello")
            return read_all(plain)

    got, problem = asyncio.run(visited(talk, at_once=False))
    assert (got, problem) == (b"end", None)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_client_that_stays_is_dropped_in_the_end(at_once):
    """The side that was there before is told of it."""
    held = []

    def talk(address):
        plain = socket.create_connection(address, timeout=20)
        plain.sendall(b"hello")
        held.append(plain)

    asyncio.run(visited(talk, at_once=at_once, patience_s=0.05))
    held[0].close()
