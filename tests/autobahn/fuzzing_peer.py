"""A fuzzing server or client with the published cases of the Autobahn TestSuite, on ``autobahn`` itself.

Runs in an environment of its own (see ``published_cases``)::

    fuzzing_peer.py server DESCRIPTOR CASE...   a client is tested: it connects to /CASE for each
    fuzzing_peer.py client URL CASE...          a server is tested: it is connected to at URL/CASE for each

DESCRIPTOR is that of a listening socket. Prints one JSON object for each case: the verdicts, and every frame
as it crossed the wire.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import sys
from typing import Any

from autobahn.asyncio.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)
from autobahn.websocket.protocol import WebSocketProtocol
from published_cases import load

LONGEST_CASE_S = 600  # a case gives itself up to 480 s


def as_bytes(payload: str | bytes | None) -> bytes | None:
    return payload.encode("latin-1") if isinstance(payload, str) else payload


def as_text(value: Any) -> Any:
    """Bytes as the cases write them, in lists and tuples too."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return [as_text(each) for each in value] if isinstance(value, list | tuple) else value


class FuzzingPeer:
    """What a case calls on its connection, and what its connection calls on the case."""

    def begin(self, number: str, case: type) -> None:
        self.number, self.frames, self.txFrameStats, self.rxFrameStats = number, [], {}, {}
        self.connectionWasOpen, self.createWirelog = False, True
        self.queued_octets, self.written_octets, self.ends_of_sent = 0, 0, []
        self.runCase = case(self)
        self.runCase.compare = lambda one, other: as_text(one) == as_text(other)
        self.takes_bytes = hasattr(case, "TESTDATA")

    def enableWirelog(self, enable: bool) -> None:
        pass

    def logTxFrame(self, head: Any, payload: Any, repeatLength: int, chopsize: int, sync: bool) -> None:
        self.txFrameStats[head.opcode] = self.txFrameStats.get(head.opcode, 0) + 1
        if payload:  # it is repeated up to the length, which may be 0
            payload = (payload * (head.length // len(payload) + 1))[: head.length]
        self.note("sent", head, payload)

    def logRxFrame(self, head: Any, payload: Any) -> None:
        self.rxFrameStats[head.opcode] = self.rxFrameStats.get(head.opcode, 0) + 1
        self.note("received", head, b"".join(payload) if isinstance(payload, list) else payload)

    def note(self, way: str, head: Any, payload: bytes | None) -> None:
        payload = as_bytes(payload) or b""
        digest = hashlib.sha256(payload).hexdigest()
        self.frames.append([way, head.opcode, bool(head.fin), head.rsv, len(payload), digest])

    def frames_on_the_wire(self) -> list[list[Any]]:
        """Without those of the case that were not yet written, whole, when the connection ended."""
        ends = iter(self.ends_of_sent)
        return [frame for frame in self.frames if frame[0] == "received" or next(ends) <= self.written_octets]

    def logTxOctets(self, data: bytes, sync: bool) -> None:
        self.written_octets += len(data)

    def logRxOctets(self, data: bytes) -> None:
        pass

    # What a case sends

    def sendFrame(self, opcode: int, payload: str | bytes = b"", **how: Any) -> None:
        super().sendFrame(opcode, as_bytes(payload), **how)  # type: ignore[misc]
        self.ends_of_sent.append(self.queued_octets)

    def sendData(self, data: bytes, sync: bool = False, chopsize: int | None = None) -> None:
        self.queued_octets += len(data)
        super().sendData(data, sync, chopsize)  # type: ignore[misc]

    def sendMessage(self, payload: str | bytes, isBinary: bool = False, **how: Any) -> None:
        super().sendMessage(as_bytes(payload), isBinary, **how)  # type: ignore[misc]

    def sendCloseFrame(self, code: int | None = None, reasonUtf8: Any = None, isReply: bool = False) -> None:
        super().sendCloseFrame(code, as_bytes(reasonUtf8), isReply)  # type: ignore[misc]

    def sendMessageFrameData(self, payload: str | bytes, sync: bool = False) -> None:
        super().sendMessageFrameData(as_bytes(payload), sync)  # type: ignore[misc]

    def after(self, delay_s: float, call: Any) -> None:
        def unless_closed() -> None:
            if self.state != WebSocketProtocol.STATE_CLOSED:  # type: ignore[attr-defined]
                call()

        asyncio.get_running_loop().call_later(delay_s, unless_closed)

    def continueLater(self, delay: float, fun: Any, tag: object = None) -> None:
        self.after(delay, fun)

    def killAfter(self, delay: float) -> None:
        self.after(delay, lambda: self.dropConnection(abort=False))  # type: ignore[attr-defined]

    def closeAfter(self, delay: float) -> None:
        self.after(delay, self.sendClose)  # type: ignore[attr-defined]

    # What comes

    def onOpen(self) -> None:
        self.connectionWasOpen = True
        self.runCase.onOpen()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.runCase.onMessage(payload if self.takes_bytes else as_text(payload), isBinary)

    def onPing(self, payload: bytes) -> None:
        self.runCase.onPing(as_text(payload))
        super().onPing(payload)  # type: ignore[misc]

    def onPong(self, payload: bytes) -> None:
        self.runCase.onPong(as_text(payload))

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        case = self.runCase
        case.onClose(wasClean, code, reason)
        case.onConnectionLost(self.failedByMe)  # type: ignore[attr-defined]
        print(
            json.dumps(
                {
                    "case": self.number,
                    "behavior": case.behavior,
                    "behavior_close": case.behaviorClose,
                    "remote_close": self.remoteCloseCode,  # type: ignore[attr-defined]
                    "frames": self.frames_on_the_wire(),
                }
            ),
            flush=True,
        )
        self.factory.finished()  # type: ignore[attr-defined]


class FuzzingServer(FuzzingPeer, WebSocketServerProtocol):
    def onConnect(self, request: Any) -> None:
        number = request.path.rpartition("/")[2]
        case = self.factory.cases[number]
        self.begin(number, case)
        if hasattr(case, "SERVER_ACCEPT"):
            self.perMessageCompressionAccept = self.runCase.SERVER_ACCEPT


class FuzzingClient(FuzzingPeer, WebSocketClientProtocol):
    def connectionMade(self) -> None:
        super().connectionMade()

    def _connectionMade(self) -> None:
        number = self.factory.number
        case = self.factory.cases[number]
        self.begin(number, case)
        self.perMessageCompressionOffers = getattr(case, "CLIENT_OFFERS", [])
        super()._connectionMade()


async def serve(listening: socket.socket, numbers: list[str], cases: dict[str, type]) -> None:
    over = asyncio.Event()
    factory = WebSocketServerFactory(f"ws://127.0.0.1:{listening.getsockname()[1]}")
    factory.protocol, factory.cases, factory.logFrames, factory.logOctets = FuzzingServer, cases, True, True
    factory.setProtocolOptions(failByDrop=False, openHandshakeTimeout=30, closeHandshakeTimeout=10)

    def finished() -> None:
        factory.count += 1
        if factory.count == len(numbers):
            over.set()

    factory.count, factory.finished = 0, finished
    await asyncio.get_running_loop().create_server(factory, sock=listening)
    await over.wait()


async def connect(url: str, numbers: list[str], cases: dict[str, type]) -> None:
    host, _, port = url.partition("://")[2].partition(":")
    for number in numbers:
        over = asyncio.Event()
        factory = WebSocketClientFactory(f"{url}/{number}")
        factory.protocol, factory.cases, factory.number = FuzzingClient, cases, number
        factory.logFrames, factory.logOctets, factory.finished = True, True, over.set
        factory.setProtocolOptions(failByDrop=False, openHandshakeTimeout=30, closeHandshakeTimeout=10)
        await asyncio.get_running_loop().create_connection(factory, host, int(port))
        await asyncio.wait_for(over.wait(), LONGEST_CASE_S)


def main(role: str, where: str, *numbers: str) -> None:
    cases = load()
    chosen = list(cases) if numbers == ("all",) else list(numbers)
    if role == "server":
        asyncio.run(serve(socket.socket(fileno=int(where)), chosen, cases))
    else:
        asyncio.run(connect(where, chosen, cases))


if __name__ == "__main__":
    main(*sys.argv[1:])
