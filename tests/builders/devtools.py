"""The DevTools of a browser that says what a test gives it to say: a real WebSocket server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from websockets.datastructures import Headers
from websockets.http11 import Response
from websockets.sync.server import ServerConnection, serve

Command = Mapping[str, Any]
Answering = Callable[[ServerConnection, Command], None]


def accept(browser: ServerConnection, command: Command) -> None:
    """Answer a command as a browser without pages does."""
    browser.send(json.dumps({"id": command["id"], "result": {}}))


def accept_and_end(browser: ServerConnection, command: Command) -> None:
    """Answer a command, and end the browser."""
    accept(browser, command)
    browser.close()


def network(name: str, **params: Any) -> str:
    """An event of the domain Network about the one socket of a page."""
    params = {"requestId": "7", "timestamp": 5.0, **params}
    return json.dumps({"sessionId": "S", "method": f"Network.{name}", "params": params})


FRAME_EVENTS = {"send": "webSocketFrameSent", "receive": "webSocketFrameReceived"}


def page_that_talks(messages: Iterable[tuple[str, str]], *, url: str, ends: bool = True) -> Answering:
    """A browser with one page, which opens one socket; these texts are sent and received, then it ends.

    The first of each pair is ``send`` or ``receive``, as in a HAR.
    """

    def answer(browser: ServerConnection, command: Command) -> None:
        accept(browser, command)
        if command["method"] == "Target.setAutoAttach" and "sessionId" not in command:
            target = {"type": "page", "url": "https://shop.example/"}
            params = {"sessionId": "S", "targetInfo": target}
            browser.send(json.dumps({"method": "Target.attachedToTarget", "params": params}))
        if command["method"] != "Runtime.runIfWaitingForDebugger" or command["id"] > 4:
            return
        browser.send(network("webSocketCreated", url=url))
        browser.send(
            network("webSocketWillSendHandshakeRequest", wallTime=1.7e9, request={"headers": {"A": "b"}})
        )
        browser.send(network("webSocketHandshakeResponseReceived", response={"status": 101, "headers": {}}))
        for way, text in messages:
            browser.send(network(FRAME_EVENTS[way], response={"opcode": 1, "payloadData": text}))
        if ends:
            browser.close()

    return answer


@contextmanager
def devtools(answer: Answering = accept, *, version: str | None = None) -> Iterator[str]:
    """A server that gives each command to ``answer``; its ``http://`` address.

    ``version`` is what it answers to ``/json/version``; by default its own address, as a browser does.
    """

    def converse(browser: ServerConnection) -> None:
        for text in browser:
            answer(browser, json.loads(text))

    def look_up(browser: ServerConnection, request: Any) -> Response | None:
        if request.path != "/json/version":
            return None
        port = browser.local_address[1]
        text = version or json.dumps({"webSocketDebuggerUrl": f"ws://127.0.0.1:{port}/devtools/browser/1"})
        headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(text))})
        return Response(HTTPStatus.OK, "OK", headers, text.encode())

    with serve(converse, "127.0.0.1", 0, process_request=look_up) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            serving.join()
